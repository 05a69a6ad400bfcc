#include "server/worker/outbox.h"

#include <utility>

namespace seedbed::worker {

Outbox::Outbox(v1::Attempt attempt, size_t limit, std::function<void()> wake)
    : attempt_(std::move(attempt)), limit_(limit), wake_(std::move(wake)) {}

v1::WorkerMessage Outbox::NewMessage() const {
  v1::WorkerMessage message;
  *message.mutable_attempt() = attempt_;
  return message;
}

void Outbox::AppendLocked(v1::WorkerMessage message, int64_t number) {
  unacknowledged_.push_back({.number = number, .message = std::move(message)});
}

void Outbox::AddEvent(v1::TaskEvent event) {
  {
    MutexLock lock(&mutex_);
    while (unacknowledged_.size() >= limit_ && !closed_) changed_.Wait(&mutex_);
    if (closed_) return;
    event.set_number(++last_number_);
    v1::WorkerMessage message = NewMessage();
    *message.mutable_event() = std::move(event);
    AppendLocked(std::move(message), last_number_);
  }
  wake_();
}

void Outbox::SetProgress(v1::Progress progress) {
  {
    MutexLock lock(&mutex_);
    const bool is_known = progress_.has_value();
    if (is_known && progress.preview().empty()) progress.mutable_preview()->swap(*progress_->mutable_preview());
    if (!closed_) progress_ = std::move(progress);
    if (is_known || closed_) return;  // the stream knows that there is progress, and when to come for it
  }
  wake_();
}

void Outbox::SetCheckpoint(int64_t mark) {
  {
    MutexLock lock(&mutex_);
    if (closed_) return;
    checkpoint_ = mark;
    checkpoint_sent_ = false;
  }
  wake_();
}

void Outbox::Finish(v1::TaskFinished finished) {
  {
    MutexLock lock(&mutex_);
    if (closed_) return;
    finished_ = true;
    progress_.reset();
    finished.set_number(++last_number_);
    v1::WorkerMessage message = NewMessage();
    *message.mutable_finished() = std::move(finished);
    AppendLocked(std::move(message), last_number_);
  }
  wake_();
}

std::vector<v1::WorkerMessage> Outbox::TakeUnsent(MonotonicTime now) {
  std::vector<v1::WorkerMessage> messages;
  MutexLock lock(&mutex_);
  if (closed_) return messages;
  if (!std::exchange(start_sent_, true)) {
    messages.push_back(NewMessage());
    messages.back().mutable_started();
  }
  const auto add_checkpoint = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (!checkpoint_ || std::exchange(checkpoint_sent_, true)) return;
    messages.push_back(NewMessage());
    messages.back().mutable_checkpoint()->set_mark(*checkpoint_);
  };
  // The mark comes after what was said before it, and before the result: a job that has ended takes none.
  for (; sent_ < unacknowledged_.size(); ++sent_) {
    if (unacknowledged_[sent_].message.has_finished()) add_checkpoint();
    messages.push_back(unacknowledged_[sent_].message);
  }
  if (!finished_) add_checkpoint();
  if (progress_ && now >= next_progress_) {
    messages.push_back(NewMessage());
    *messages.back().mutable_progress() = *std::exchange(progress_, std::nullopt);
    next_progress_ = now + kProgressInterval;
  }
  return messages;
}

MonotonicTime Outbox::ProgressDue() const {
  MutexLock lock(&mutex_);
  return progress_ && !closed_ ? next_progress_ : MonotonicTime::max();
}

void Outbox::Resend() {
  MutexLock lock(&mutex_);
  start_sent_ = false;
  checkpoint_sent_ = false;
  sent_ = 0;
}

void Outbox::Acknowledge(int64_t number) {
  MutexLock lock(&mutex_);
  for (size_t i = 0; i < unacknowledged_.size(); ++i) {
    if (unacknowledged_[i].number != number) continue;
    unacknowledged_.erase(unacknowledged_.begin() + static_cast<std::ptrdiff_t>(i));
    if (i < sent_) --sent_;
    changed_.NotifyAll();
    return;
  }
}

void Outbox::Close() {
  MutexLock lock(&mutex_);
  closed_ = true;
  unacknowledged_.clear();
  sent_ = 0;
  changed_.NotifyAll();
}

bool Outbox::done() const {
  MutexLock lock(&mutex_);
  return closed_ || (finished_ && unacknowledged_.empty());
}

}  // namespace seedbed::worker
