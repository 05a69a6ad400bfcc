#include "client/cli/command_tree.h"

#include "client/cli/commands/commands.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/status_matchers.h"

namespace seedbed::cli {
namespace {

using seedbed::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StrEq;

// seedbed with "job watch JOB" and "train [DIR] --epochs N".
class CommandTreeTest : public ::testing::Test {
 protected:
  CommandTreeTest() : tree_(&globals_) {
    CLI::App* job = tree_.AddNoun("job", "Jobs");
    tree_.AddCommand(job, "watch", "Follow a job", {"seedbed job watch train-3"}, Remember("watch"))->add_option("JOB", job_)->required();
    CLI::App* train = tree_.AddCommand(&tree_.root(), "train", "Train a model", {}, Remember("train"));
    train->add_option("DIR", directory_);
    train->add_option("--epochs", epochs_);
  }

  Handler Remember(const std::string& name) {
    return [this, name](Session&) {
      ran_ = name;
      return kDone;
    };
  }

  absl::StatusOr<CommandTree::Parsed> Parse(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "seedbed");
    return tree_.Parse(static_cast<int>(arguments.size()), arguments.data());
  }

  GlobalOptions globals_ = GlobalOptions::FromEnvironment();
  CommandTree tree_;
  std::string job_, directory_, ran_;
  int epochs_ = 0;
};

TEST_F(CommandTreeTest, TakesGlobalOptionsBeforeAndAfterTheCommand) {
  SB_ASSERT_OK(Parse({"--server", "a:1", "job", "--quiet", "watch", "train-3", "--output", "json"}));
  EXPECT_EQ(globals_.server, "a:1");
  EXPECT_TRUE(globals_.quiet);
  EXPECT_EQ(globals_.output, "json");
  EXPECT_EQ(job_, "train-3");
}

TEST_F(CommandTreeTest, TheOptionNearestToTheCommandWins) {
  SB_ASSERT_OK(Parse({"--server", "a:1", "train", "--server", "b:2"}));
  EXPECT_EQ(globals_.server, "b:2");
}

TEST_F(CommandTreeTest, TakesWordsOfCommandsAsNames) {
  SB_ASSERT_OK(Parse({"job", "watch", "train"}));
  EXPECT_EQ(job_, "train");
}

TEST_F(CommandTreeTest, SuggestsCommandsAndOptions) {
  EXPECT_THAT(Parse({"trian"}), StatusIs(absl::StatusCode::kInvalidArgument, StrEq("unknown command 'trian'; did you mean 'train'?")));
  EXPECT_THAT(Parse({"job", "wach", "x"}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("did you mean 'watch'?")));
  EXPECT_THAT(Parse({"train", "--epcohs", "3"}),
              StatusIs(absl::StatusCode::kInvalidArgument, StrEq("unknown option '--epcohs'; did you mean '--epochs'?")));
  EXPECT_THAT(Parse({"train", "--epcohs=3"}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("did you mean '--epochs'?")));
  EXPECT_THAT(Parse({"train", "--xyzzy"}), StatusIs(absl::StatusCode::kInvalidArgument, StrEq("unknown option '--xyzzy'")));
}

TEST_F(CommandTreeTest, UsageErrorsAreExitCodeTwoAndPointToHelp) {
  const auto parsed = Parse({"job", "watch"});
  EXPECT_EQ(ExitCodeFor(parsed.status()), kUsage);
  EXPECT_THAT(std::string(parsed.status().message()), HasSubstr("JOB is required"));
  EXPECT_THAT(HintOf(parsed.status()), StrEq("see: seedbed job watch --help"));
  EXPECT_THAT(Parse({"job"}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("needs one of: watch")));
  EXPECT_THAT(Parse({"train", "--epochs", "ten"}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("--epochs")));
  EXPECT_THAT(Parse({"train", "--output", "yaml"}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("yaml")));
}

TEST_F(CommandTreeTest, HelpHasExamplesAndExitCodes) {
  EXPECT_THAT(Parse({"job", "watch", "-h"}).value().text,
              AllOf(HasSubstr("Follow a job"), HasSubstr("Examples:\n  seedbed job watch train-3")));
  EXPECT_THAT(Parse({"job", "-h"}).value().text, AllOf(HasSubstr("Examples:\n  seedbed job watch train-3"), Not(HasSubstr("Exit codes"))));
  EXPECT_THAT(Parse({"train", "-h"}).value().text, Not(HasSubstr("Examples")));
  EXPECT_THAT(Parse({"--help"}).value().text, AllOf(HasSubstr("Exit codes: 0 done"), HasSubstr("124 --timeout expired")));
}

// Every command of the real tree has a description, examples and the global options.
TEST(Commands, AllExplainThemselves) {
  GlobalOptions globals;
  CommandTree tree(&globals);
  AddTrainCommand(tree);
  AddEvaluateCommand(tree);
  AddDatasetCommands(tree);
  AddSplitCommand(tree);
  AddExtractCommand(tree);
  AddFeaturesCommands(tree);
  AddJobCommands(tree);
  AddModelCommands(tree);
  AddWorkerCommands(tree);
  AddStatusCommand(tree);
  AddServeCommand(tree);
  AddDoctorCommand(tree);
  AddVersionCommand(tree);
  AddCompletionCommands(tree);
  int commands = 0;
  const std::function<void(CLI::App*)> check = [&](CLI::App* app) {
    const auto below = app->get_subcommands([](CLI::App*) { return true; });
    for (CLI::App* command : below) check(command);
    if (!below.empty() || app->get_group().empty()) return;
    ++commands;
    EXPECT_THAT(app->help(), AllOf(HasSubstr("Examples:"), HasSubstr("--output"), HasSubstr("--server"))) << app->get_name();
    EXPECT_FALSE(app->get_description().empty()) << app->get_name();
  };
  check(&tree.root());
  EXPECT_GE(commands, 30);
}

}  // namespace
}  // namespace seedbed::cli
