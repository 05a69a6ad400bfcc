// Runs core/explore on rows of numbers for the parity tests and benchmarks:
//   explore_tool THREADS VERB ROWS VALUES INPUT OUTPUT [ARGUMENT...]
// INPUT holds float32 numbers, row by row; OUTPUT gets float64 ones:
//   pca COMPONENTS                     scores, row by row; variances; the total variance
//   affinities PERPLEXITY              rows x rows
//   map PERPLEXITY ITERATIONS SEED     t-SNE: x and y of each row; the divergence
//   neighbours COUNT DISTANCE QUERIES  of the first QUERIES rows: row and distance, COUNT times. DISTANCE: cosine or euclidean
#include <cstring>
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/status_macros.h"
#include "core/explore/affinities.h"
#include "core/explore/feature_map.h"
#include "core/explore/neighbours.h"
#include "core/explore/pca.h"

namespace seedbed::explore {
namespace {

using Numbers = std::vector<double>;
using Arguments = std::vector<std::string>;

double Number(const std::string& text) {
  double number = 0;
  if (!absl::SimpleAtod(text, &number)) std::cerr << "not a number: " << text << '\n';
  return number;
}

absl::StatusOr<Numbers> Pca(const RowSource& rows, ThreadPool* pool, const Arguments& arguments) {
  SB_ASSIGN_OR_RETURN(const PrincipalComponents pca,
                      FindPrincipalComponents(rows, static_cast<size_t>(Number(arguments[0])), pool, nullptr));
  Numbers numbers = pca.scores;
  numbers.insert(numbers.end(), pca.variances.begin(), pca.variances.end());
  numbers.push_back(pca.total_variance);
  return numbers;
}

absl::StatusOr<Numbers> Dense(const RowSource& rows, ThreadPool* pool, const Arguments& arguments) {
  Numbers points;
  for (size_t row = 0; row < rows.count; ++row) points.insert(points.end(), rows.row(row).begin(), rows.row(row).end());
  SB_ASSIGN_OR_RETURN(const Affinities affinities, FindAffinities(points, rows.values, Number(arguments[0]), pool, nullptr));
  Numbers numbers(rows.count * rows.count);
  for (size_t row = 0; row < rows.count; ++row) {
    for (size_t i = affinities.begin[row]; i < affinities.begin[row + 1]; ++i) {
      numbers[row * rows.count + affinities.columns[i]] = affinities.values[i];
    }
  }
  return numbers;
}

absl::StatusOr<Numbers> Map(const RowSource& rows, ThreadPool* pool, const Arguments& arguments) {
  const std::vector<int32_t> labels(rows.count);
  const MapOptions options{.perplexity = Number(arguments[0]),
                           .iterations = static_cast<int>(Number(arguments[1])),
                           .seed = static_cast<uint64_t>(Number(arguments[2]))};
  SB_ASSIGN_OR_RETURN(const FeatureMap map, MakeFeatureMap(rows, labels, options, pool, nullptr));
  Numbers numbers;
  for (const Point& point : map.points) numbers.insert(numbers.end(), point.begin(), point.end());
  numbers.push_back(map.divergence);
  return numbers;
}

absl::StatusOr<Numbers> Nearest(const RowSource& rows, ThreadPool* pool, const Arguments& arguments) {
  std::vector<Query> queries;
  for (uint32_t row = 0; row < static_cast<uint32_t>(Number(arguments[2])); ++row) queries.push_back({.values = {}, .row = row});
  const Distance distance = arguments[1] == "euclidean" ? Distance::kEuclidean : Distance::kCosine;
  SB_ASSIGN_OR_RETURN(const auto found, FindNeighbours(rows, queries, static_cast<size_t>(Number(arguments[0])), distance, pool, nullptr));
  Numbers numbers;
  for (const std::vector<FoundRow>& of_query : found) {
    for (const FoundRow& one : of_query) numbers.insert(numbers.end(), {static_cast<double>(one.row), one.distance});
  }
  return numbers;
}

struct Verb {
  const char* name;
  size_t arguments;
  absl::StatusOr<Numbers> (*run)(const RowSource&, ThreadPool*, const Arguments&);
};
constexpr Verb kVerbs[] = {{"pca", 1, Pca}, {"affinities", 1, Dense}, {"map", 3, Map}, {"neighbours", 3, Nearest}};

absl::Status Run(const Arguments& arguments) {
  const Arguments rest(arguments.begin() + 6, arguments.end());
  for (const Verb& verb : kVerbs) {
    if (arguments[1] != verb.name || rest.size() != verb.arguments) continue;
    const auto count = static_cast<size_t>(Number(arguments[2])), values = static_cast<size_t>(Number(arguments[3]));
    SB_ASSIGN_OR_RETURN(const MappedFile input, MappedFile::Open(arguments[4]));
    if (input.bytes().size() != count * values * sizeof(float)) return absl::InvalidArgumentError("the input has another size");
    std::vector<float> floats(count * values);
    std::memcpy(floats.data(), input.bytes().data(), input.bytes().size());
    const RowSource rows{count, values, [&](size_t row) { return std::span<const float>(floats).subspan(row * values, values); }};
    ThreadPool pool(static_cast<size_t>(Number(arguments[0])));
    SB_ASSIGN_OR_RETURN(const Numbers numbers, verb.run(rows, &pool, rest));
    const std::span<const std::byte> bytes = std::as_bytes(std::span(numbers));
    return PublishFile(arguments[5], std::span(&bytes, 1));
  }
  return absl::InvalidArgumentError(absl::StrCat("there is no such '", arguments[1], "'"));
}

}  // namespace
}  // namespace seedbed::explore

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const absl::Status status =
      arguments.size() >= 6 ? seedbed::explore::Run(arguments) : absl::InvalidArgumentError("usage: see explore_tool.cc");
  if (status.ok()) return 0;
  std::cerr << status.message() << '\n';
  return 1;
}
