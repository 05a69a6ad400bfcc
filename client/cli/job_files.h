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

// Where pictures go: `out` is a file when it ends in ".png", else a folder; the working directory when it is empty.
bool IsFolder(const std::string& out);

// To be asked before a job is submitted, so that it does not work in vain: makes the folder that pictures go to. Errors name --out.
absl::Status PrepareTarget(const std::string& out);

// Fetches the job's sheet, and into a folder all its other files too. Returns where the sheet is. Errors say how to fetch the files of the
// job, which has done its work.
absl::StatusOr<std::filesystem::path> FetchPictures(Session& session, const v1::Job& job, const std::string& sheet, const std::string& out);

// On the desktop. A file that was made and is there is no failure when it is not shown: a message says why.
void ShowFile(Session& session, const std::filesystem::path& file);

// "sheet.png: 3 images, 800x600 pixels, 1.2 MiB".
std::string PictureLine(const std::filesystem::path& file, const std::string& what, const v1::PictureFile& picture);

}  // namespace seedbed::cli
