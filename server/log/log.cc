#include "server/log/log.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/base/clock.h"
#include "core/base/status_macros.h"
#include "spdlog/async.h"
#include "spdlog/sinks/ostream_sink.h"
#include "spdlog/sinks/stdout_sinks.h"

namespace seedbed::log {
namespace {

constexpr size_t kQueuedLines = 1024;

std::string_view NameOf(Level level) {
  switch (level) {
    case Level::kDebug:
      return "debug";
    case Level::kInfo:
      return "info";
    case Level::kWarning:
      return "warning";
    case Level::kError:
      return "error";
  }
  return "error";
}

spdlog::level::level_enum ToSpdlog(Level level) {
  switch (level) {
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarning:
      return spdlog::level::warn;
    case Level::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

spdlog::sink_ptr SinkFor(std::ostream* stream) {
  if (stream == nullptr) return std::make_shared<spdlog::sinks::stderr_sink_mt>();
  return std::make_shared<spdlog::sinks::ostream_sink_mt>(*stream);
}

// Quoted where a reader could not tell where the value ends; control characters never reach the log as they are.
std::string TextOf(const std::string& value) {
  const bool plain = !value.empty() && std::all_of(value.begin(), value.end(), [](unsigned char c) {
    return c > ' ' && c != '"' && c != '=' && c != '\\' && c != 0x7f;
  });
  return plain ? value : absl::StrCat("\"", absl::Utf8SafeCEscape(value), "\"");
}

std::string TextLine(Level level, std::string_view event, Logger::Fields fields) {
  std::string line = absl::StrCat(FormatUtc(SystemClock().WallMicros()), " ", ToAbsl(NameOf(level)), " ", ToAbsl(event));
  for (const Field& field : fields) {
    absl::StrAppend(&line, " ", ToAbsl(field.name), "=");
    if (const auto* text = std::get_if<std::string>(&field.value)) absl::StrAppend(&line, TextOf(*text));
    if (const auto* number = std::get_if<int64_t>(&field.value)) absl::StrAppend(&line, *number);
    if (const auto* number = std::get_if<double>(&field.value)) absl::StrAppend(&line, *number);
  }
  return line;
}

std::string JsonLine(Level level, std::string_view event, Logger::Fields fields) {
  nlohmann::ordered_json line = {{"time", FormatUtc(SystemClock().WallMicros())}, {"level", NameOf(level)}, {"event", event}};
  for (const Field& field : fields) {
    std::visit([&](const auto& value) { line[std::string(field.name)] = value; }, field.value);
  }
  return line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace

struct Logger::Sink {
  explicit Sink(const Options& options)
      : queue(std::make_shared<spdlog::details::thread_pool>(kQueuedLines, 1)),
        logger(std::make_shared<spdlog::async_logger>("seedbedd", SinkFor(options.stream), queue,
                                                      spdlog::async_overflow_policy::overrun_oldest)) {
    logger->set_pattern("%v");
    logger->set_level(ToSpdlog(options.level));
  }

  // Declared first, destroyed last: its destructor writes what is queued, and needs the logger, which queued lines keep alive.
  std::shared_ptr<spdlog::details::thread_pool> queue;
  std::shared_ptr<spdlog::async_logger> logger;
};

Logger::Logger(const Options& options) : format_(options.format), sink_(std::make_unique<Sink>(options)) {}
Logger::~Logger() = default;

void Logger::Write(Level level, std::string_view event, Fields fields) {
  const spdlog::level::level_enum spdlog_level = ToSpdlog(level);
  if (!sink_->logger->should_log(spdlog_level)) return;
  const std::string line = format_ == Format::kJson ? JsonLine(level, event, fields) : TextLine(level, event, fields);
  sink_->logger->log(spdlog_level, spdlog::string_view_t(line));
}

}  // namespace seedbed::log
