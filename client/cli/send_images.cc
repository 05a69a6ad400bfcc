#include "client/cli/send_images.h"

#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "client/cli/exit_code.h"
#include "client/lib/upload.h"
#include "core/base/status_macros.h"

namespace seedbed::cli {
namespace {

absl::Status CheckFile(const std::string& file) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(file, error);
  if (std::filesystem::is_regular_file(status)) return absl::OkStatus();
  if (std::filesystem::exists(status)) return absl::InvalidArgumentError(absl::StrCat(file, " is not a file"));
  return WithHint(absl::NotFoundError(absl::StrCat("there is no file ", file)), "for images of a dataset, give --dataset NAME");
}

}  // namespace

absl::StatusOr<std::vector<v1::UploadedImage>> SendImages(Session& session, const std::vector<std::string>& files) {
  for (const std::string& file : files) SB_RETURN_IF_ERROR(CheckFile(file));
  client::UploadOptions options;
  options.cancelled = &session.CatchInterrupts().interrupted();
  SB_ASSIGN_OR_RETURN(client::Client * client, session.client());
  std::vector<v1::UploadedImage> images;
  for (const std::string& file : files) {
    const absl::StatusOr<client::UploadedFile> sent = client::UploadFile(*client, file, options);
    if (absl::IsCancelled(sent.status())) return InterruptedError(session.CatchInterrupts().signal());
    SB_RETURN_IF_ERROR(sent.status());
    v1::UploadedImage& image = images.emplace_back();
    image.set_name(file);
    image.set_sha256(sent->sha256);
  }
  return images;
}

}  // namespace seedbed::cli
