// The UploadBlobs RPC.
#pragma once

#include <atomic>
#include <memory>

#include "grpcpp/support/server_callback.h"
#include "seedbed/v1/dataset.pb.h"
#include "server/api/blob_receiver.h"
#include "server/api/guard.h"

namespace seedbed::api {

// Reads one message at a time and writes it to disk on a pool thread: a slow disk slows the client, and nothing piles up.
class UploadStream final : public grpc::ServerReadReactor<v1::UploadBlobsRequest> {
 public:
  static grpc::ServerReadReactor<v1::UploadBlobsRequest>* Start(Guard* guard, std::unique_ptr<BlobReceiver> receiver,
                                                                v1::UploadBlobsResponse* response);

  void OnReadDone(bool ok) override;
  // Only noted: a message is being read or written, and that step's end finishes the call.
  void OnCancel() override { cancelled_ = true; }
  void OnDone() override { const std::shared_ptr<UploadStream> last = std::move(self_); }

 private:
  UploadStream(Guard* guard, std::unique_ptr<BlobReceiver> receiver, v1::UploadBlobsResponse* response);
  void Receive();
  void EndOfStream();
  void End(const absl::Status& status);

  std::shared_ptr<UploadStream> self_;  // gRPC's reference, given up in OnDone
  Guard::Call call_;
  // Of the one step that is under way.
  std::unique_ptr<BlobReceiver> receiver_;
  v1::UploadBlobsRequest request_;
  v1::UploadBlobsResponse* const response_;
  std::atomic<bool> cancelled_{false};
};

}  // namespace seedbed::api
