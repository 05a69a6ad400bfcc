// The world around sessions and supervisor, for tests that turn it by hand.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "server/workers/job_port.h"
#include "server/workers/process_host.h"
#include "server/workers/worker_stream.h"

namespace seedbed::workers {

inline v1::Attempt MakeAttempt(const std::string& job, int64_t epoch) {
  v1::Attempt attempt;
  attempt.set_job_id(job);
  attempt.set_epoch(epoch);
  return attempt;
}

inline std::string Name(const v1::Attempt& attempt) { return attempt.job_id() + "/" + std::to_string(attempt.epoch()); }

// Keeps what was sent.
class FakeStream : public WorkerStream {
 public:
  void Send(v1::ServerMessage message) override {
    if (!closed) sent.push_back(std::move(message));
  }
  void ReadNext() override { ++reads; }
  void Close(const absl::Status& status) override {
    if (!closed) closed = status;
  }

  // The messages since the last call, each as its kind and what it is about: "acknowledge 2".
  std::vector<std::string> TakeSent() {
    std::vector<std::string> names;
    for (const v1::ServerMessage& message : std::exchange(sent, {})) names.push_back(Describe(message));
    return names;
  }

  std::vector<v1::ServerMessage> sent;
  int reads = 0;
  std::optional<absl::Status> closed;

 private:
  static std::string Describe(const v1::ServerMessage& message) {
    switch (message.message_case()) {
      case v1::ServerMessage::kWelcome:
        return message.welcome().resume() ? "welcome, resume" : "welcome";
      case v1::ServerMessage::kAssignment:
        return "assignment " + Name(message.assignment().attempt());
      case v1::ServerMessage::kCancel:
        return "cancel " + Name(message.cancel().attempt());
      case v1::ServerMessage::kAcknowledge:
        return "acknowledge " + std::to_string(message.acknowledge().number());
      case v1::ServerMessage::kAbandon:
        return "abandon " + Name(message.abandon().attempt());
      case v1::ServerMessage::kShutdown:
        return "shutdown";
      case v1::ServerMessage::kLeaseRenewed:
        return "lease renewed";
      default:
        return "?";
    }
  }
};

// Jobs that are claimed in order. Answers come at once, or with set_answers_later(true) when Answer() is called.
class FakeJobs : public JobPort {
 public:
  // Where attempts have their folders.
  void set_folder(std::string folder) { folder_ = std::move(folder); }
  void AddRunnable(const std::string& job) { runnable_.push_back(job); }
  // What everything said about an attempt (but Lost) is answered with.
  void set_answer(absl::Status status) { answer_ = std::move(status); }
  void set_answers_later(bool later) { answers_later_ = later; }
  void SetCurrent(const v1::Attempt& attempt) { current_[attempt.job_id()] = attempt.epoch(); }
  void RequestCancel(const std::string& job) { cancelled_.insert(job); }
  void Answer() {
    for (auto& answer : std::exchange(waiting_, {})) answer();
  }
  // What was asked since the last call: "claim jobs-cpu", "event train-1/1 epoch/1".
  std::vector<std::string> TakeCalls() { return std::exchange(calls_, {}); }
  const std::vector<jobs::Loss>& losses() const { return losses_; }

  void Claim(const std::string& slot, const v1::ExecutionProfile&, Done<std::optional<v1::Assignment>> done) override {
    calls_.push_back("claim " + slot);
    std::optional<v1::Assignment> assignment;
    if (!runnable_.empty()) {
      assignment.emplace();
      *assignment->mutable_attempt() = MakeAttempt(runnable_.front(), ++epochs_[runnable_.front()]);
      assignment->mutable_inputs()->set_staging_dir(folder_ + "/staging/" + runnable_.front());
      assignment->mutable_inputs()->set_checkpoint_dir(folder_ + "/checkpoints");
      assignment->mutable_inputs()->set_cache_dir(folder_ + "/cache");
      SetCurrent(assignment->attempt());
      runnable_.pop_front();
    }
    Reply([done, assignment] { done(assignment); });
  }
  void Started(const v1::Attempt& attempt, Done<bool> done) override { Say("started", attempt, "", std::move(done)); }
  void AppendEvent(const v1::Attempt& attempt, const v1::TaskEvent& event, Done<bool> done) override {
    Say("event", attempt, " " + event.key(), std::move(done));
  }
  void Checkpointed(const v1::Attempt& attempt, int64_t mark, Done<bool> done) override {
    Say("checkpoint", attempt, " " + std::to_string(mark), std::move(done));
  }
  void ReportProgress(const v1::Attempt& attempt, const v1::Progress&) override { calls_.push_back("progress " + Name(attempt)); }
  void Finish(const v1::Attempt& attempt, const v1::TaskFinished& finished, Done<bool> done) override {
    if (answer_.ok()) current_.erase(attempt.job_id());
    Say("finish", attempt, " " + v1::TaskFinished::Outcome_Name(finished.outcome()).substr(8), std::move(done));
  }
  void Lost(const v1::Attempt& attempt, const jobs::Loss& loss, Done<bool> done) override {
    calls_.push_back("lost " + Name(attempt) + " " + v1::Reason_Name(loss.reason).substr(7));
    losses_.push_back(loss);
    current_.erase(attempt.job_id());
    Reply([done] { done(true); });
  }
  jobs::JobManager::AttemptState StateOf(const v1::Attempt& attempt) const override {
    const auto found = current_.find(attempt.job_id());
    return {.current = found != current_.end() && found->second == attempt.epoch(),
            .cancel_requested = cancelled_.count(attempt.job_id()) > 0};
  }

 private:
  void Say(const std::string& what, const v1::Attempt& attempt, const std::string& more, Done<bool> done) {
    calls_.push_back(what + " " + Name(attempt) + more);
    Reply([done, answer = answer_] { answer.ok() ? done(true) : done(answer); });
  }
  void Reply(std::function<void()> reply) {
    if (answers_later_) {
      waiting_.push_back(std::move(reply));
    } else {
      reply();
    }
  }

  std::string folder_;
  std::deque<std::string> runnable_;
  std::map<std::string, int64_t> epochs_;
  std::map<std::string, int64_t> current_;
  std::set<std::string> cancelled_;
  absl::Status answer_;
  bool answers_later_ = false;
  std::vector<std::function<void()>> waiting_;
  std::vector<std::string> calls_;
  std::vector<jobs::Loss> losses_;
};

// Processes that live until a test says otherwise.
class FakeProcesses : public ProcessHost {
 public:
  // An earlier server's worker that still has the slot.
  void AddLiving(const std::string& slot, pid_t pid) { living_[slot] = pid; }
  void RemoveLiving(const std::string& slot) { living_.erase(slot); }
  void set_start_error(absl::Status status) { start_error_ = std::move(status); }
  pid_t last_pid() const { return next_pid_ - 1; }
  // "start jobs-cpu", "kill 101 9".
  std::vector<std::string> TakeCalls() { return std::exchange(calls_, {}); }

  std::optional<pid_t> Adopt(const std::string& slot) override {
    const auto found = living_.find(slot);
    if (found == living_.end()) return std::nullopt;
    return found->second;
  }
  absl::StatusOr<pid_t> Start(const Slot& slot) override {
    calls_.push_back("start " + slot.name);
    if (!start_error_.ok()) return start_error_;
    return next_pid_++;
  }
  void Kill(pid_t pid, int signal) override { calls_.push_back("kill " + std::to_string(pid) + " " + std::to_string(signal)); }

 private:
  std::map<std::string, pid_t> living_;
  absl::Status start_error_;
  pid_t next_pid_ = 101;
  std::vector<std::string> calls_;
};

}  // namespace seedbed::workers
