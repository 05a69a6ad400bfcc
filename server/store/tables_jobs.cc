#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "server/store/tables.h"

namespace seedbed::store {
namespace {

const std::string kHeadColumns =
    "number, kind, state, rank, makes, epoch, finished_epoch, attempt, losses, crashes, mark, cancel, worker, last_seq, create_time, "
    "start_time, end_time, ran, error";
const std::string kAllColumns = kHeadColumns + ", spec, inputs, result";

constexpr int64_t kPending = v1::JOB_STATE_PENDING;
constexpr int64_t kEveryBit = -1;

template <typename Message>
void Parse(const std::string& bytes, Message* message, bool* damaged) {
  if (!message->ParseFromString(bytes)) {
    message->Clear();
    *damaged = true;
  }
}

JobRow HeadOf(const Row& row) {
  JobRow job;
  job.number = row.Int(0);
  job.kind = static_cast<v1::JobKind>(row.Int(1));
  job.state = static_cast<v1::JobState>(row.Int(2));
  job.priority = static_cast<int32_t>(-row.Int(3));
  job.makes = row.Text(4);
  job.epoch = row.Int(5);
  job.finished_epoch = row.Int(6);
  job.attempt = static_cast<int32_t>(row.Int(7));
  job.losses = static_cast<int32_t>(row.Int(8));
  job.crashes = static_cast<int32_t>(row.Int(9));
  job.mark = row.Int(10);
  job.cancel = static_cast<v1::Reason>(row.Int(11));
  job.worker = row.Text(12);
  job.last_seq = row.Int(13);
  job.create_time = row.Int(14);
  job.start_time = row.Int(15);
  job.end_time = row.Int(16);
  job.ran_micros = row.Int(17);
  Parse(row.Bytes(18), &job.error, &job.damaged);
  return job;
}

JobRow JobOf(const Row& row) {
  JobRow job = HeadOf(row);
  Parse(row.Bytes(19), &job.spec, &job.damaged);
  Parse(row.Bytes(20), &job.inputs, &job.damaged);
  Parse(row.Bytes(21), &job.result, &job.damaged);
  return job;
}

template <typename Enum>
int64_t MaskOf(const std::vector<Enum>& values) {
  if (values.empty()) return kEveryBit;
  int64_t mask = 0;
  for (const Enum value : values) mask |= int64_t{1} << static_cast<int>(value);
  return mask;
}

Blob BlobOf(const google::protobuf::MessageLite& message) { return Blob{message.SerializeAsString()}; }

}  // namespace

absl::StatusOr<JobRow> Reader::GetJob(int64_t number) const {
  static const std::string& sql = *new std::string("SELECT " + kAllColumns + " FROM jobs WHERE number = ?");
  std::optional<JobRow> job;
  SB_RETURN_IF_ERROR(connection_.Query(sql, {number}, [&](const Row& row) { job = JobOf(row); }));
  if (!job) return absl::NotFoundError("");
  return *std::move(job);
}

absl::StatusOr<std::vector<JobRow>> Reader::ListJobs(const JobFilter& filter, int limit) const {
  static const std::string& sql = *new std::string("SELECT " + kHeadColumns +
                                                   " FROM jobs WHERE number < ? AND ((1 << state) & ?) AND ((1 << kind) & ?)"
                                                   " ORDER BY number DESC LIMIT ?");
  const int64_t before = filter.before == 0 ? INT64_MAX : filter.before;
  std::vector<JobRow> jobs;
  SB_RETURN_IF_ERROR(connection_.Query(sql, {before, MaskOf(filter.states), MaskOf(filter.kinds), int64_t{limit}},
                                       [&](const Row& row) { jobs.push_back(HeadOf(row)); }));
  return jobs;
}

absl::StatusOr<std::vector<JobRow>> Reader::UnfinishedJobs() const {
  static const std::string& sql = *new std::string("SELECT " + kAllColumns + " FROM jobs WHERE state <= 4 ORDER BY number");
  std::vector<JobRow> jobs;
  SB_RETURN_IF_ERROR(connection_.Query(sql, {}, [&](const Row& row) { jobs.push_back(JobOf(row)); }));
  return jobs;
}

absl::StatusOr<std::vector<std::pair<v1::JobState, int64_t>>> Reader::CountJobs() const {
  std::vector<std::pair<v1::JobState, int64_t>> counts;
  SB_RETURN_IF_ERROR(connection_.Query("SELECT state, COUNT(*) FROM jobs GROUP BY state", {},
                                       [&](const Row& row) { counts.emplace_back(static_cast<v1::JobState>(row.Int(0)), row.Int(1)); }));
  return counts;
}

absl::StatusOr<std::vector<JobCount>> Reader::CountJobsByKind() const {
  std::vector<JobCount> counts;
  SB_RETURN_IF_ERROR(connection_.Query("SELECT kind, state, COUNT(*) FROM jobs GROUP BY kind, state", {}, [&](const Row& row) {
    counts.push_back({static_cast<v1::JobKind>(row.Int(0)), static_cast<v1::JobState>(row.Int(1)), row.Int(2)});
  }));
  return counts;
}

absl::StatusOr<std::optional<JobRow>> Reader::NextPending(const JobRow* after) const {
  static const std::string& sql =
      *new std::string("SELECT " + kAllColumns + " FROM jobs WHERE state = ? AND (rank, number) > (?, ?) ORDER BY rank, number LIMIT 1");
  std::optional<JobRow> job;
  const int64_t rank = after == nullptr ? INT64_MIN : -int64_t{after->priority};
  const int64_t number = after == nullptr ? 0 : after->number;
  SB_RETURN_IF_ERROR(connection_.Query(sql, {kPending, rank, number}, [&](const Row& row) { job = JobOf(row); }));
  return job;
}

absl::StatusOr<int64_t> Reader::JobsAhead(const JobRow& job) const {
  return connection_.QueryInt("SELECT COUNT(*) FROM jobs WHERE state = ? AND (rank, number) < (?, ?)",
                              {kPending, -int64_t{job.priority}, job.number});
}

absl::StatusOr<std::vector<int64_t>> Reader::Queue() const {
  std::vector<int64_t> numbers;
  SB_RETURN_IF_ERROR(connection_.Query("SELECT number FROM jobs WHERE state = ? ORDER BY rank, number", {kPending},
                                       [&](const Row& row) { numbers.push_back(row.Int(0)); }));
  return numbers;
}

absl::StatusOr<int64_t> Reader::UnfinishedMaker(std::string_view makes) const {
  return connection_.QueryInt("SELECT number FROM jobs WHERE makes = ? AND state <= 4 ORDER BY number LIMIT 1", {std::string(makes)});
}

absl::StatusOr<std::vector<int64_t>> Reader::DependenciesOf(int64_t job) const {
  std::vector<int64_t> numbers;
  SB_RETURN_IF_ERROR(connection_.Query("SELECT depends_on FROM dependencies WHERE job = ? ORDER BY depends_on", {job},
                                       [&](const Row& row) { numbers.push_back(row.Int(0)); }));
  return numbers;
}

absl::StatusOr<std::vector<int64_t>> Reader::DependantsOf(int64_t job) const {
  std::vector<int64_t> numbers;
  SB_RETURN_IF_ERROR(connection_.Query("SELECT job FROM dependencies WHERE depends_on = ? ORDER BY job", {job},
                                       [&](const Row& row) { numbers.push_back(row.Int(0)); }));
  return numbers;
}

absl::StatusOr<int64_t> Reader::OpenDependencies(int64_t job) const {
  return connection_.QueryInt("SELECT COUNT(*) FROM dependencies JOIN jobs ON number = depends_on WHERE job = ? AND state != ?",
                              {job, int64_t{v1::JOB_STATE_SUCCEEDED}});
}

absl::StatusOr<std::vector<v1::Event>> Reader::ReadEvents(int64_t job, int64_t after_seq, int limit) const {
  std::vector<v1::Event> events;
  bool damaged = false;
  SB_RETURN_IF_ERROR(connection_.Query("SELECT seq, event FROM events WHERE job = ? AND seq > ? ORDER BY seq LIMIT ?",
                                       {job, after_seq, int64_t{limit}}, [&](const Row& row) {
                                         v1::Event& event = events.emplace_back();
                                         Parse(row.Bytes(1), &event, &damaged);
                                         event.set_seq(row.Int(0));
                                       }));
  if (damaged) return absl::DataLossError(absl::StrCat("an event of job number ", job, " is damaged"));
  return events;
}

absl::StatusOr<bool> Reader::HasEvent(int64_t job, std::string_view key) const {
  SB_ASSIGN_OR_RETURN(const int64_t seq, connection_.QueryInt("SELECT seq FROM events WHERE job = ? AND key = ?", {job, std::string(key)}));
  return seq != 0;
}

absl::StatusOr<std::optional<RequestRow>> Reader::FindRequest(std::string_view scope, std::string_view id) const {
  std::optional<RequestRow> found;
  SB_RETURN_IF_ERROR(connection_.Query("SELECT fingerprint, job FROM requests WHERE scope = ? AND id = ?",
                                       {std::string(scope), std::string(id)}, [&](const Row& row) {
                                         found = RequestRow{row.Text(0), row.Int(1)};
                                       }));
  return found;
}

absl::StatusOr<int64_t> Writer::InsertJob(const JobRow& job) {
  SB_RETURN_IF_ERROR(
      connection_
          .Execute(
              "INSERT INTO jobs(kind, state, rank, makes, epoch, finished_epoch, attempt, losses, crashes, mark, "
              "cancel, worker, last_seq, create_time, start_time, end_time, ran, error, spec, inputs, result) "
              "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
              {int64_t{job.kind},    int64_t{job.state},  -int64_t{job.priority}, job.makes,    job.epoch,           job.finished_epoch,
               int64_t{job.attempt}, int64_t{job.losses}, int64_t{job.crashes},   job.mark,     int64_t{job.cancel}, job.worker,
               job.last_seq,         job.create_time,     job.start_time,         job.end_time, job.ran_micros,      BlobOf(job.error),
               BlobOf(job.spec),     BlobOf(job.inputs),  BlobOf(job.result)})
          .status());
  return connection_.LastRowId();
}

absl::StatusOr<bool> Writer::UpdateJob(const JobRow& job, v1::JobState expected_state, int64_t expected_epoch) {
  SB_ASSIGN_OR_RETURN(
      const int changed,
      connection_.Execute(
          "UPDATE jobs SET state = ?, epoch = ?, finished_epoch = ?, attempt = ?, losses = ?, crashes = ?, mark = ?, "
          "cancel = ?, worker = ?, last_seq = ?, start_time = ?, end_time = ?, ran = ?, error = ?, inputs = ?, result = ? "
          "WHERE number = ? AND state = ? AND epoch = ?",
          {int64_t{job.state}, job.epoch, job.finished_epoch, int64_t{job.attempt}, int64_t{job.losses}, int64_t{job.crashes}, job.mark,
           int64_t{job.cancel}, job.worker, job.last_seq, job.start_time, job.end_time, job.ran_micros, BlobOf(job.error),
           BlobOf(job.inputs), BlobOf(job.result), job.number, int64_t{expected_state}, expected_epoch}));
  return changed == 1;
}

absl::Status Writer::InsertDependency(int64_t job, int64_t depends_on) {
  return connection_.Execute("INSERT INTO dependencies(job, depends_on) VALUES (?, ?)", {job, depends_on}).status();
}

absl::Status Writer::InsertEvent(int64_t job, std::string_view key, const v1::Event& event) {
  const Value key_value = key.empty() ? Value(nullptr) : Value(std::string(key));
  return connection_.Execute("INSERT INTO events(job, seq, key, event) VALUES (?, ?, ?, ?)", {job, event.seq(), key_value, BlobOf(event)})
      .status();
}

absl::Status Writer::InsertRequest(std::string_view scope, std::string_view id, const RequestRow& request, int64_t time) {
  return connection_
      .Execute("INSERT INTO requests(scope, id, fingerprint, job, time) VALUES (?, ?, ?, ?, ?)",
               {std::string(scope), std::string(id), request.fingerprint, request.job, time})
      .status();
}

absl::Status Writer::ForgetRequestsBefore(int64_t time) {
  return connection_.Execute("DELETE FROM requests WHERE time < ?", {time}).status();
}

absl::StatusOr<int32_t> Writer::AllocateVersion(std::string_view name) {
  const std::string key(name);
  SB_RETURN_IF_ERROR(
      connection_.Execute("INSERT INTO versions(name, last) VALUES (?, 1) ON CONFLICT(name) DO UPDATE SET last = last + 1", {key})
          .status());
  SB_ASSIGN_OR_RETURN(const int64_t version, connection_.QueryInt("SELECT last FROM versions WHERE name = ?", {key}));
  return static_cast<int32_t>(version);
}

}  // namespace seedbed::store
