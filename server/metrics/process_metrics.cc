#include "server/metrics/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace seedbed::metrics {
namespace {

prometheus::MetricFamily Family(const char* name, const char* help, prometheus::MetricType type, double value) {
  prometheus::MetricFamily family;
  family.name = name;
  family.help = help;
  family.type = type;
  family.metric.resize(1);
  family.metric[0].gauge.value = value;
  family.metric[0].counter.value = value;
  return family;
}

// The fields of /proc/self/stat behind the program's name, which may hold spaces: [0] is field 3, the state.
std::vector<std::string> StatFields() {
  std::ifstream file("/proc/self/stat");
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream rest(text.substr(name_end + 1));
  return {std::istream_iterator<std::string>(rest), std::istream_iterator<std::string>()};
}

constexpr size_t kUserTicks = 14 - 3;
constexpr size_t kSystemTicks = 15 - 3;
constexpr size_t kStartTicks = 22 - 3;
constexpr size_t kVirtualBytes = 23 - 3;
constexpr size_t kResidentPages = 24 - 3;

double TicksToSeconds(const std::string& ticks) { return std::stod(ticks) / static_cast<double>(::sysconf(_SC_CLK_TCK)); }

double StartTime() {
  const std::vector<std::string> stat = StatFields();
  std::ifstream uptime_file("/proc/uptime");
  double uptime = 0;
  if (stat.size() <= kStartTicks || !(uptime_file >> uptime)) return 0;
  const double now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  return now - uptime + TicksToSeconds(stat[kStartTicks]);
}

}  // namespace

ProcessMetrics::ProcessMetrics() : start_time_seconds_(StartTime()) {}

std::vector<prometheus::MetricFamily> ProcessMetrics::Collect() const {
  using prometheus::MetricType;
  std::vector<prometheus::MetricFamily> families;
  families.push_back(
      Family("process_start_time_seconds", "When the process started, since the Unix epoch", MetricType::Gauge, start_time_seconds_));
  const std::vector<std::string> stat = StatFields();
  if (stat.size() > kResidentPages) {
    families.push_back(Family("process_cpu_seconds_total", "User and system CPU time spent", MetricType::Counter,
                              TicksToSeconds(stat[kUserTicks]) + TicksToSeconds(stat[kSystemTicks])));
    families.push_back(Family("process_virtual_memory_bytes", "Virtual memory size", MetricType::Gauge, std::stod(stat[kVirtualBytes])));
    families.push_back(Family("process_resident_memory_bytes", "Resident memory size", MetricType::Gauge,
                              std::stod(stat[kResidentPages]) * static_cast<double>(::sysconf(_SC_PAGESIZE))));
  }
  std::error_code error;
  const auto descriptors = std::distance(std::filesystem::directory_iterator("/proc/self/fd", error), {});
  if (!error) families.push_back(Family("process_open_fds", "Open file descriptors", MetricType::Gauge, static_cast<double>(descriptors)));
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    families.push_back(
        Family("process_max_fds", "Most file descriptors that may be open", MetricType::Gauge, static_cast<double>(limit.rlim_cur)));
  }
  return families;
}

}  // namespace seedbed::metrics
