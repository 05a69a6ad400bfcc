// Writes, reads and exports sets of features for the parity tests.
//   write SET VALUES    writes the float32 values of the file VALUES as a set; standard input describes it: the attributes of a set
//                       (core/features/feature_set_info.h) with "labels" and "codec" beside them
//   read SET VALUES     writes the set's values to VALUES as float32, and its attributes with "labels" to standard output
//   export SET FOLDER   writes features.npy, labels.npy and all.csv
#include <cstring>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/status_macros.h"
#include "core/features/export.h"
#include "core/features/feature_set.h"
#include "nlohmann/json.hpp"

namespace seedbed::features {
namespace {

using nlohmann::json;

absl::Status Write(const std::string& folder, const std::string& values_file) {
  const json description = json::parse(std::string(std::istreambuf_iterator<char>(std::cin), {}));
  SB_ASSIGN_OR_RETURN(FeatureSetInfo info, FeatureSetInfoFromJson(description));
  description.at("labels").get_to(info.labels);
  SB_ASSIGN_OR_RETURN(FeatureSetWriter writer, FeatureSetWriter::Open(folder, info, {.codec = description.at("codec")}));
  SB_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(values_file));
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), values.size() * sizeof(float));
  SB_RETURN_IF_ERROR(writer.Append(values));
  return writer.Finish();
}

absl::Status Read(const std::string& folder, const std::string& values_file) {
  SB_ASSIGN_OR_RETURN(const FeatureSet set, FeatureSet::Open(folder));
  std::vector<float> values(set.size() * set.info().row_values());
  SB_RETURN_IF_ERROR(set.ReadRows(0, set.size(), values));
  json description = FeatureSetInfoToJson(set.info());
  description["labels"] = set.info().labels;
  std::cout << description;
  const std::span<const std::byte> bytes = std::as_bytes(std::span(values));
  return PublishFile(values_file, std::span(&bytes, 1));
}

absl::Status Export(const std::string& folder, const std::filesystem::path& target) {
  SB_ASSIGN_OR_RETURN(const FeatureSet set, FeatureSet::Open(folder));
  SB_RETURN_IF_ERROR(WriteFeaturesNpy(set, target / "features.npy", nullptr));
  SB_RETURN_IF_ERROR(WriteLabelsNpy(set, target / "labels.npy"));
  return WriteCsv(set, /*values=*/true, target / "all.csv", nullptr);
}

absl::Status Run(const std::string& verb, const std::string& folder, const std::string& target) {
  if (verb == "write") return Write(folder, target);
  if (verb == "read") return Read(folder, target);
  if (verb == "export") return Export(folder, target);
  return absl::InvalidArgumentError(absl::StrCat("there is no '", verb, "'"));
}

}  // namespace
}  // namespace seedbed::features

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const absl::Status status = arguments.size() == 3 ? seedbed::features::Run(arguments[0], arguments[1], arguments[2])
                                                    : absl::InvalidArgumentError("usage: feature_tool write|read|export SET TARGET");
  if (status.ok()) return 0;
  std::cerr << status.message() << '\n';
  return 1;
}
