#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "server/store/tables.h"

namespace seedbed::store {
namespace {

// The one record a query answers with; `missing` when there is none.
template <typename Record>
absl::StatusOr<Record> ReadRecord(Connection& connection, const std::string& sql, std::initializer_list<Value> arguments,
                                  const absl::Status& missing) {
  std::optional<std::string> bytes;
  SB_RETURN_IF_ERROR(connection.Query(sql, arguments, [&](const Row& row) { bytes = row.Bytes(0); }));
  if (!bytes) return missing;
  Record record;
  if (!record.ParseFromString(*bytes)) return absl::DataLossError("the database has a damaged record");
  return record;
}

// (token, record) of each row of a query that answers with these two columns.
template <typename Record>
absl::StatusOr<std::vector<std::pair<int64_t, Record>>> ReadRecords(Connection& connection, const std::string& sql,
                                                                    std::initializer_list<Value> arguments) {
  std::vector<std::pair<int64_t, Record>> records;
  bool damaged = false;
  SB_RETURN_IF_ERROR(connection.Query(sql, arguments, [&](const Row& row) {
    auto& [token, record] = records.emplace_back();
    token = row.Int(0);
    if (!record.ParseFromString(row.Bytes(1))) damaged = true;
  }));
  if (damaged) return absl::DataLossError("the database has a damaged record");
  return records;
}

absl::Status Missing(std::string_view what, std::string_view name, int version) {
  if (version == 0) return absl::NotFoundError(absl::StrCat("there is no ", ToAbsl(what), " '", ToAbsl(name), "'"));
  return absl::NotFoundError(absl::StrCat("there is no version ", version, " of ", ToAbsl(what), " '", ToAbsl(name), "'"));
}

// The newest version of each name, in the order in which the names came into being.
std::string NewestOfEach(const std::string& table) {
  return "SELECT first, record FROM (SELECT name AS n, MIN(id) AS first, MAX(version) AS newest FROM " + table + " GROUP BY name) JOIN " +
         table + " ON name = n AND version = newest WHERE first > ? ORDER BY first LIMIT ?";
}

std::string VersionOf(const std::string& table) {
  return "SELECT record FROM " + table + " WHERE name = ?1 AND version = IIF(?2 = 0, (SELECT MAX(version) FROM " + table +
         " WHERE name = ?1), ?2)";
}

}  // namespace

absl::StatusOr<v1::Dataset> Reader::GetDataset(std::string_view name, int version) const {
  static const std::string& sql = *new std::string(VersionOf("datasets"));
  return ReadRecord<v1::Dataset>(connection_, sql, {std::string(name), int64_t{version}}, Missing("dataset", name, version));
}

absl::StatusOr<Reader::Page<v1::Dataset>> Reader::ListDatasets(int64_t after, int limit) const {
  static const std::string& sql = *new std::string(NewestOfEach("datasets"));
  return ReadRecords<v1::Dataset>(connection_, sql, {after, int64_t{limit}});
}

absl::StatusOr<v1::Split> Reader::GetSplit(std::string_view dataset, std::string_view name) const {
  return ReadRecord<v1::Split>(connection_, "SELECT record FROM splits WHERE dataset = ? AND name = ?",
                               {std::string(dataset), std::string(name)},
                               absl::NotFoundError(absl::StrCat("dataset '", ToAbsl(dataset), "' has no split '", ToAbsl(name), "'")));
}

absl::StatusOr<std::vector<v1::Split>> Reader::ListSplits(std::string_view dataset) const {
  SB_ASSIGN_OR_RETURN(auto records, ReadRecords<v1::Split>(connection_, "SELECT id, record FROM splits WHERE dataset = ? ORDER BY id",
                                                           {std::string(dataset)}));
  std::vector<v1::Split> splits;
  for (auto& [id, split] : records) splits.push_back(std::move(split));
  return splits;
}

absl::StatusOr<v1::Model> Reader::GetModel(std::string_view name, int version) const {
  static const std::string& sql = *new std::string(VersionOf("models"));
  return ReadRecord<v1::Model>(connection_, sql, {std::string(name), int64_t{version}}, Missing("model", name, version));
}

absl::StatusOr<Reader::Page<v1::Model>> Reader::ListModels(std::string_view name, int64_t after, int limit) const {
  static const std::string& newest = *new std::string(NewestOfEach("models"));
  if (name.empty()) return ReadRecords<v1::Model>(connection_, newest, {after, int64_t{limit}});
  return ReadRecords<v1::Model>(connection_, "SELECT id, record FROM models WHERE name = ? AND id > ? ORDER BY id LIMIT ?",
                                {std::string(name), after, int64_t{limit}});
}

absl::StatusOr<v1::FeatureSet> Reader::GetFeatures(std::string_view name) const {
  return ReadRecord<v1::FeatureSet>(connection_, "SELECT record FROM features WHERE name = ?", {std::string(name)},
                                    Missing("feature set", name, 0));
}

absl::StatusOr<Reader::Page<v1::FeatureSet>> Reader::ListFeatures(int64_t after, int limit) const {
  return ReadRecords<v1::FeatureSet>(connection_, "SELECT id, record FROM features WHERE id > ? ORDER BY id LIMIT ?",
                                     {after, int64_t{limit}});
}

absl::StatusOr<CatalogueCounts> Reader::CountCatalogue() const {
  CatalogueCounts counts;
  SB_ASSIGN_OR_RETURN(counts.datasets, connection_.QueryInt("SELECT COUNT(DISTINCT name) FROM datasets"));
  SB_ASSIGN_OR_RETURN(counts.models, connection_.QueryInt("SELECT COUNT(DISTINCT name) FROM models"));
  SB_ASSIGN_OR_RETURN(counts.feature_sets, connection_.QueryInt("SELECT COUNT(*) FROM features"));
  return counts;
}

absl::Status Writer::InsertDataset(const v1::Dataset& dataset) {
  return connection_
      .Execute("INSERT INTO datasets(name, version, record) VALUES (?, ?, ?)",
               {dataset.name(), int64_t{dataset.version()}, Blob{dataset.SerializeAsString()}})
      .status();
}

absl::Status Writer::InsertSplit(const v1::Split& split) {
  return connection_
      .Execute("INSERT INTO splits(dataset, name, record) VALUES (?, ?, ?)",
               {split.dataset(), split.name(), Blob{split.SerializeAsString()}})
      .status();
}

absl::Status Writer::InsertModel(const v1::Model& model) {
  return connection_
      .Execute("INSERT INTO models(name, version, record) VALUES (?, ?, ?)",
               {model.name(), int64_t{model.version()}, Blob{model.SerializeAsString()}})
      .status();
}

absl::Status Writer::InsertFeatures(const v1::FeatureSet& features) {
  return connection_.Execute("INSERT INTO features(name, record) VALUES (?, ?)", {features.name(), Blob{features.SerializeAsString()}})
      .status();
}

absl::Status Writer::DeleteDataset(std::string_view name) {
  SB_ASSIGN_OR_RETURN(const int deleted, connection_.Execute("DELETE FROM datasets WHERE name = ?", {std::string(name)}));
  if (deleted == 0) return Missing("dataset", name, 0);
  return connection_.Execute("DELETE FROM splits WHERE dataset = ?", {std::string(name)}).status();
}

absl::Status Writer::DeleteModel(std::string_view name, int version) {
  SB_ASSIGN_OR_RETURN(const int deleted, connection_.Execute("DELETE FROM models WHERE name = ?1 AND (?2 = 0 OR version = ?2)",
                                                             {std::string(name), int64_t{version}}));
  return deleted == 0 ? Missing("model", name, version) : absl::OkStatus();
}

absl::Status Writer::DeleteFeatures(std::string_view name) {
  SB_ASSIGN_OR_RETURN(const int deleted, connection_.Execute("DELETE FROM features WHERE name = ?", {std::string(name)}));
  return deleted == 0 ? Missing("feature set", name, 0) : absl::OkStatus();
}

}  // namespace seedbed::store
