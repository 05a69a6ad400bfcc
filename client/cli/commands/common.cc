#include "client/cli/commands/common.h"

#include <google/protobuf/util/time_util.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client/cli/exit_code.h"
#include "client/cli/table.h"
#include "client/cli/text_format.h"
#include "client/cli/train_settings.h"
#include "core/base/status_macros.h"

namespace seedbed::cli {

absl::StatusOr<Reference> ParseReference(std::string_view text) {
  Reference reference{std::string(text.substr(0, text.find(':')))};
  if (reference.name.size() == text.size()) return reference;
  const std::string_view version = text.substr(reference.name.size() + 1);
  if (absl::SimpleAtoi(ToAbsl(version), &reference.version) && reference.version > 0) return reference;
  return UsageError(absl::StrCat("'", ToAbsl(text), "' must be NAME or NAME:VERSION, the version a number from 1"));
}

std::string ServerPath(const std::string& path) {
  const std::filesystem::path given(path);
  if (given.is_absolute()) return path;
  std::error_code error;
  std::string resolved = (std::filesystem::current_path(error) / given).lexically_normal().string();
  if (resolved.size() > 1 && resolved.back() == '/') resolved.pop_back();
  return resolved;
}

absl::StatusOr<ImageSize> ParseSizeFlag(const std::string& text) {
  if (text.empty()) return ImageSize();
  const absl::StatusOr<Json> size = ParseSettingValue(*FindTrainSetting("size"), text);
  if (!size.ok()) return UsageError(absl::StrCat("--size: ", size.status().message()));
  return ImageSize{(*size)["width"].get<int>(), (*size)["height"].get<int>()};
}

absl::StatusOr<std::vector<int>> ParseIndices(std::string_view flag, const std::string& text) {
  constexpr size_t kMost = 1024;
  std::vector<int> indices;
  for (const absl::string_view item : absl::StrSplit(text, ',')) {
    const std::pair<absl::string_view, absl::string_view> range = absl::StrSplit(item, absl::MaxSplits('-', 1));
    int first = 0, last = 0;
    bool is_good = absl::SimpleAtoi(range.first, &first) && first >= 0;
    last = first;
    if (absl::StrContains(item, '-')) is_good = is_good && absl::SimpleAtoi(range.second, &last) && last >= first;
    if (!is_good) return UsageError(absl::StrCat(ToAbsl(flag), ": '", item, "' is neither a number nor a range such as 0-15"));
    if (static_cast<size_t>(last - first) >= kMost - indices.size()) {
      return UsageError(absl::StrCat(ToAbsl(flag), ": more than ", kMost, " numbers"));
    }
    for (int index = first; index <= last; ++index) indices.push_back(index);
  }
  return indices;
}

void AddJobOptions(CLI::App* command, JobOptions* options) {
  command->add_flag("--detach", options->detach, "Submit the job, print its id, and do not wait for it");
  command->add_option("--priority", options->priority, "Higher runs first, -100 to 100")->type_name("N");
  command->add_option("--label", options->labels, "A label for people; may be repeated")->type_name("KEY=VALUE")->allow_extra_args(false);
  command->add_option("--job-timeout", options->job_timeout, "Running time after which the job fails")->type_name("DURATION");
}

absl::StatusOr<std::pair<std::string, std::string>> ParseLabel(const std::string& label) {
  const size_t equals = label.find('=');
  if (equals == 0 || equals == std::string::npos) return UsageError(absl::StrCat("--label '", label, "' must be KEY=VALUE"));
  return std::pair(label.substr(0, equals), label.substr(equals + 1));
}

absl::Status ApplyJobOptions(const JobOptions& options, v1::JobSpec* spec) {
  spec->set_priority(options.priority);
  for (const std::string& label : options.labels) {
    SB_ASSIGN_OR_RETURN(const auto pair, ParseLabel(label));
    (*spec->mutable_labels())[pair.first] = pair.second;
  }
  if (options.job_timeout.empty()) return absl::OkStatus();
  const absl::StatusOr<absl::Duration> timeout = ParseDuration(options.job_timeout);
  if (!timeout.ok()) return UsageError(absl::StrCat("--job-timeout: ", timeout.status().message()));
  *spec->mutable_timeout() = google::protobuf::util::TimeUtil::MillisecondsToDuration(absl::ToInt64Milliseconds(*timeout));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<v1::Artifact>> ExportedFiles(client::Client& client, const v1::Job& job) {
  SB_ASSIGN_OR_RETURN(const std::vector<v1::Artifact> artifacts, client.ListArtifacts(job.id()));
  std::vector<v1::Artifact> files;
  for (const std::string& name : job.result().export_().files()) {
    const auto found = std::find_if(artifacts.begin(), artifacts.end(), [&](const v1::Artifact& one) { return one.name() == name; });
    if (found == artifacts.end()) return absl::DataLossError(absl::StrCat("job ", job.id(), " left no file ", name));
    files.push_back(*found);
  }
  return files;
}

std::string RenderSplitTable(const std::vector<std::string>& classes, const std::vector<SubsetCounts>& subsets) {
  std::vector<Column> columns{{"CLASS"}};
  for (const SubsetCounts& subset : subsets) columns.push_back({subset.name, Align::kRight});
  Table table(std::move(columns));
  for (size_t label = 0; label < classes.size(); ++label) {
    std::vector<std::string> row{classes[label]};
    for (const SubsetCounts& subset : subsets) {
      row.push_back(label < subset.per_class.size() ? FormatCount(subset.per_class[label]) : "-");
    }
    table.AddRow(std::move(row));
  }
  std::vector<std::string> totals{"all"};
  for (const SubsetCounts& subset : subsets) totals.push_back(FormatCount(subset.images));
  table.AddRow(std::move(totals));
  return table.Render();
}

bool Confirm(Session& session, const std::string& question, bool yes) {
  if (yes || session.console().json() || ::isatty(STDIN_FILENO) != 1 || ::isatty(STDERR_FILENO) != 1) return true;
  session.console().Message(question + " [y/N]");
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

}  // namespace seedbed::cli
