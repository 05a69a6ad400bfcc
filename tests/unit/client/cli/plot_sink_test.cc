#include "client/cli/plot_sink.h"

#include <sstream>

#include "gmock/gmock.h"
#include "tests/unit/client/lib/fake_server.h"

namespace seedbed::cli {
namespace {

using seedbed::testing::EpochEvent;
using seedbed::testing::LogEvent;
using seedbed::testing::StateEvent;
using ::testing::HasSubstr;
using ::testing::Not;

struct Shown {
  std::string out;
  std::string err;
};

Shown Show(const std::vector<v1::Event>& events, bool redraws) {
  std::ostringstream out, err;
  Console console(out, err, {});
  PlotEventSink sink(&console, 80, /*utf8=*/false, redraws);
  for (const v1::Event& event : events) sink.OnEvent(event);
  sink.Finish();
  return {out.str(), err.str()};
}

size_t CountOf(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(PlotEventSink, OnePictureWithoutATerminal) {
  const Shown shown = Show({EpochEvent(5, 1, 3), EpochEvent(6, 2, 3), EpochEvent(7, 3, 3)}, /*redraws=*/false);
  EXPECT_THAT(shown.out, Not(HasSubstr("\033")));
  EXPECT_EQ(CountOf(shown.out, "loss      "), 1);
  EXPECT_THAT(shown.out, HasSubstr("accuracy"));
  EXPECT_THAT(shown.out, HasSubstr("o validation"));
  EXPECT_THAT(shown.out, HasSubstr("Epoch 3/3 - 1s - loss: 1.9489"));
}

TEST(PlotEventSink, DrawsInItsPlaceOnATerminal) {
  const Shown shown = Show({EpochEvent(5, 1, 2), EpochEvent(6, 2, 2)}, /*redraws=*/true);
  const std::string first = shown.out.substr(0, shown.out.find('\033'));
  const auto lines = std::count(first.begin(), first.end(), '\n');
  EXPECT_THAT(shown.out, HasSubstr("\033[" + std::to_string(lines) + "F\033[J"));
  EXPECT_EQ(CountOf(shown.out, "Epoch 1/2"), 1);
  EXPECT_EQ(CountOf(shown.out, "Epoch 2/2"), 1);
}

// Else it would be two lines on the terminal, one of which is not erased.
TEST(PlotEventSink, NoLineIsWiderThanTheTerminal) {
  const Shown shown = Show({EpochEvent(5, 10, 10), EpochEvent(6, 10, 10)}, /*redraws=*/true);
  std::istringstream lines(shown.out.substr(0, shown.out.find('\033')));
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80u) << line;
  EXPECT_THAT(Show({EpochEvent(5, 10, 10)}, /*redraws=*/false).out, HasSubstr("val_acc: 0."));
}

TEST(PlotEventSink, WarningsStandAboveThePicture) {
  v1::Event warning;
  warning.mutable_warning()->set_message("careful");
  const Shown shown = Show({EpochEvent(5, 1, 2), warning, LogEvent(7, "decoded")}, /*redraws=*/true);
  EXPECT_EQ(CountOf(shown.out, "Epoch 1/2"), 2);
  EXPECT_EQ(shown.err, "warning: careful\n");
}

TEST(PlotEventSink, SaysThatThereWasNothingToDraw) {
  const Shown shown = Show({StateEvent(1, v1::JOB_STATE_SUCCEEDED)}, /*redraws=*/true);
  EXPECT_EQ(shown.out, "");
  EXPECT_THAT(shown.err, HasSubstr("no epochs"));
}

}  // namespace
}  // namespace seedbed::cli
