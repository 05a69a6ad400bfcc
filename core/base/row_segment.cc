#include "core/base/row_segment.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "core/base/digest.h"
#include "core/base/status_macros.h"

namespace seedbed {
namespace fs = std::filesystem;
namespace {

static_assert(std::endian::native == std::endian::little, "the file format is the memory's");

constexpr std::string_view kMagic = "SBROWS01";
constexpr std::string_view kTemporarySuffix = ".tmp";
constexpr size_t kPageBytes = 4096;

struct Header {
  char magic[8];
  uint64_t row_bytes;
  uint64_t rows;
  char checksum[64];
};
static_assert(sizeof(Header) == 88);

std::span<const std::byte> IndexBytes(std::span<const Digest> digests) { return std::as_bytes(digests); }

Header MakeHeader(size_t row_bytes, std::span<const Digest> digests) {
  Header header{};
  std::copy(kMagic.begin(), kMagic.end(), header.magic);
  header.row_bytes = row_bytes;
  header.rows = digests.size();
  Sha256 hash;
  hash.Update(std::as_bytes(std::span(&header, 1)).first(offsetof(Header, checksum)));
  hash.Update(IndexBytes(digests));
  const std::string checksum = hash.FinishHex();
  std::copy(checksum.begin(), checksum.end(), header.checksum);
  return header;
}

size_t RowsOffset(size_t rows) { return (sizeof(Header) + rows * sizeof(Digest) + kPageBytes - 1) / kPageBytes * kPageBytes; }

bool TryLock(const UniqueFd& fd) { return ::flock(fd.get(), LOCK_EX | LOCK_NB) == 0; }

// False when a clean-up took the file away between its creation and its locking.
bool StillHasName(const UniqueFd& fd) {
  struct stat info {};
  return ::fstat(fd.get(), &info) == 0 && info.st_nlink > 0;
}

// Not every file system can reserve; there, a full disk shows when the rows are written.
absl::Status Reserve(const UniqueFd& fd, size_t bytes, const fs::path& path) {
  if (::fallocate(fd.get(), 0, 0, static_cast<off_t>(bytes)) == 0 || errno == EOPNOTSUPP) return absl::OkStatus();
  return ErrnoStatus(errno, "reserve space for", path);
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c - 'a' + 10;
}

}  // namespace

absl::StatusOr<Digest> ParseDigest(std::string_view hex) {
  if (!IsSha256Hex(hex)) return absl::InvalidArgumentError(absl::StrCat("'", ToAbsl(hex), "' is not a SHA-256 digest in hex"));
  Digest digest;
  for (size_t i = 0; i < digest.size(); ++i) digest[i] = static_cast<std::byte>(HexValue(hex[2 * i]) << 4 | HexValue(hex[2 * i + 1]));
  return digest;
}

absl::StatusOr<Segment> Segment::Open(const fs::path& path, size_t row_bytes) {
  const auto damaged = [&](std::string_view what) { return absl::DataLossError(absl::StrCat(path.string(), ": ", ToAbsl(what))); };
  Segment segment;
  SB_ASSIGN_OR_RETURN(segment.file_, MappedFile::Open(path));
  const std::span<const std::byte> bytes = segment.file_.bytes();
  if (bytes.size() < sizeof(Header)) return damaged("shorter than its header");
  Header header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  if (std::string_view(header.magic, sizeof(header.magic)) != kMagic) return damaged("not a segment");
  if (header.row_bytes != row_bytes) return damaged("its rows have another size");
  // Neither product below can overflow: both factors are bounded by the file's size.
  if (header.rows > bytes.size() / sizeof(Digest) || header.rows > bytes.size() / row_bytes) return damaged("shorter than its rows");
  segment.rows_ = static_cast<size_t>(header.rows);
  segment.row_bytes_ = row_bytes;
  if (bytes.size() != RowsOffset(segment.rows_) + segment.rows_ * row_bytes) return damaged("its size is not that of its rows");
  const Header expected = MakeHeader(row_bytes, segment.digests());
  if (std::memcmp(header.checksum, expected.checksum, sizeof(header.checksum)) != 0) return damaged("its index is damaged");
  return segment;
}

std::span<const Digest> Segment::digests() const { return {reinterpret_cast<const Digest*>(file_.bytes().data() + sizeof(Header)), rows_}; }

std::span<const uint8_t> Segment::row(size_t i) const {
  const std::span<const std::byte> bytes = file_.bytes().subspan(RowsOffset(rows_) + i * row_bytes_, row_bytes_);
  return {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()};
}

SegmentWriter::SegmentWriter(fs::path folder, size_t row_bytes, std::vector<Digest> digests)
    : folder_(std::move(folder)),
      row_bytes_(row_bytes),
      digests_(std::move(digests)),
      name_(absl::StrCat(Sha256Hex(IndexBytes(digests_)), ToAbsl(kSegmentSuffix))) {}

SegmentWriter::SegmentWriter(SegmentWriter&& other) noexcept
    : folder_(std::move(other.folder_)),
      row_bytes_(other.row_bytes_),
      digests_(std::move(other.digests_)),
      temporary_(std::exchange(other.temporary_, {})),
      name_(std::move(other.name_)),
      fd_(std::move(other.fd_)) {}

SegmentWriter::~SegmentWriter() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

absl::StatusOr<SegmentWriter> SegmentWriter::Create(const fs::path& folder, size_t row_bytes, std::vector<Digest> digests) {
  SegmentWriter writer(folder, row_bytes, std::move(digests));
  SB_RETURN_IF_ERROR(writer.CreateTemporary());
  const size_t rows = writer.digests_.size();
  SB_RETURN_IF_ERROR(Reserve(writer.fd_, RowsOffset(rows) + rows * row_bytes, writer.temporary_));
  SB_RETURN_IF_ERROR(writer.WriteHeader());
  return writer;
}

absl::Status SegmentWriter::CreateTemporary() {
  constexpr int kAttempts = 1000;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const fs::path path = folder_ / absl::StrCat(".", name_.substr(0, 16), ".", ::getpid(), ".", attempt, ToAbsl(kTemporarySuffix));
    UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    if (!fd.valid() && errno == EEXIST) continue;
    if (!fd.valid()) return ErrnoStatus(errno, "create", path);
    if (!TryLock(fd) || !StillHasName(fd)) continue;
    fd_ = std::move(fd);
    temporary_ = path;
    return absl::OkStatus();
  }
  return absl::InternalError(absl::StrCat("no free temporary name in ", folder_.string()));
}

absl::Status SegmentWriter::WriteHeader() const {
  const Header header = MakeHeader(row_bytes_, digests_);
  SB_RETURN_IF_ERROR(WriteAllAt(fd_.get(), 0, std::as_bytes(std::span(&header, 1)), temporary_));
  return WriteAllAt(fd_.get(), sizeof(header), IndexBytes(digests_), temporary_);
}

absl::Status SegmentWriter::WriteRow(size_t i, std::span<const uint8_t> row) const {
  return WriteAllAt(fd_.get(), RowsOffset(digests_.size()) + i * row_bytes_, std::as_bytes(row), temporary_);
}

absl::StatusOr<Segment> SegmentWriter::Publish() {
  SB_RETURN_IF_ERROR(SyncPath(temporary_));
  // Mapped before it has its name, lest another process evicts it first. The folder is not synced: losing the name is harmless.
  SB_ASSIGN_OR_RETURN(Segment segment, Segment::Open(temporary_, row_bytes_));
  const fs::path path = folder_ / name_;
  if (::rename(temporary_.c_str(), path.c_str()) != 0) return ErrnoStatus(errno, "rename to", path);
  temporary_.clear();
  fd_.Close();
  return segment;
}

void RemoveAbandonedSegments(const fs::path& folder) {
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() != fs::path(kTemporarySuffix)) continue;
    const UniqueFd fd(::open(it->path().c_str(), O_RDWR | O_CLOEXEC));
    if (fd.valid() && TryLock(fd)) ::unlink(it->path().c_str());
  }
}

}  // namespace seedbed
