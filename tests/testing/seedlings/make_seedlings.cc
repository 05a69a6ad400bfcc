// make_seedlings DIR [--classes 12] [--per-class 40] [--size 150] [--seed 0]: draws synthetic seedling photos into DIR/<species>/.
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "tests/testing/seedlings/seedlings.h"

namespace {

using seedbed::testing::SeedlingSet;

constexpr char kUsage[] =
    "usage: make_seedlings DIR [--classes 1..12] [--per-class N] [--size PIXELS] [--seed N]\n"
    "Draws N synthetic photos of each of the first seedling species into DIR/<species>/ (12, 40, 150 and 0 when not given).\n";

template <typename Number>
bool Parse(std::string_view text, Number* number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && end == text.data() + text.size();
}

bool ParseOption(std::string_view name, std::string_view value, SeedlingSet* set) {
  if (name == "--classes") return Parse(value, &set->classes);
  if (name == "--per-class") return Parse(value, &set->per_class);
  if (name == "--size") return Parse(value, &set->size);
  return name == "--seed" && Parse(value, &set->seed);
}

struct CommandLine {
  std::string folder;
  SeedlingSet set;
};

std::optional<CommandLine> ParseCommandLine(int argc, char** argv) {
  CommandLine line;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (!word.starts_with("-")) {
      if (!line.folder.empty()) return std::nullopt;
      line.folder = word;
    } else if (i + 1 == argc || !ParseOption(word, argv[++i], &line.set)) {
      return std::nullopt;
    }
  }
  if (line.folder.empty()) return std::nullopt;
  return line;
}

}  // namespace

int main(int argc, char** argv) {
  const std::optional<CommandLine> line = ParseCommandLine(argc, argv);
  if (!line) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  // The calling thread works too.
  seedbed::ThreadPool pool(std::max(2u, std::thread::hardware_concurrency()) - 1);
  const absl::Status status = seedbed::testing::WriteSeedlings(line->folder, line->set, &pool);
  if (status.ok()) return 0;
  std::fprintf(stderr, "make_seedlings: %s\n", std::string(status.message()).c_str());
  return status.code() == absl::StatusCode::kInvalidArgument ? 5 : 1;
}
