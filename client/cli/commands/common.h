// What several commands share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cli/json_output.h"
#include "client/cli/session.h"
#include "seedbed/v1/dataset.pb.h"
#include "seedbed/v1/job.pb.h"

namespace seedbed::cli {

// "NAME" or "NAME:VERSION" on the command line.
struct Reference {
  std::string name;
  int version = 0;  // 0: the newest
};
// Usage error when the version is no number over 0.
absl::StatusOr<Reference> ParseReference(std::string_view text);

// A path for the server: absolute ones as they are, relative ones from the working directory, without "." and "..".
std::string ServerPath(const std::string& path);

// Of a flag --size; 0: it was not given.
struct ImageSize {
  int width = 0;
  int height = 0;
};
// Usage error when `text` is neither empty nor a size such as 150 or 200x150.
absl::StatusOr<ImageSize> ParseSizeFlag(const std::string& text);

// "110,3,0-15" as 110, 3, 0, 1, ..., 15: at most 1024 of them. Usage error naming the flag for what is no such list.
absl::StatusOr<std::vector<int>> ParseIndices(std::string_view flag, const std::string& text);

// How a job is to be treated.
struct JobOptions {
  bool detach = false;
  int priority = 0;
  std::vector<std::string> labels;  // "key=value"
  std::string job_timeout;          // empty: none
};
void AddJobOptions(CLI::App* command, JobOptions* options);
// Usage error for a bad label or timeout.
absl::Status ApplyJobOptions(const JobOptions& options, v1::JobSpec* spec);

// Usage error when `label` is not "key=value".
absl::StatusOr<std::pair<std::string, std::string>> ParseLabel(const std::string& label);

// The files that an export job left behind, the main one first.
absl::StatusOr<std::vector<v1::Artifact>> ExportedFiles(client::Client& client, const v1::Job& job);

// {"jobs": [...]} for messages.
template <typename Messages>
Json ListDocument(const std::string& name, const Messages& messages) {
  Json list = Json::array();
  for (const auto& message : messages) list.push_back(ToJson(message));
  return {{name, list}};
}

// Images of each class in each subset, with a line of totals.
struct SubsetCounts {
  std::string name;
  int64_t images = 0;
  std::vector<int64_t> per_class;
};
std::string RenderSplitTable(const std::vector<std::string>& classes, const std::vector<SubsetCounts>& subsets);

// Asks on a terminal; true without one, or with `yes`.
bool Confirm(Session& session, const std::string& question, bool yes);

// nullptr when absent.
template <typename Message>
const google::protobuf::Timestamp* CreateTime(const Message& message) {
  return message.has_create_time() ? &message.create_time() : nullptr;
}

}  // namespace seedbed::cli
