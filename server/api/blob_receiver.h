// Receives uploaded contents into the object store.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/digest.h"
#include "core/base/file.h"
#include "seedbed/v1/dataset.pb.h"
#include "server/store/data_layout.h"

namespace seedbed::api {

// Enough for the weights of large networks.
inline constexpr int64_t kMaxBlobBytes = int64_t{4} << 30;

// One upload stream. Each content goes into a temporary file, is compared with its digest, and appears under it by rename; one that is
// there already is read past. Destruction removes what is unfinished. All methods block on the disk; not thread-safe.
class BlobReceiver {
 public:
  // `layout` is not owned. Uploads that would leave fewer than `min_free_bytes` on the disk are refused.
  BlobReceiver(const store::DataLayout* layout, int64_t min_free_bytes) : layout_(layout), min_free_bytes_(min_free_bytes) {}
  ~BlobReceiver();

  // The next message of the stream. INVALID_ARGUMENT for a malformed stream, a content over kMaxBlobBytes, or one that is not what its
  // digest says (naming it); RESOURCE_EXHAUSTED when the disk is full. After an error the stream is over.
  absl::Status Accept(const v1::UploadBlobsRequest& request);
  // The stream has ended: makes everything durable and says what was done. INVALID_ARGUMENT in the middle of a content.
  absl::StatusOr<v1::UploadBlobsResponse> Finish();

 private:
  struct Blob {
    std::string sha256;
    int64_t bytes = 0;
    int64_t received = 0;
    // Both absent when the store has the content.
    std::optional<Sha256> hash;
    UniqueFd file;
    std::filesystem::path temporary;
  };

  absl::Status Begin(const v1::UploadBlobsRequest::Header& header);
  absl::Status OpenTemporary(Blob* blob) const;
  absl::Status Append(const std::string& chunk);
  // Publishes the blob when all of it is here.
  absl::Status EndIfComplete();

  const store::DataLayout* const layout_;
  const int64_t min_free_bytes_;
  std::optional<Blob> blob_;
  std::set<std::filesystem::path> folders_;  // whose entries must become durable
  v1::UploadBlobsResponse response_;
};

// Removes what uploads of an earlier server left unfinished. At start, before any upload.
absl::Status RemoveUnfinishedUploads(const store::DataLayout& layout);

}  // namespace seedbed::api
