#include "client/cli/http_transfer.h"

#include <curl/curl.h>

#include <array>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client/cli/http_download.h"
#include "core/base/status_macros.h"
#include "core/base/version.h"

namespace seedbed::cli {
namespace {

constexpr int64_t kLeastBytesPerSecond = 1000;
constexpr long kReadBytes = 256L << 10;
constexpr int kOk = 200, kPartialContent = 206, kRangeNotSatisfiable = 416;

struct HandleDeleter {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

// Once, before the first handle is made.
bool InitializeCurl() {
  static const bool initialized = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return initialized;
}

// "bytes 100-199/200": first byte and size of the file; nullopt for anything else.
std::optional<std::pair<int64_t, int64_t>> ParseContentRange(const std::string& text) {
  absl::string_view rest = text;
  if (!absl::ConsumePrefix(&rest, "bytes ")) return std::nullopt;
  const std::vector<absl::string_view> parts = absl::StrSplit(rest, absl::ByAnyChar("-/"));
  int64_t first = 0, total = 0;
  if (parts.size() != 3 || !absl::SimpleAtoi(parts[0], &first)) return std::nullopt;
  if (parts[2] != "*" && !absl::SimpleAtoi(parts[2], &total)) return std::nullopt;
  return std::pair(first, total);
}

bool MayPass(long status) { return status == 408 || status == 429 || (status >= 500 && status <= 504 && status != 501); }

absl::Status StatusOfAnswer(long status, const std::string& url) {
  const std::string message = absl::StrCat(WithoutSecrets(url), ": the host answers with HTTP status ", status);
  switch (status) {
    case 404:
    case 410:
      return absl::NotFoundError(absl::StrCat(message, ": there is no such file"));
    case 401:
    case 403:
      return absl::PermissionDeniedError(absl::StrCat(message, ": access is refused"));
    case 429:
    case 503:
      return absl::ResourceExhaustedError(absl::StrCat(message, ": try again later"));
    default:
      return MayPass(status) ? absl::UnavailableError(message) : absl::AbortedError(message);
  }
}

// One handle of libcurl and what is known of its answer.
class Transfer {
 public:
  explicit Transfer(const TransferRequest& request) : request_(request), handle_(curl_easy_init()) {}

  absl::StatusOr<TransferResult> Run() {
    if (handle_ == nullptr) return absl::ResourceExhaustedError("libcurl could not be set up");
    SetOptions();
    const CURLcode code = curl_easy_perform(handle_.get());
    if (!callback_status_.ok()) return callback_status_;
    const long status = Information<long>(CURLINFO_RESPONSE_CODE);
    if (status >= 300 || (status > kOk && status != kPartialContent)) return Refused(status);
    if (code != CURLE_OK) return Failed(code);
    if (!started_) Start();  // an empty file
    if (!callback_status_.ok()) return callback_status_;
    return TransferResult{};
  }

 private:
  template <typename Value>
  void Set(CURLoption option, Value value) {
    curl_easy_setopt(handle_.get(), option, value);
  }
  template <typename Value>
  Value Information(CURLINFO which) const {
    Value value{};
    curl_easy_getinfo(handle_.get(), which, &value);
    return value;
  }

  void SetOptions() {
    Set(CURLOPT_URL, request_.url.c_str());
    Set(CURLOPT_PROTOCOLS_STR, "http,https,file");
    Set(CURLOPT_FOLLOWLOCATION, 0L);  // our caller looks at each redirect
    Set(CURLOPT_NOSIGNAL, 1L);
    Set(CURLOPT_ERRORBUFFER, error_.data());
    Set(CURLOPT_BUFFERSIZE, kReadBytes);
    Set(CURLOPT_USERAGENT, user_agent_.c_str());
    Set(CURLOPT_CONNECTTIMEOUT, static_cast<long>(request_.stall_timeout.count()));
    Set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(request_.stall_timeout.count()));
    Set(CURLOPT_LOW_SPEED_LIMIT, static_cast<long>(kLeastBytesPerSecond));
    Set(CURLOPT_WRITEFUNCTION, &Transfer::OnBytes);
    Set(CURLOPT_WRITEDATA, this);
    Set(CURLOPT_NOPROGRESS, 0L);
    Set(CURLOPT_XFERINFOFUNCTION, &Transfer::OnTick);
    Set(CURLOPT_XFERINFODATA, this);
    if (request_.offset == 0) return;
    // Not CURLOPT_RESUME_FROM, which takes a whole file for an error.
    Set(CURLOPT_RANGE, absl::StrCat(request_.offset, "-").c_str());
    if (request_.validator.empty()) return;
    headers_.reset(curl_slist_append(nullptr, absl::StrCat("If-Range: ", request_.validator).c_str()));
    Set(CURLOPT_HTTPHEADER, headers_.get());
  }

  static size_t OnBytes(char* bytes, size_t, size_t count, void* self) {
    return static_cast<Transfer*>(self)->Receive(std::as_bytes(std::span(bytes, count))) ? count : 0;
  }
  static int OnTick(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    auto& transfer = *static_cast<Transfer*>(self);
    if (transfer.callback_status_.ok()) transfer.callback_status_ = transfer.request_.on_tick();
    return transfer.callback_status_.ok() ? 0 : 1;
  }

  // False ends the transfer: the content of an error's page is of no interest.
  bool Receive(std::span<const std::byte> bytes) {
    const long status = Information<long>(CURLINFO_RESPONSE_CODE);
    if (status != 0 && status != kOk && status != kPartialContent) return false;
    if (!started_) Start();
    if (callback_status_.ok()) callback_status_ = request_.on_bytes(bytes);
    return callback_status_.ok();
  }

  void Start() {
    started_ = true;
    ContentStart start;
    const auto announced = static_cast<int64_t>(Information<curl_off_t>(CURLINFO_CONTENT_LENGTH_DOWNLOAD_T));
    if (announced > 0) start.total = announced;
    if (Information<long>(CURLINFO_RESPONSE_CODE) == kPartialContent) {
      const auto range = ParseContentRange(Header("Content-Range"));
      if (!range.has_value() || range->first != request_.offset) {
        callback_status_ =
            absl::AbortedError(absl::StrCat(WithoutSecrets(request_.url), ": the host sends another part than was asked for"));
        return;
      }
      start.offset = request_.offset;
      start.total = range->second;
    }
    start.validator = Validator();
    callback_status_ = request_.on_start(start);
  }

  std::string Header(const char* name) const {
    curl_header* header = nullptr;
    if (curl_easy_header(handle_.get(), name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK) return "";
    return header->value;
  }

  // A weak ETag does not promise equal bytes.
  std::string Validator() const {
    std::string etag = Header("ETag");
    if (etag.starts_with('"')) return etag;
    return Header("Last-Modified");
  }

  absl::StatusOr<TransferResult> Refused(long status) const {
    using enum TransferResult::Kind;
    if (status == kRangeNotSatisfiable && request_.offset > 0) return TransferResult{kRangeRefused};
    const char* location = Information<char*>(CURLINFO_REDIRECT_URL);
    if (status < 400 && location != nullptr) return TransferResult{kRedirect, location};
    absl::Status refused = StatusOfAnswer(status, request_.url);
    if (MayPass(status)) return TransferResult{.kind = kLost, .why = std::move(refused)};
    return refused;
  }

  absl::StatusOr<TransferResult> Failed(CURLcode code) const {
    const std::string what = error_[0] != '\0' ? error_.data() : curl_easy_strerror(code);
    const std::string message = absl::StrCat(WithoutSecrets(request_.url), ": ", what);
    switch (code) {
      case CURLE_OPERATION_TIMEDOUT:
        return absl::UnavailableError(absl::StrCat(WithoutSecrets(request_.url),
                                                   started_ ? ": the download stalls: " : ": no answer: ", "less than ",
                                                   kLeastBytesPerSecond, " bytes a second for ", request_.stall_timeout.count(), " s"));
      case CURLE_PARTIAL_FILE:
      case CURLE_GOT_NOTHING:
      case CURLE_RECV_ERROR:
      case CURLE_SEND_ERROR:
      case CURLE_HTTP2:
      case CURLE_HTTP2_STREAM:
        return TransferResult{.kind = TransferResult::Kind::kLost, .why = absl::UnavailableError(message)};
      case CURLE_COULDNT_RESOLVE_HOST:
      case CURLE_COULDNT_RESOLVE_PROXY:
      case CURLE_COULDNT_CONNECT:
        return absl::UnavailableError(message);
      case CURLE_FILE_COULDNT_READ_FILE:
        return absl::NotFoundError(message);
      case CURLE_URL_MALFORMAT:
      case CURLE_UNSUPPORTED_PROTOCOL:
        return absl::InvalidArgumentError(absl::StrCat(message, ": expected https://, http:// or file://"));
      default:
        return absl::AbortedError(message);
    }
  }

  const TransferRequest& request_;
  const std::unique_ptr<CURL, HandleDeleter> handle_;
  std::unique_ptr<curl_slist, ListDeleter> headers_;
  const std::string user_agent_ = absl::StrCat("seedbed/", ToAbsl(Version()));
  std::array<char, CURL_ERROR_SIZE> error_{};
  bool started_ = false;
  absl::Status callback_status_;
};

}  // namespace

absl::StatusOr<TransferResult> RunTransfer(const TransferRequest& request) {
  if (!InitializeCurl()) return absl::InternalError("libcurl could not be set up");
  return Transfer(request).Run();
}

}  // namespace seedbed::cli
