#include "server/store/store.h"

#include "absl/strings/str_cat.h"
#include "core/base/clock.h"
#include "core/base/mutex.h"
#include "core/base/status_macros.h"
#include "server/store/paging.h"
#include "server/store/sqlite_store.h"
#include "server/store/tables.h"

namespace seedbed::store {
namespace {

// Runs a query of one value in a read transaction.
template <typename T, typename Query>
absl::StatusOr<T> ReadOne(const Store& store, Query query) {
  std::optional<T> value;
  SB_RETURN_IF_ERROR(store.Read([&](Reader& reader) {
    SB_ASSIGN_OR_RETURN(value, query(reader));
    return absl::OkStatus();
  }));
  return *std::move(value);
}

// Fills a list response from one row more than the page has, which says whether there is a next page.
template <typename Record, typename Add>
std::string TakePage(Reader::Page<Record> rows, int size, Add add) {
  const bool more = rows.size() > static_cast<size_t>(size);
  if (more) rows.pop_back();
  for (auto& [token, record] : rows) add(std::move(record));
  return more ? MakePageToken(rows.back().first) : "";
}

// Runs `body` unless the same request was answered before; remembers it when it succeeds.
absl::Status Once(Writer& writer, std::string_view scope, std::string_view request_id, const std::string& fingerprint,
                  const std::function<absl::Status()>& body) {
  if (request_id.empty()) return body();
  SB_ASSIGN_OR_RETURN(const auto earlier, writer.FindRequest(scope, request_id));
  if (earlier) {
    if (earlier->fingerprint == fingerprint) return absl::OkStatus();
    return absl::AlreadyExistsError(
        absl::StrCat("request_id '", ToAbsl(request_id), "' was used for another request; use a new one for each"));
  }
  SB_RETURN_IF_ERROR(body());
  const int64_t now = SystemClock().WallMicros();
  return writer.InsertRequest(scope, request_id, RequestRow{fingerprint, 0}, now);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Store>> Store::Open(const std::filesystem::path& database, StoreOptions options) {
  return SqliteStore::Open(database, std::move(options));
}

absl::Status Store::WriteAndWait(Operation operation) {
  struct Waiter {
    Mutex mutex;
    CondVar finished;
    std::optional<absl::Status> result ABSL_GUARDED_BY(mutex);
  };
  const auto waiter = std::make_shared<Waiter>();
  Write(std::move(operation), [waiter](const absl::Status& result) {
    MutexLock lock(&waiter->mutex);
    waiter->result = result;
    waiter->finished.NotifyOne();
  });
  MutexLock lock(&waiter->mutex);
  while (!waiter->result) waiter->finished.Wait(&waiter->mutex);
  return *waiter->result;
}

absl::StatusOr<v1::Dataset> Store::GetDataset(std::string_view name, int version) const {
  return ReadOne<v1::Dataset>(*this, [&](Reader& reader) { return reader.GetDataset(name, version); });
}

absl::StatusOr<v1::ListDatasetsResponse> Store::ListDatasets(const v1::PageRequest& page) const {
  SB_ASSIGN_OR_RETURN(const PagePosition position, ParsePage(page));
  SB_ASSIGN_OR_RETURN(auto rows, ReadOne<Reader::Page<v1::Dataset>>(
                                     *this, [&](Reader& reader) { return reader.ListDatasets(position.token, position.size + 1); }));
  v1::ListDatasetsResponse response;
  response.set_next_page_token(
      TakePage(std::move(rows), position.size, [&](v1::Dataset dataset) { *response.add_datasets() = std::move(dataset); }));
  return response;
}

absl::StatusOr<v1::Split> Store::GetSplit(std::string_view dataset, std::string_view name) const {
  return ReadOne<v1::Split>(*this, [&](Reader& reader) { return reader.GetSplit(dataset, name); });
}

absl::StatusOr<std::vector<v1::Split>> Store::ListSplits(std::string_view dataset) const {
  return ReadOne<std::vector<v1::Split>>(*this, [&](Reader& reader) -> absl::StatusOr<std::vector<v1::Split>> {
    SB_RETURN_IF_ERROR(reader.GetDataset(dataset, 0).status());
    return reader.ListSplits(dataset);
  });
}

absl::StatusOr<v1::Model> Store::GetModel(std::string_view name, int version) const {
  return ReadOne<v1::Model>(*this, [&](Reader& reader) { return reader.GetModel(name, version); });
}

absl::StatusOr<v1::ListModelsResponse> Store::ListModels(const v1::ListModelsRequest& request) const {
  SB_ASSIGN_OR_RETURN(const PagePosition position, ParsePage(request.page()));
  SB_ASSIGN_OR_RETURN(auto rows, ReadOne<Reader::Page<v1::Model>>(*this, [&](Reader& reader) -> absl::StatusOr<Reader::Page<v1::Model>> {
                        if (!request.name().empty()) SB_RETURN_IF_ERROR(reader.GetModel(request.name(), 0).status());
                        return reader.ListModels(request.name(), position.token, position.size + 1);
                      }));
  v1::ListModelsResponse response;
  response.set_next_page_token(TakePage(std::move(rows), position.size, [&](v1::Model model) {
    model.clear_layers();
    model.clear_graph();
    *response.add_models() = std::move(model);
  }));
  return response;
}

absl::StatusOr<v1::FeatureSet> Store::GetFeatures(std::string_view name) const {
  return ReadOne<v1::FeatureSet>(*this, [&](Reader& reader) { return reader.GetFeatures(name); });
}

absl::StatusOr<v1::ListFeaturesResponse> Store::ListFeatures(const v1::PageRequest& page) const {
  SB_ASSIGN_OR_RETURN(const PagePosition position, ParsePage(page));
  SB_ASSIGN_OR_RETURN(auto rows, ReadOne<Reader::Page<v1::FeatureSet>>(
                                     *this, [&](Reader& reader) { return reader.ListFeatures(position.token, position.size + 1); }));
  v1::ListFeaturesResponse response;
  response.set_next_page_token(TakePage(std::move(rows), position.size, [&](v1::FeatureSet features) {
    features.clear_classes();
    *response.add_features() = std::move(features);
  }));
  return response;
}

absl::StatusOr<CatalogueCounts> Store::CountCatalogue() const {
  return ReadOne<CatalogueCounts>(*this, [](Reader& reader) { return reader.CountCatalogue(); });
}

absl::StatusOr<std::vector<JobCount>> Store::CountJobs() const {
  return ReadOne<std::vector<JobCount>>(*this, [](Reader& reader) { return reader.CountJobsByKind(); });
}

absl::Status Store::DeleteDataset(std::string_view name, std::string_view request_id) {
  return WriteAndWait([name = std::string(name), request_id = std::string(request_id)](Writer& writer) {
    return Once(writer, "delete-dataset", request_id, name, [&] { return writer.DeleteDataset(name); });
  });
}

absl::Status Store::DeleteModel(std::string_view name, int version, std::string_view request_id) {
  return WriteAndWait([name = std::string(name), version, request_id = std::string(request_id)](Writer& writer) {
    return Once(writer, "delete-model", request_id, absl::StrCat(name, ":", version), [&] { return writer.DeleteModel(name, version); });
  });
}

absl::Status Store::DeleteFeatures(std::string_view name, std::string_view request_id) {
  return WriteAndWait([name = std::string(name), request_id = std::string(request_id)](Writer& writer) {
    return Once(writer, "delete-features", request_id, name, [&] { return writer.DeleteFeatures(name); });
  });
}

}  // namespace seedbed::store
