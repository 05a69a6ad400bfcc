#include "server/api/model_service.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/digest.h"
#include "core/base/names.h"
#include "core/base/status_macros.h"
#include "server/api/discard.h"
#include "server/api/file_chunks.h"
#include "server/api/in_use.h"
#include "server/api/pull_stream.h"
#include "server/api/unary_call.h"
#include "server/jobs/field_error.h"

namespace seedbed::api {
namespace fs = std::filesystem;
namespace {

// One ExportModel call: a header and the chunks of each file, in order of names.
class ModelExporter {
 public:
  ModelExporter(const store::Store* store, const store::DataLayout* layout, v1::ExportModelRequest request)
      : store_(store), layout_(layout), request_(std::move(request)) {}

  absl::StatusOr<bool> Next(v1::ExportModelResponse* response) {
    if (!listed_) SB_RETURN_IF_ERROR(ListFiles());
    if (file_ && file_->remaining() > 0) {
      SB_ASSIGN_OR_RETURN(*response->mutable_chunk(), file_->Next());
      return true;
    }
    if (files_.empty()) return false;
    SB_RETURN_IF_ERROR(OpenNextFile(response->mutable_header()));
    return true;
  }

 private:
  absl::Status ListFiles() {
    SB_ASSIGN_OR_RETURN(const v1::Model model, store_->GetModel(request_.name(), request_.version()));
    const fs::path folder = layout_->model(model.name(), model.version());
    std::error_code error;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) files_.push_back(it->path());
    if (error) return ErrnoStatus(error.value(), "list", folder);
    std::sort(files_.rbegin(), files_.rend());  // taken from the back
    listed_ = true;
    return absl::OkStatus();
  }

  absl::Status OpenNextFile(v1::Artifact* header) {
    const fs::path path = std::move(files_.back());
    files_.pop_back();
    SB_ASSIGN_OR_RETURN(file_, FileChunks::Open(path, 0));
    header->set_name(path.filename().string());
    header->set_media_type(std::string(MediaTypeOf(path)));
    header->set_bytes(file_->remaining());
    SB_ASSIGN_OR_RETURN(*header->mutable_sha256(), Sha256HexOfFile(path));
    return absl::OkStatus();
  }

  const store::Store* const store_;
  const store::DataLayout* const layout_;
  const v1::ExportModelRequest request_;
  bool listed_ = false;
  std::vector<fs::path> files_;
  std::optional<FileChunks> file_;
};

}  // namespace

grpc::ServerUnaryReactor* ModelService::GetModel(Context*, const v1::GetModelRequest* request, v1::GetModelResponse* response) {
  return Answer(guard_, "ModelService/GetModel", request, response,
                [this](const v1::GetModelRequest& from) -> absl::StatusOr<v1::GetModelResponse> {
                  v1::GetModelResponse answer;
                  SB_ASSIGN_OR_RETURN(*answer.mutable_model(), store_->GetModel(from.name(), from.version()));
                  return answer;
                });
}

grpc::ServerUnaryReactor* ModelService::ListModels(Context*, const v1::ListModelsRequest* request, v1::ListModelsResponse* response) {
  return Answer(guard_, "ModelService/ListModels", request, response,
                [this](const v1::ListModelsRequest& from) { return store_->ListModels(from); });
}

grpc::ServerUnaryReactor* ModelService::DeleteModel(Context*, const v1::DeleteModelRequest* request, v1::DeleteModelResponse* response) {
  return Answer(guard_, "ModelService/DeleteModel", request, response, [this](const v1::DeleteModelRequest& from) { return Delete(from); });
}

grpc::ServerWriteReactor<v1::ExportModelResponse>* ModelService::ExportModel(Context*, const v1::ExportModelRequest* request) {
  const auto exporter = std::make_shared<ModelExporter>(store_, layout_, *request);
  return PullStream<v1::ExportModelResponse>::Start(guard_, "ModelService/ExportModel",
                                                    [exporter](v1::ExportModelResponse* response) { return exporter->Next(response); });
}

absl::StatusOr<v1::DeleteModelResponse> ModelService::Delete(const v1::DeleteModelRequest& request) {
  SB_RETURN_IF_ERROR(jobs::AtField("name", CheckResourceName("model", request.name())));
  if (request.version() < 0) return jobs::FieldError("version", "must be 0 (all) or a version");
  SB_RETURN_IF_ERROR(RefuseIfInUse("model", request.name(), jobs_->UsersOfModel(request.name())));
  SB_RETURN_IF_ERROR(store_->DeleteModel(request.name(), request.version(), request.request_id()));
  // A repeated request is answered as the first time, and must not remove what was made under the name since.
  if (absl::IsNotFound(store_->GetModel(request.name(), request.version()).status())) {
    const bool all = request.version() == 0;
    SB_RETURN_IF_ERROR(Discard(*layout_, all ? layout_->model(request.name()) : layout_->model(request.name(), request.version())));
  }
  return v1::DeleteModelResponse();
}

}  // namespace seedbed::api
