#include "server/api/upload_stream.h"

#include <utility>

#include "core/base/status_macros.h"
#include "server/api/status.h"

namespace seedbed::api {

grpc::ServerReadReactor<v1::UploadBlobsRequest>* UploadStream::Start(Guard* guard, std::unique_ptr<BlobReceiver> receiver,
                                                                     v1::UploadBlobsResponse* response) {
  std::shared_ptr<UploadStream> stream(new UploadStream(guard, std::move(receiver), response));
  stream->self_ = stream;
  stream->StartRead(&stream->request_);
  return stream.get();
}

UploadStream::UploadStream(Guard* guard, std::unique_ptr<BlobReceiver> receiver, v1::UploadBlobsResponse* response)
    : call_(guard, "DatasetService/UploadBlobs"), receiver_(std::move(receiver)), response_(response) {}

void UploadStream::OnReadDone(bool ok) {
  call_.guard()->Post([stream = self_, ok] { ok ? stream->Receive() : stream->EndOfStream(); });
}

void UploadStream::Receive() {
  const absl::Status status = call_.guard()->Protect([this] { return receiver_->Accept(request_); });
  if (!status.ok()) return End(status);
  StartRead(&request_);
}

void UploadStream::EndOfStream() {
  End(call_.guard()->Protect([this]() -> absl::Status {
    if (cancelled_) return absl::CancelledError("the client left");
    SB_ASSIGN_OR_RETURN(*response_, receiver_->Finish());
    return absl::OkStatus();
  }));
}

void UploadStream::End(const absl::Status& status) {
  receiver_.reset();  // its temporary file goes with the call, not with the connection
  call_.End(status);
  Finish(ToGrpc(status));
}

}  // namespace seedbed::api
