#include "client/cli/event_sink.h"

#include <sstream>

#include "core/base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/temporary_directory.h"
#include "tests/unit/client/lib/fake_server.h"

namespace seedbed::cli {
namespace {

using seedbed::testing::EpochEvent;
using seedbed::testing::LogEvent;
using seedbed::testing::ProgressEvent;
using seedbed::testing::StateEvent;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kMetrics[] = " - 1s - loss: 1.9489 - acc: 0.3598 - val_loss: 1.7644 - val_acc: 0.3984";

class EventSinkTest : public ::testing::Test {
 protected:
  // Shows events to the sink and returns what went to standard output and error.
  std::pair<std::string, std::string> Show(const std::vector<v1::Event>& events, Terminals terminals,
                                           TextEventSink::Detail detail = TextEventSink::Detail::kBrief, ConsoleOptions options = {}) {
    std::ostringstream out, err;
    Console console(out, err, terminals);
    console.Configure(options);
    TextEventSink sink(&console, detail);
    for (const v1::Event& event : events) sink.OnEvent(event);
    console.Flush();
    return {out.str(), err.str()};
  }
};

TEST_F(EventSinkTest, PrintsTwoPlainLinesPerEpochWithoutATerminal) {
  const auto [out, err] = Show({ProgressEvent("epoch 3/10", 32, 336, 100), EpochEvent(5, 3, 10)}, {});
  EXPECT_EQ(out, std::string("Epoch 3/10\n") + kMetrics + "\n");
  EXPECT_EQ(err, "");
}

TEST_F(EventSinkTest, RewritesOneLineOnATerminal) {
  const auto [out, err] =
      Show({ProgressEvent("epoch 3/10", 56, 336, 100), ProgressEvent("epoch 3/10", 168, 336, 100), EpochEvent(5, 3, 10)},
           {.out = true, .err = true, .dumb = false, .no_color = false});
  EXPECT_EQ(out, std::string("Epoch 3/10\n336/336 [==============================]") + kMetrics + "\n");
  EXPECT_EQ(err,
            "\r\033[K 56/336 [====>.........................] - ETA: 2s - 100 images/s"
            "\r\033[K168/336 [==============>...............] - ETA: 1s - 100 images/s"
            "\r\033[K");
}

TEST_F(EventSinkTest, ShowsABarWhenOnlyStandardErrorIsATerminal) {
  const auto [out, err] =
      Show({ProgressEvent("epoch 1/2", 1, 2, 1), EpochEvent(5, 1, 2)}, {.out = false, .err = true, .dumb = false, .no_color = false});
  EXPECT_EQ(out, std::string("Epoch 1/2\n") + kMetrics + "\n");
  EXPECT_THAT(err, HasSubstr("1/2 ["));
}

TEST_F(EventSinkTest, DrawsNoBarOnADumbTerminalNorWhenAskedNotTo) {
  const std::vector<v1::Event> events{ProgressEvent("decode", 1, 2, 1)};
  EXPECT_EQ(Show(events, {.out = true, .err = true, .dumb = true, .no_color = false}).second, "");
  const Terminals terminal{.out = true, .err = true, .dumb = false, .no_color = false};
  ConsoleOptions options;
  options.no_progress = true;
  EXPECT_EQ(Show(events, terminal, TextEventSink::Detail::kBrief, options).second, "");
}

TEST_F(EventSinkTest, AlwaysShowsWarnings) {
  v1::Event warning;
  warning.mutable_warning()->set_message("2 images were left out");
  ConsoleOptions quiet;
  quiet.quiet = true;
  EXPECT_EQ(Show({warning}, {}, TextEventSink::Detail::kBrief, quiet).second, "warning: 2 images were left out\n");
  EXPECT_THAT(Show({warning}, {.out = true, .err = true, .dumb = false, .no_color = false}).second, HasSubstr("\033[33;1mwarning:"));
  EXPECT_THAT(Show({warning}, {.out = true, .err = true, .dumb = false, .no_color = true}).second, Not(HasSubstr("\033[33")));
}

TEST_F(EventSinkTest, WarnsOfALostAttempt) {
  const auto [out, err] =
      Show({StateEvent(4, v1::JOB_STATE_PENDING, v1::REASON_WORKER_CRASHED, "worker jobs-cpu was killed by signal 9 (SIGKILL)")}, {});
  EXPECT_EQ(err, "warning: attempt 1 was lost: WORKER_CRASHED: worker jobs-cpu was killed by signal 9 (SIGKILL); it will be tried again\n");
}

TEST_F(EventSinkTest, ShowsLogAndStatesOnlyInFull) {
  const std::vector<v1::Event> events{StateEvent(1, v1::JOB_STATE_RUNNING), LogEvent(2, "decoding")};
  EXPECT_EQ(Show(events, {}).first, "");
  EXPECT_EQ(Show(events, {}, TextEventSink::Detail::kFull).first, "RUNNING\ndecoding\n");
}

TEST_F(EventSinkTest, NotesAreLogLinesAsMessages) {
  const std::vector<v1::Event> events{StateEvent(1, v1::JOB_STATE_RUNNING), LogEvent(2, "the backbone runs once")};
  EXPECT_EQ(Show(events, {}, TextEventSink::Detail::kNotes), std::pair(std::string(), std::string("the backbone runs once\n")));
  ConsoleOptions quiet;
  quiet.quiet = true;
  EXPECT_EQ(Show(events, {}, TextEventSink::Detail::kNotes, quiet).second, "");
}

TEST(ProgressLine, ShowsRateAndWhatIsLeft) {
  EXPECT_EQ(ProgressLine(ProgressEvent("decode", 72, 144, 36).progress()),
            "decode:  72/144 [==============>...............] - ETA: 2s - 36 images/s");
  EXPECT_EQ(ProgressLine(ProgressEvent("scan", 1234, 0, 0).progress()), "scan: 1,234 images");
}

TEST(JsonEventSink, PrintsALinePerEvent) {
  std::ostringstream out, err;
  Console console(out, err, {});
  JsonEventSink sink(&console);
  sink.OnEvent(LogEvent(1, "a"));
  sink.OnEvent(ProgressEvent("decode", 1, 2, 1));
  EXPECT_EQ(out.str(),
            "{\"seq\":1,\"time\":\"1970-01-01T00:00:00.000000Z\",\"type\":\"log\",\"message\":\"a\"}\n"
            "{\"time\":\"1970-01-01T00:00:00.000000Z\",\"type\":\"progress\",\"phase\":\"decode\",\"done\":1,\"total\":2,"
            "\"unit\":\"images\",\"rate\":1.0}\n");
}

TEST(LiveFileSink, WritesEachPreviewAndPassesTheRestOn) {
  const seedbed::testing::TemporaryDirectory folder;
  std::ostringstream out, err;
  Console console(out, err, {.out = true, .err = true, .dumb = false, .no_color = true});
  TextEventSink text(&console, TextEventSink::Detail::kBrief);
  LiveFileSink sink(folder.path() / "live.png", &text, &console);
  EXPECT_TRUE(sink.wants_previews());
  v1::Event event = ProgressEvent("maximize", 1, 4, 0);
  event.mutable_progress()->set_preview("half a sheet");
  sink.OnEvent(event);
  EXPECT_EQ(*ReadFile(folder.path() / "live.png"), "half a sheet");
  sink.OnEvent(ProgressEvent("maximize", 2, 4, 0));
  EXPECT_EQ(*ReadFile(folder.path() / "live.png"), "half a sheet");
  event.mutable_progress()->set_preview("the other half");
  sink.OnEvent(event);
  EXPECT_EQ(*ReadFile(folder.path() / "live.png"), "the other half");
  console.Flush();
  EXPECT_THAT(out.str() + err.str(), HasSubstr("2/4"));
  EXPECT_THAT(out.str() + err.str(), Not(HasSubstr("half")));
}

TEST(LiveFileSink, WarnsOnceOfAFileThatCannotBeWritten) {
  std::ostringstream out, err;
  Console console(out, err, {});
  TextEventSink text(&console, TextEventSink::Detail::kBrief);
  LiveFileSink sink("/proc/no-such-folder/live.png", &text, &console);
  v1::Event event = ProgressEvent("maximize", 1, 4, 0);
  event.mutable_progress()->set_preview("half a sheet");
  sink.OnEvent(event);
  sink.OnEvent(event);
  EXPECT_EQ(err.str().find("warning:"), err.str().rfind("warning:"));
  EXPECT_THAT(err.str(), HasSubstr("warning:"));
}

}  // namespace
}  // namespace seedbed::cli
