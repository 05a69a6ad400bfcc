// The files that a job which draws leaves behind, fetched and shown.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cli/session.h"
#include "seedbed/v1/job.pb.h"

namespace seedbed::cli {

// Where a file called `name` goes: to `out`, or into it when that is a folder; in the working directory under its own name when that is
// empty.
std::filesystem::path TargetOf(const std::string& out, const std::string& name);

// Fetches the job's artifact `name` to `target`. DATA_LOSS when there is none.
absl::Status FetchJobFile(client::Client& client, const v1::Job& job, const std::string& name, const std::filesystem::path& target);

// Fetches the sheet, and where `out` is a folder, which is made if need be, all other files of the job too. It is one unless it ends in
// ".png". Returns where the sheet is.
absl::StatusOr<std::filesystem::path> FetchPictures(client::Client& client, const v1::Job& job, const v1::PictureFile& sheet,
                                                    const std::string& out);

// On the desktop. A file that was made and is there is no failure when it is not shown: a message says why.
void ShowFile(Session& session, const std::filesystem::path& file);

// "sheet.png: 3 images, 800x600 pixels, 1.2 MiB".
std::string PictureLine(const std::filesystem::path& file, const std::string& what, const v1::PictureFile& picture);

}  // namespace seedbed::cli
