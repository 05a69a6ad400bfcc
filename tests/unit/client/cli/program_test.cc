// The commands: output, exit codes, signals, lost connections. Training has a file of its own.
#include <signal.h>

#include <chrono>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/client/cli/program_fixture.h"

namespace seedbed::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using seedbed::testing::EpochEvent;
using seedbed::testing::FakeJob;
using seedbed::testing::FakeServer;
using seedbed::testing::LogEvent;
using seedbed::testing::Program;
using seedbed::testing::ProgramOutput;
using seedbed::testing::StateEvent;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

// --- No server, errors, exit codes.

TEST(NoServer, IsSaidAtOnceWithWhatToDo) {
  const auto begin = std::chrono::steady_clock::now();
  const ProgramOutput result = Program("127.0.0.1:1", {"status"}).Wait();
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(result.err, "seedbed: no server at 127.0.0.1:1 (connection refused)\n  start one with: seedbed serve\n");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(1500));
}

TEST(NoServer, IsSaidForSocketsAndStreamsToo) {
  const ProgramOutput socket = Program("unix:/nowhere/seedbedd.sock", {"status"}).Wait();
  EXPECT_EQ(socket.exit_code, 3);
  EXPECT_THAT(socket.err, HasSubstr("no server at unix:/nowhere/seedbedd.sock (no such socket)"));
  EXPECT_EQ(Program("127.0.0.1:1", {"job", "watch", "train-1"}).Wait().exit_code, 3);
}

TEST_F(ProgramTest, MapsTheServersCodesToExitCodes) {
  const std::pair<grpc::StatusCode, int> table[] = {
      {grpc::StatusCode::INTERNAL, 1},
      {grpc::StatusCode::ALREADY_EXISTS, 1},
      {grpc::StatusCode::FAILED_PRECONDITION, 1},
      {grpc::StatusCode::UNAVAILABLE, 3},
      {grpc::StatusCode::NOT_FOUND, 4},
      {grpc::StatusCode::INVALID_ARGUMENT, 5},
      {grpc::StatusCode::PERMISSION_DENIED, 6},
      {grpc::StatusCode::RESOURCE_EXHAUSTED, 7},
      {grpc::StatusCode::UNIMPLEMENTED, 8},
      {grpc::StatusCode::DEADLINE_EXCEEDED, 124},
  };
  for (const auto& [code, exit_code] : table) {
    server_.FailCalls(100, {code, "as the test wants"});
    const ProgramOutput result = Run({"job", "show", "train-1"});
    EXPECT_EQ(result.exit_code, exit_code) << code;
    EXPECT_EQ(result.err, "seedbed: as the test wants\n");
  }
}

TEST_F(ProgramTest, ErrorsAreDocumentsWithJson) {
  const ProgramOutput result = Run({"--output", "json", "job", "show", "train-9"});
  EXPECT_EQ(result.exit_code, 4);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(json::parse(result.err)["error"]["code"], "NOT_FOUND");
}

TEST_F(ProgramTest, WrongUsageIsExitCodeTwo) {
  EXPECT_EQ(Run({}).exit_code, 2);
  EXPECT_EQ(Run({"split", "seedlings"}).exit_code, 2);
  EXPECT_EQ(Run({"train"}).exit_code, 2);
  EXPECT_EQ(Run({"--server", "nonsense", "status"}).exit_code, 2);
  EXPECT_EQ(Run({"status", "--timeout", "soon"}).exit_code, 2);
  const ProgramOutput result = Run({"trian"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.err, "seedbed: unknown command 'trian'; did you mean 'train'?\n  see: seedbed --help\n");
}

TEST_F(ProgramTest, HelpAndVersionGoToStandardOutput) {
  const ProgramOutput help = Run({"train", "--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.out, AllOf(HasSubstr("--batch-size"), HasSubstr("Examples:")));
  EXPECT_THAT(Run({"--version"}).out, StartsWith("seedbed "));
  EXPECT_TRUE(json::parse(Run({"version", "--output", "json"}).out).contains("version"));
}

// --- Status and lists.

TEST_F(ProgramTest, StatusShowsTheServer) {
  server_.info()->set_version("9.9.9");
  server_.info()->set_free_bytes(50'000'000'000);
  v1::StateCount* count = server_.info()->add_jobs();
  count->set_state("RUNNING");
  count->set_jobs(2);
  EXPECT_THAT(Run({"status"}).out, AllOf(HasSubstr("version 9.9.9"), HasSubstr("50.0 GB free"), HasSubstr("2 RUNNING")));
  const ProgramOutput quiet = Run({"status", "--quiet"});
  EXPECT_EQ(quiet.exit_code, 0);
  EXPECT_EQ(quiet.out + quiet.err, "");
  const json document = json::parse(Run({"status", "--output", "json"}).out);
  EXPECT_EQ(document["jobs"][0]["jobs"], 2);
  EXPECT_EQ(document["draining"], false);
}

TEST_F(ProgramTest, ListsAreTablesOrDocuments) {
  server_.AddDataset(Seedlings("/data/seedlings"));
  AddJob("train-1", {});
  EXPECT_THAT(Run({"dataset", "ls"}).out, AllOf(StartsWith("NAME       VERSION  IMAGES"), HasSubstr("seedlings        1     480")));
  EXPECT_EQ(json::parse(Run({"dataset", "ls", "--output", "json"}).out)["datasets"][0]["images"], 480);
  EXPECT_EQ(json::parse(Run({"job", "ls", "--output", "json"}).out)["jobs"][0]["id"], "train-1");
  EXPECT_EQ(json::parse(Run({"job", "ls", "--state", "running", "--output", "json"}).out)["jobs"], json::array());
  EXPECT_EQ(json::parse(Run({"worker", "ls", "--output", "json"}).out)["workers"], json::array());
  EXPECT_EQ(json::parse(Run({"model", "ls", "--output", "json"}).out)["models"], json::array());
  EXPECT_EQ(Run({"job", "ls", "--state", "flying"}).exit_code, 2);
}

TEST_F(ProgramTest, ShowsAndRemovesADataset) {
  server_.AddDataset(Seedlings("/data/seedlings"));
  EXPECT_THAT(Run({"dataset", "show", "seedlings"}).out, HasSubstr("Shepherd’s Purse     240"));
  EXPECT_EQ(json::parse(Run({"dataset", "show", "seedlings", "--output", "json"}).out)["splits"], json::array());
  EXPECT_EQ(Run({"dataset", "rm", "seedlings"}).exit_code, 0);
  EXPECT_EQ(Run({"dataset", "rm", "seedlings"}).exit_code, 4);
}

// --- Jobs that are waited for.

class DatasetAddTest : public ProgramTest {
 protected:
  DatasetAddTest() {
    server_.AddDataset(Seedlings("/data/seedlings"));
    server_.SetScript([](FakeJob* job) {
      v1::IndexResult* result = job->job.mutable_result()->mutable_index();
      result->set_dataset("seedlings");
      result->set_version(1);
    });
  }
};

TEST_F(DatasetAddTest, SaysWhatWasFound) {
  const ProgramOutput result = Run({"dataset", "add", "seedlings", "/data/../data/seedlings"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, StartsWith("Found 480 images belonging to 2 classes.\n"));
  EXPECT_EQ(server_.submissions()[0].spec().index().root(), "/data/../data/seedlings");  // refusing it is the server's
}

TEST_F(DatasetAddTest, ResolvesRelativePaths) {
  EXPECT_EQ(json::parse(Run({"dataset", "add", "seedlings", "../photos", "--output", "json"}).out)["images"], 480);
  EXPECT_EQ(server_.submissions()[0].spec().index().root(), (fs::current_path().parent_path() / "photos").string());
}

TEST_F(DatasetAddTest, CleansADataset) {
  server_.SetScript([](FakeJob* job) {
    v1::CleanResult* result = job->job.mutable_result()->mutable_clean();
    result->set_dataset("seedlings");
    result->set_version(1);
  });
  const ProgramOutput result = Run({"dataset", "clean", "photos:2", "--as", "seedlings"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, StartsWith("Found 480 images belonging to 2 classes.\n"));
  const v1::CleanSpec spec = server_.submissions()[0].spec().clean();
  EXPECT_EQ(spec.dataset(), "photos");
  EXPECT_EQ(spec.dataset_version(), 2);
  EXPECT_EQ(spec.output(), "seedlings");
  ASSERT_EQ(spec.pipeline().values_size(), 1);
  EXPECT_EQ(spec.pipeline().values(0).string_value(), "remove_background");
  EXPECT_EQ(Run({"dataset", "clean", "photos", "--pipeline", "[remove_background: {median: 0}]", "--as", "x", "--update", "--detach"}).out,
            "clean-2\n");
  EXPECT_TRUE(server_.submissions()[1].spec().clean().update());
  EXPECT_EQ(server_.submissions()[1].spec().clean().pipeline().values(0).struct_value().fields_size(), 1);
  EXPECT_EQ(Run({"dataset", "clean", "photos"}).exit_code, 2) << "--as is missing";
  EXPECT_EQ(Run({"dataset", "clean", "photos", "--as", "x", "--pipeline", "["}).exit_code, 2);
}

TEST_F(DatasetAddTest, CountsRejectedFilesByReason) {
  v1::GetDatasetResponse dataset = Seedlings("/data/seedlings");
  dataset.mutable_dataset()->set_rejected(3);
  dataset.mutable_dataset()->set_job_id("index-1");
  server_.AddDataset(dataset);
  server_.SetScript([](FakeJob* job) {
    job->job.mutable_result()->mutable_index()->set_dataset("seedlings");
    job->artifacts["rejected.tsv"] = "path\treason\na/1.png\tempty file\na/2.png\ttruncated: at byte 5\nb/3.png\ttruncated: at byte 9\n";
  });
  const ProgramOutput result = Run({"dataset", "add", "seedlings", "/data/seedlings"});
  EXPECT_THAT(result.err, AllOf(HasSubstr("3 files left out"), HasSubstr("\n  1  empty file"), HasSubstr("\n  2  truncated"),
                                HasSubstr("seedbed job get index-1 rejected.tsv --out -")));
}

TEST_F(DatasetAddTest, UploadsWhatTheServerLacks) {
  Write("photos/maize/1.png", "one");
  const ProgramOutput result = Run({"dataset", "add", "seedlings", Path("photos").string(), "--upload"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("Sent 1 of 1 file"));
  EXPECT_THAT(server_.blobs(), SizeIs(2));
  EXPECT_TRUE(server_.blobs().contains(server_.submissions()[0].spec().index().listing_sha256()));
}

TEST_F(DatasetAddTest, DetachPrintsTheId) {
  const ProgramOutput result = Run({"dataset", "add", "seedlings", "/data/seedlings", "--detach", "--label", "who=me", "--priority", "-3"});
  EXPECT_EQ(result.out, "index-1\n");
  EXPECT_THAT(server_.watches(), IsEmpty());
  EXPECT_EQ(server_.submissions()[0].spec().labels().at("who"), "me");
  EXPECT_EQ(server_.submissions()[0].spec().priority(), -3);
}

TEST_F(ProgramTest, SplitSendsItsRuleAndPrintsATable) {
  v1::GetDatasetResponse dataset = Seedlings("/data/seedlings");
  v1::Split* split = dataset.add_splits();
  split->set_name("holdout");
  split->set_dataset("seedlings");
  split->set_rule("0.1 of each class, seed 7");
  v1::Subset* subset = split->add_subsets();
  subset->set_name("train");
  subset->set_images(432);
  subset->add_per_class(216);
  subset->add_per_class(216);
  server_.AddDataset(dataset);
  server_.SetScript([](FakeJob* job) {
    job->job.mutable_result()->mutable_split()->set_dataset("seedlings");
    job->job.mutable_result()->mutable_split()->set_split("holdout");
  });
  const ProgramOutput result = Run({"split", "seedlings", "--fraction", "0.1", "--seed", "7", "--name", "holdout", "--group-by",
                                    "(p[0-9]+)", "--group-near", "--materialize", "/data/split", "--mode", "link"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, AllOf(HasSubstr("0.1 of each class, seed 7"), HasSubstr("Shepherd’s Purse    216\n"), HasSubstr("432")));
  const v1::SplitSpec spec = server_.submissions()[0].spec().split();
  EXPECT_EQ(spec.fraction(), 0.1);
  EXPECT_EQ(spec.seed(), 7u);
  EXPECT_EQ(spec.group_by(), "(p[0-9]+)");
  EXPECT_TRUE(spec.group_near());
  EXPECT_EQ(spec.materialize_dir(), "/data/split");
  EXPECT_EQ(spec.materialize_mode(), v1::MATERIALIZE_MODE_LINK);
  EXPECT_EQ(Run({"split", "seedlings", "--fraction", "0.1", "--per-class", "12"}).exit_code, 2);
}

TEST_F(ProgramTest, EvaluateShowsScores) {
  server_.SetScript([](FakeJob* job) {
    v1::EvaluateResult* result = job->job.mutable_result()->mutable_evaluate();
    for (const char* name : {"Maize", "Cleavers"}) {
      result->add_per_class()->set_name(name);
      result->mutable_per_class(result->per_class_size() - 1)->set_images(12);
    }
    for (const int64_t count : {12, 0, 3, 9}) result->add_confusion(count);
    result->set_images(24);
    result->set_accuracy(0.875);
  });
  const std::vector<std::string> command{"evaluate", "baseline", "--dataset", "seedlings", "--split", "default", "--subset", "validation"};
  EXPECT_THAT(Run(command).out,
              AllOf(HasSubstr("accuracy 0.8750 (21 of 24 images)"), HasSubstr("Cleavers        Maize           3    25%")));
  std::vector<std::string> as_json = command;
  as_json.insert(as_json.end(), {"--output", "json"});
  const json document = json::parse(Run(as_json).out);
  EXPECT_EQ(document["confusion"], json({{12, 0}, {3, 9}}));
  EXPECT_EQ(document["accuracy"], 0.875);
  EXPECT_EQ(document["images"], 24);
  EXPECT_EQ(document["per_class"][1]["name"], "Cleavers");
  EXPECT_TRUE(document.contains("top5"));
}

// --- Watching.

TEST_F(ProgramTest, WatchGoesOnAcrossLostConnections) {
  AddJob("train-1",
         {StateEvent(1, v1::JOB_STATE_RUNNING), EpochEvent(2, 1, 2), EpochEvent(3, 2, 2), StateEvent(4, v1::JOB_STATE_SUCCEEDED)});
  server_.CutStreams({2, 0, -1});
  const ProgramOutput result = Run({"job", "watch", "train-1", "--output", "json"});
  EXPECT_EQ(result.exit_code, 0);
  std::vector<int> numbers;
  for (const json& line : Lines(result.out)) numbers.push_back(line["seq"]);
  EXPECT_THAT(numbers, ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(result.err, "connection lost (cut), retrying after event 2\n");
}

TEST_F(ProgramTest, AFailedJobIsExplained) {
  AddJob("train-1", {StateEvent(1, v1::JOB_STATE_RUNNING), LogEvent(2, "loss 43.1 at batch 2"),
                     StateEvent(3, v1::JOB_STATE_FAILED, v1::REASON_DIVERGED, "loss is not a number at epoch 1, batch 7")});
  const ProgramOutput result = Run({"job", "watch", "train-1"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, StartsWith("seedbed: job train-1 failed (DIVERGED): loss is not a number at epoch 1, batch 7\n"
                                     "  last log lines:\n    loss 43.1 at batch 2\n  what to do: lower --lr"));
  const ProgramOutput as_json = Run({"job", "watch", "train-1", "--output", "json"});
  EXPECT_EQ(as_json.exit_code, 1);
  EXPECT_EQ(json::parse(as_json.err)["error"]["reason"], "DIVERGED");
  EXPECT_THAT(Lines(as_json.out), SizeIs(3));
}

TEST(Interruption, LeavesTheJobAlone) {
  for (const auto& [signal, exit_code] : {std::pair(SIGINT, 130), std::pair(SIGTERM, 143)}) {
    FakeServer server;  // of its own, so that the watcher waited for is this one
    FakeJob job;
    job.job.set_id("train-1");
    job.log = {StateEvent(1, v1::JOB_STATE_RUNNING)};
    server.AddJob(job);
    Program program(server.address(), {"job", "watch", "train-1"});
    server.WaitForWatcher();
    program.Signal(signal);
    const ProgramOutput result = program.Wait();
    EXPECT_EQ(result.exit_code, exit_code);
    EXPECT_EQ(result.err,
              "seedbed: stopped watching; job train-1 goes on\n"
              "  come back: seedbed job watch train-1\n  fetch its files when it is done: seedbed job get train-1\n"
              "  cancel it: seedbed job cancel train-1\n");
    EXPECT_THAT(server.cancelled(), IsEmpty());
  }
}

TEST_F(ProgramTest, ATimeoutLeavesTheJobAlone) {
  AddJob("train-1", {StateEvent(1, v1::JOB_STATE_RUNNING)});
  const ProgramOutput result = Run({"job", "watch", "train-1", "--timeout", "300ms", "--server", server_.address()});
  EXPECT_EQ(result.exit_code, 124);
  EXPECT_THAT(result.err, HasSubstr("job train-1 goes on"));
}

TEST_F(ProgramTest, CancelAsksTheServer) {
  AddJob("train-1", {});
  EXPECT_EQ(Run({"job", "cancel", "train-1"}).exit_code, 0);
  EXPECT_THAT(server_.cancelled(), ElementsAre("train-1"));
}

TEST_F(ProgramTest, ShowsAJob) {
  FakeJob job;
  job.job.set_id("train-1");
  job.job.set_state(v1::JOB_STATE_FAILED);
  job.job.mutable_error()->set_reason(v1::REASON_DISK_FULL);
  job.job.mutable_error()->set_message("no space left");
  server_.AddJob(job);
  EXPECT_THAT(Run({"job", "show", "train-1"}).out, HasSubstr("error    DISK_FULL: no space left"));
  const json document = json::parse(Run({"job", "show", "train-1", "--output", "json"}).out);
  for (const char* name : {"id", "kind", "state", "attempt", "error"}) EXPECT_TRUE(document.contains(name)) << name;
}

// --- Files.

class FilesTest : public ProgramTest {
 protected:
  FilesTest() {
    FakeJob job;
    job.job.set_id("evaluate-1");
    job.artifacts = {{"confusion.csv", "a,b\n"}, {"plots/curve.svg", "<svg/>"}};
    server_.AddJob(job);
    v1::Model model;
    model.set_name("baseline");
    model.set_version(1);
    model.set_weights_sha256("cafe");
    model.add_layers()->set_name("dense_1");
    server_.AddModel(model, {{"model.json", "{}"}, {"model.safetensors", "weights"}});
  }
  std::string Content(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(Path(name)).rdbuf();
    return text.str();
  }
};

TEST_F(FilesTest, GetsAllArtifactsOrOne) {
  EXPECT_EQ(Run({"job", "get", "evaluate-1", "--out", Path("all").string()}).exit_code, 0);
  EXPECT_EQ(Content("all/confusion.csv"), "a,b\n");
  EXPECT_EQ(Content("all/plots/curve.svg"), "<svg/>");
  EXPECT_EQ(Run({"job", "get", "evaluate-1", "plots/curve.svg", "--out", Path("one.svg").string()}).exit_code, 0);
  EXPECT_EQ(Content("one.svg"), "<svg/>");
  EXPECT_EQ(Run({"job", "get", "evaluate-1", "plots/curve.svg", "--out", Path("all").string()}).exit_code, 0);
  EXPECT_EQ(Content("all/curve.svg"), "<svg/>");
  EXPECT_EQ(Run({"job", "get", "evaluate-1", "confusion.csv", "--out", "-"}).out, "a,b\n");
  EXPECT_EQ(Run({"job", "get", "evaluate-1", "nothing"}).exit_code, 4);
  EXPECT_THAT(Run({"job", "artifacts", "evaluate-1"}).out, HasSubstr("plots/curve.svg"));
}

TEST_F(FilesTest, ExportsAndShowsModels) {
  EXPECT_EQ(Run({"model", "export", "baseline", "--out", Path("model").string()}).exit_code, 0);
  EXPECT_EQ(Content("model/model.safetensors"), "weights");
  EXPECT_EQ(Run({"model", "export", "baseline", "--out", Path("model").string()}).exit_code, 1);
  const json document = json::parse(Run({"model", "show", "baseline", "--output", "json"}).out);
  for (const char* name : {"weights_sha256", "classes", "parameters", "metrics"}) EXPECT_TRUE(document.contains(name)) << name;
  EXPECT_THAT(Run({"model", "summary", "baseline"}).out, HasSubstr("Layer (type)                 Output Shape              Param #"));
  EXPECT_EQ(Run({"model", "show", "baseline:0"}).exit_code, 2);
  EXPECT_EQ(Run({"model", "rm", "baseline"}).exit_code, 0);
  EXPECT_EQ(Run({"model", "show", "baseline"}).exit_code, 4);
}

// --- Around the commands.

TEST_F(ProgramTest, CompletesCommandsOptionsAndNames) {
  AddJob("train-1", {});
  AddJob("index-2", {});
  EXPECT_EQ(Run({"__complete", "--", "dat"}).out, "dataset\n");
  EXPECT_THAT(Run({"__complete", "--", "job", "watch", "--af"}).out, HasSubstr("--after-seq\n"));
  EXPECT_EQ(Run({"__complete", "--", "job", "watch", "tr"}).out, "train-1\n");
  EXPECT_THAT(Run({"completion", "bash"}).out, HasSubstr("complete -F _seedbed seedbed"));
  EXPECT_EQ(Program("127.0.0.1:1", {"__complete", "--", "job", "watch", ""}).Wait().out, "");
}

TEST_F(ProgramTest, ServeBecomesTheServer) {
  fs::copy_file(SEEDBED_PROGRAM, Path("seedbed"));
  Write("seedbedd", "#!/bin/sh\necho \"$$ $@\"\nexit 7\n");
  fs::permissions(Path("seedbedd"), fs::perms::owner_all);
  const ProgramOutput result = Program("", {"serve", "--listen", "127.0.0.1:0", "--data-root", "/data"}, Path("seedbed")).Wait();
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_THAT(result.out, HasSubstr(" --listen 127.0.0.1:0 --data-root /data\n"));
}

TEST_F(ProgramTest, ServeSaysWhenThereIsNoServerProgram) {
  fs::copy_file(SEEDBED_PROGRAM, Path("seedbed"));
  const ProgramOutput result = Program("", {"serve"}, Path("seedbed")).Wait();
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, AllOf(HasSubstr("seedbedd: No such file"), HasSubstr("./run build")));
}

TEST_F(ProgramTest, DoctorListsProblemsWithTheirFixes) {
  fs::copy_file(SEEDBED_PROGRAM, Path("seedbed"));  // with no worker beside it
  const ProgramOutput result = Program(server_.address(), {"doctor", "--data-root", Path("data").string()}, Path("seedbed")).Wait();
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.out, AllOf(HasSubstr("problem  worker program"), HasSubstr("fix: build it"), HasSubstr("ok       data root"),
                                HasSubstr("ok       message limit")));
  // The fake server is held by this test, not by seedbedd.
  EXPECT_THAT(result.out, HasSubstr("is held by "));
  const json document = json::parse(Program(server_.address(), {"doctor", "--output", "json"}, Path("seedbed")).Wait().out);
  EXPECT_GE(document["checks"].size(), 8u);
}

}  // namespace
}  // namespace seedbed::cli
