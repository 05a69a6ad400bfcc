// The operator's log: one line per event, as text or JSON, on stderr. A thin wrapper over spdlog that fixes the form of a line:
//   2026-11-23T18:03:53.123456Z info worker_exit worker=jobs-cpu message="killed by signal 9 (SIGKILL)"
//   {"time":"2026-11-23T18:03:53.123456Z","level":"info","event":"worker_exit","worker":"jobs-cpu","message":"..."}
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <variant>

namespace seedbed::log {

enum class Level { kDebug, kInfo, kWarning, kError };
enum class Format { kText, kJson };

// One named value of a line.
struct Field {
  Field(std::string_view field_name, std::string_view text) : name(field_name), value(std::string(text)) {}
  Field(std::string_view field_name, const char* text) : name(field_name), value(std::string(text)) {}
  Field(std::string_view field_name, const std::string& text) : name(field_name), value(text) {}
  Field(std::string_view field_name, std::integral auto number) : name(field_name), value(static_cast<int64_t>(number)) {}
  Field(std::string_view field_name, double number) : name(field_name), value(number) {}

  std::string_view name;
  std::variant<std::string, int64_t, double> value;
};

struct Options {
  Format format = Format::kText;
  Level level = Level::kInfo;
  std::ostream* stream = nullptr;  // for tests; null: stderr
};

// Thread-safe. Writing never waits for the reader of the log: lines go through a queue of 1,024 to a thread of its own, and when it is full
// the oldest are dropped. Destruction writes what is queued.
class Logger {
 public:
  using Fields = std::initializer_list<Field>;

  explicit Logger(const Options& options);
  ~Logger();

  // `event` is a stable identifier, lower case with underscores.
  void Debug(std::string_view event, Fields fields = {}) { Write(Level::kDebug, event, fields); }
  void Info(std::string_view event, Fields fields = {}) { Write(Level::kInfo, event, fields); }
  void Warning(std::string_view event, Fields fields = {}) { Write(Level::kWarning, event, fields); }
  void Error(std::string_view event, Fields fields = {}) { Write(Level::kError, event, fields); }

 private:
  void Write(Level level, std::string_view event, Fields fields);

  struct Sink;
  const Format format_;
  const std::unique_ptr<Sink> sink_;
};

}  // namespace seedbed::log
