// The two ends of an Attach call with gRPC between them, in one process: supervisor and agent, each on its loop, and a stream that is
// broken again and again.
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <future>
#include <thread>

#include "core/base/event_loop.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/worker/agent.h"
#include "server/worker/grpc_connector.h"
#include "server/workers/attach_service.h"
#include "server/workers/supervisor.h"
#include "server/workers/worker_contract.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temporary_directory.h"
#include "tests/unit/server/workers/fakes.h"

namespace seedbed::workers {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kPatience{60};

std::string AddressIn(const std::filesystem::path& folder) { return "unix:" + (folder / "s").string(); }

// A loop with its thread.
class LoopThread {
 public:
  LoopThread() : loop_(*EventLoop::Create()) {}
  ~LoopThread() { Stop(); }
  void Start(std::function<MonotonicTime()> tick) {
    thread_ = std::thread([this, tick = std::move(tick)] { loop_->Run(tick); });
  }
  void Stop() {
    loop_->Stop();
    if (thread_.joinable()) thread_.join();
  }
  // Runs `question` on the loop and returns its answer.
  template <typename Question>
  auto Ask(Question question) {
    std::promise<decltype(question())> answer;
    EXPECT_TRUE(loop_->Post([&] { answer.set_value(question()); }));
    return answer.get_future().get();
  }
  EventLoop* get() { return loop_.get(); }

 private:
  const std::unique_ptr<EventLoop> loop_;
  std::thread thread_;
};

// The server's end. Its slot is held by this very process.
class ServerEnd : private AttachHandler {
 public:
  explicit ServerEnd(const std::filesystem::path& folder) : service_(this) {
    jobs_.set_folder(folder);
    SupervisorOptions options;
    options.slots = {{.name = "jobs-cpu", .device = "cpu"}};
    options.token = "secret";
    processes_.AddLiving("jobs-cpu", ::getpid());
    supervisor_.emplace(options, &processes_, &jobs_, &SystemClock(), [](const v1::Worker&) {});
    supervisor_->Start({});
    loop_.Start([this] { return supervisor_->Tick(); });
    grpc::ServerBuilder builder;
    builder.AddListeningPort(AddressIn(folder), grpc::InsecureServerCredentials());
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    EXPECT_NE(server_, nullptr);
  }
  ~ServerEnd() override {
    loop_.Stop();
    service_.CloseAll(absl::UnavailableError("the end"));
    server_->Shutdown(std::chrono::system_clock::now() + seconds(5));
  }

  void Submit(const std::string& job) {
    loop_.Ask([&] {
      jobs_.AddRunnable(job);
      supervisor_->OnJobsRunnable();
      return true;
    });
  }
  void Cancel(const std::string& job) {
    loop_.Ask([&] {
      supervisor_->OnCancelRequested(MakeAttempt(job, 1));
      return true;
    });
  }
  void AskToStop() {
    loop_.Ask([&] {
      supervisor_->BeginStop();
      return true;
    });
  }
  // Ends the worker's stream, if there is one.
  bool BreakStream() {
    return loop_.Ask([&] {
      const std::shared_ptr<WorkerStream> stream = std::exchange(stream_, nullptr);
      if (stream) stream->Close(absl::UnavailableError("broken by the test"));
      return stream != nullptr;
    });
  }
  // Waits until the jobs were told `call`; returns all that they were told.
  std::vector<std::string> WaitForCall(const std::string& call) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < deadline) {
      for (std::string& line : loop_.Ask([&] { return jobs_.TakeCalls(); })) calls_.push_back(std::move(line));
      if (std::find(calls_.begin(), calls_.end(), call) != calls_.end()) return calls_;
      std::this_thread::sleep_for(milliseconds(1));
    }
    ADD_FAILURE() << "the jobs were never told: " << call;
    return calls_;
  }

 private:
  void OnMessage(std::shared_ptr<WorkerStream> stream, v1::WorkerMessage message) override {
    loop_.get()->Post([this, stream = std::move(stream), message = std::move(message)] {
      stream_ = stream;
      supervisor_->OnMessage(stream, message);
    });
  }
  void OnStreamEnded(std::shared_ptr<WorkerStream> stream) override {
    loop_.get()->Post([this, stream = std::move(stream)] { supervisor_->OnStreamEnded(stream.get()); });
  }

  // The loop's thread only.
  FakeProcesses processes_;
  FakeJobs jobs_;
  std::optional<Supervisor> supervisor_;
  std::shared_ptr<WorkerStream> stream_;

  AttachService service_;
  LoopThread loop_;
  std::unique_ptr<grpc::Server> server_;
  std::vector<std::string> calls_;  // the test's thread
};

// The worker's end.
class WorkerEnd {
 public:
  WorkerEnd(const std::string& address, const worker::TaskFunction& task, const std::string& token = "secret")
      : connector_(
            address, loop_.get(),
            [this](const worker::ServerStream* stream, const v1::ServerMessage& message) { agent_->OnMessage(stream, message); },
            [this](const worker::ServerStream* stream, const absl::Status& status) { agent_->OnClosed(stream, status); }) {
    worker::AgentOptions options;
    options.slot = "jobs-cpu";
    options.token = token;
    options.first_backoff = milliseconds(1);
    options.max_backoff = milliseconds(5);
    agent_.emplace(options, task, &connector_, &SystemClock(), &log_, [loop = loop_.get()] { loop->Post([] {}); });
    loop_.Start([this] {
      const MonotonicTime next = agent_->Tick();
      if (agent_->exit_code() && !std::exchange(exited_, true)) exit_code_.set_value(*agent_->exit_code());
      return next;
    });
  }
  ~WorkerEnd() { loop_.Stop(); }
  int WaitForExit() {
    std::future<int> code = exit_code_.get_future();
    if (code.wait_for(kPatience) == std::future_status::ready) return code.get();
    ADD_FAILURE() << "the worker does not exit";
    return -1;
  }

 private:
  log::Logger log_{{.level = log::Level::kError}};
  LoopThread loop_;
  worker::GrpcConnector connector_;
  std::optional<worker::Agent> agent_;
  bool exited_ = false;  // the loop's thread only
  std::promise<int> exit_code_;
};

class AttachTest : public ::testing::Test {
 protected:
  testing::TemporaryDirectory directory_;

  // A task that says so many things, faster than they are stored.
  static absl::StatusOr<worker::TaskOutput> Say(int events, tasks::TaskContext& context) {
    for (int i = 1; i <= events; ++i) {
      if (context.cancelled()) return absl::CancelledError("stopped");
      context.Emit({.key = std::to_string(i), .payload = tasks::LogLine{"line"}});
      context.Report({.phase = "lines", .done = i, .total = events, .unit = "lines", .rate = 0});
      if (i % 20 == 0) std::this_thread::sleep_for(milliseconds(1));
    }
    return worker::TaskOutput();
  }
  static worker::TaskFunction Saying(int events) {
    return [events](const v1::Assignment&, tasks::TaskContext& context) { return Say(events, context); };
  }
};

// The keys of the events that the jobs were told of, without those that were told again.
std::vector<int> NewEvents(const std::vector<std::string>& calls) {
  std::vector<int> keys;
  for (const std::string& call : calls) {
    if (!call.starts_with("event ")) continue;
    const int key = std::stoi(call.substr(call.rfind(' ') + 1));
    if (keys.empty() || key > keys.back()) keys.push_back(key);
  }
  return keys;
}

std::vector<int> OneTo(int last) {
  std::vector<int> numbers(static_cast<size_t>(last));
  for (int i = 0; i < last; ++i) numbers[static_cast<size_t>(i)] = i + 1;
  return numbers;
}

TEST_F(AttachTest, EventsPassInOrderAndOnce) {
  ServerEnd server(directory_.path());
  WorkerEnd worker(AddressIn(directory_.path()), Saying(3'000));
  server.Submit("job");
  const std::vector<std::string> calls = server.WaitForCall("finish job/1 SUCCEEDED");
  EXPECT_EQ(NewEvents(calls), OneTo(3'000));
  EXPECT_EQ(std::count_if(calls.begin(), calls.end(), [](const std::string& call) { return call.rfind("event", 0) == 0; }), 3'000);
  EXPECT_GT(std::count(calls.begin(), calls.end(), "progress job/1"), 0);
}

TEST_F(AttachTest, BrokenStreamsLoseNothing) {
  ServerEnd server(directory_.path());
  WorkerEnd worker(AddressIn(directory_.path()), Saying(2'000));
  server.Submit("job");
  int breaks = 0;
  std::atomic<bool> done{false};
  std::thread breaker([&] {
    while (!done) {
      std::this_thread::sleep_for(milliseconds(7));
      if (server.BreakStream()) ++breaks;
    }
  });
  const std::vector<std::string> calls = server.WaitForCall("finish job/1 SUCCEEDED");
  done = true;
  breaker.join();
  EXPECT_EQ(NewEvents(calls), OneTo(2'000));
  EXPECT_GT(breaks, 3);
}

TEST_F(AttachTest, TheNextJobFollowsAfterABreak) {
  ServerEnd server(directory_.path());
  WorkerEnd worker(AddressIn(directory_.path()), Saying(10));
  for (int i = 0; i < 20; ++i) {
    server.Submit("job-" + std::to_string(i));
    server.BreakStream();
    server.WaitForCall("finish job-" + std::to_string(i) + "/1 SUCCEEDED");
  }
}

TEST_F(AttachTest, CancelPasses) {
  ServerEnd server(directory_.path());
  WorkerEnd worker(AddressIn(directory_.path()), Saying(1'000'000));
  server.Submit("job");
  server.WaitForCall("event job/1 50");
  server.Cancel("job");
  server.WaitForCall("finish job/1 CANCELLED");
}

TEST_F(AttachTest, ShutdownDrains) {
  ServerEnd server(directory_.path());
  WorkerEnd worker(AddressIn(directory_.path()), Saying(1'000'000));
  server.Submit("job");
  server.WaitForCall("started job/1");
  server.AskToStop();
  server.WaitForCall("finish job/1 DRAINED");
  EXPECT_EQ(worker.WaitForExit(), kExitAsked);
}

TEST_F(AttachTest, AWrongTokenIsRefused) {
  ServerEnd server(directory_.path());
  WorkerEnd worker(AddressIn(directory_.path()), Saying(1), "guess");
  EXPECT_EQ(worker.WaitForExit(), kExitRefused);
}

TEST_F(AttachTest, AWorkerWaitsForItsServer) {
  WorkerEnd worker(AddressIn(directory_.path()), Saying(1));
  std::this_thread::sleep_for(milliseconds(50));
  ServerEnd server(directory_.path());
  server.Submit("job");
  server.WaitForCall("finish job/1 SUCCEEDED");
}

}  // namespace
}  // namespace seedbed::workers
