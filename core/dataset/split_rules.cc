#include "core/dataset/split_rules.h"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/philox.h"
#include "core/base/status_macros.h"
#include "core/dataset/class_layout.h"

namespace seedbed::dataset {
namespace {

constexpr std::string_view kTrain = "train";
constexpr int8_t kTrainIndex = 0;
// Classes named in one error; the rest is counted.
constexpr size_t kMaxNamed = 10;

// Rows that are dealt together.
struct Unit {
  uint64_t priority = 0;
  std::string_view digest;                             // the smallest of its rows
  std::vector<std::pair<int32_t, int64_t>> per_class;  // images by label
  int8_t subset = kTrainIndex;
};

uint64_t PriorityOf(std::string_view digest, uint64_t seed) {
  uint64_t subject = 0;
  std::from_chars(digest.data(), digest.data() + 16, subject, 16);
  RandomStream stream(seed, RandomPurpose::kSplit, subject);
  const uint64_t high = stream.NextUint32();
  return high << 32 | stream.NextUint32();
}

// The place of each row among all: by class, then by folder, then by file name, as Keras lists them.
std::vector<uint64_t> PlacesOf(const Manifest& manifest) {
  const auto key = [&manifest](size_t row) {
    const std::string_view path = manifest.rows[row].path;
    const size_t slash = path.rfind('/') + 1;
    return std::tuple(manifest.rows[row].label, path.substr(0, slash), path.substr(slash));
  };
  std::vector<size_t> rows(manifest.rows.size());
  std::iota(rows.begin(), rows.end(), size_t{0});
  std::sort(rows.begin(), rows.end(), [&key](size_t a, size_t b) { return key(a) < key(b); });
  std::vector<uint64_t> places(rows.size());
  for (size_t place = 0; place < rows.size(); ++place) places[rows[place]] = place;
  return places;
}

std::vector<Unit> MakeUnits(const Manifest& manifest, const Units& units, std::optional<uint64_t> seed) {
  std::vector<Unit> made(units.count);
  for (size_t row = 0; row < manifest.rows.size(); ++row) {
    const ManifestRow& image = manifest.rows[row];
    Unit& unit = made[units.unit_of_row[row]];
    if (unit.digest.empty() || image.sha256 < unit.digest) unit.digest = image.sha256;
    // Rows come by label, so that only the last entry can be this row's.
    if (unit.per_class.empty() || unit.per_class.back().first != image.label) unit.per_class.emplace_back(image.label, 0);
    ++unit.per_class.back().second;
  }
  if (seed) {
    for (Unit& unit : made) unit.priority = PriorityOf(unit.digest, *seed);
    return made;
  }
  const std::vector<uint64_t> places = PlacesOf(manifest);
  for (Unit& unit : made) unit.priority = places.size();
  for (size_t row = 0; row < places.size(); ++row) {
    uint64_t& priority = made[units.unit_of_row[row]].priority;
    priority = std::min(priority, places[row]);
  }
  return made;
}

std::string NameSome(std::vector<std::string> complaints) {
  const size_t all = complaints.size();
  complaints.resize(std::min(all, kMaxNamed));
  std::string text = absl::StrJoin(complaints, "; ");
  if (all > kMaxNamed) absl::StrAppend(&text, "; and ", all - kMaxNamed, " further classes");
  return text;
}

absl::Status CheckQuotas(const Manifest& manifest, std::span<const Quota> quotas) {
  const std::vector<int64_t> images = ImagesPerClass(manifest);
  std::vector<std::string> complaints;
  for (size_t label = 0; label < images.size(); ++label) {
    std::vector<std::string> wanted;
    int64_t sum = 0;
    for (const Quota& quota : quotas) {
      sum += quota.per_class[label];
      if (quota.per_class[label] > 0) wanted.push_back(absl::StrCat(quota.per_class[label], " for ", quota.subset));
    }
    if (images[label] == 0 || sum < images[label]) continue;
    complaints.push_back(absl::StrCat("class '", manifest.classes[label], "' has ", images[label],
                                      images[label] == 1 ? " image, " : " images, ", absl::StrJoin(wanted, " and "),
                                      " are wanted and at least 1 must stay for training"));
  }
  return complaints.empty() ? absl::OkStatus() : absl::InvalidArgumentError(NameSome(std::move(complaints)));
}

// Deals units to one subset after the other.
class Dealer {
 public:
  Dealer(const Manifest& manifest, std::vector<Unit> units) : manifest_(manifest), units_(std::move(units)) {
    left_in_train_ = ImagesPerClass(manifest);
    for (Unit& unit : units_) order_.push_back(&unit);
    std::sort(order_.begin(), order_.end(),
              [](const Unit* a, const Unit* b) { return std::tie(a->priority, a->digest) < std::tie(b->priority, b->digest); });
  }

  absl::Status Deal(const Quota& quota, int8_t subset) {
    subset_ = subset;
    room_ = quota.per_class;
    TakeWhatFits();
    std::vector<std::string> complaints;
    for (size_t label = 0; label < room_.size(); ++label) {
      const bool got_none = quota.per_class[label] > 0 && room_[label] == quota.per_class[label];
      if (got_none && left_in_train_[label] > 0 && !TakeLeastExceeding(static_cast<int32_t>(label))) {
        complaints.push_back(absl::StrCat("class '", manifest_.classes[label],
                                          "': its images hang together in groups so large that none can go to '", quota.subset,
                                          "' while another stays for training; use a finer group pattern, or do without it"));
      }
    }
    return complaints.empty() ? absl::OkStatus() : absl::InvalidArgumentError(NameSome(std::move(complaints)));
  }

  const std::vector<Unit>& units() const { return units_; }

 private:
  bool LeavesTraining(const Unit& unit) const {
    return std::all_of(unit.per_class.begin(), unit.per_class.end(),
                       [&](const auto& share) { return left_in_train_[static_cast<size_t>(share.first)] > share.second; });
  }
  // Images beyond the quotas if the unit were taken.
  int64_t Excess(const Unit& unit) const {
    int64_t excess = 0;
    for (const auto& [label, images] : unit.per_class) {
      excess += std::max<int64_t>(0, images - std::max<int64_t>(0, room_[static_cast<size_t>(label)]));
    }
    return excess;
  }

  void Take(Unit* unit) {
    unit->subset = subset_;
    for (const auto& [label, images] : unit->per_class) {
      room_[static_cast<size_t>(label)] -= images;
      left_in_train_[static_cast<size_t>(label)] -= images;
    }
  }

  void TakeWhatFits() {
    for (Unit* unit : order_) {
      if (unit->subset == kTrainIndex && Excess(*unit) == 0 && LeavesTraining(*unit)) Take(unit);
    }
  }

  bool TakeLeastExceeding(int32_t label) {
    Unit* best = nullptr;
    for (Unit* unit : order_) {
      const bool has_class =
          std::any_of(unit->per_class.begin(), unit->per_class.end(), [&](const auto& share) { return share.first == label; });
      if (unit->subset != kTrainIndex || !has_class || !LeavesTraining(*unit)) continue;
      if (best == nullptr || Excess(*unit) < Excess(*best)) best = unit;
    }
    if (best != nullptr) Take(best);
    return best != nullptr;
  }

  const Manifest& manifest_;
  std::vector<Unit> units_;
  std::vector<Unit*> order_;            // by priority
  std::vector<int64_t> left_in_train_;  // by class
  std::vector<int64_t> room_;           // of the subset at hand, by class; below 0: exceeded
  int8_t subset_ = kTrainIndex;
};

}  // namespace

absl::StatusOr<SplitTable> SplitByQuota(const Manifest& manifest, const Units& units, std::span<const Quota> quotas,
                                        std::optional<uint64_t> seed) {
  SB_RETURN_IF_ERROR(CheckQuotas(manifest, quotas));
  SplitTable table;
  table.subsets.emplace_back(kTrain);
  Dealer dealer(manifest, MakeUnits(manifest, units, seed));
  for (const Quota& quota : quotas) {
    SB_RETURN_IF_ERROR(dealer.Deal(quota, static_cast<int8_t>(table.subsets.size())));
    table.subsets.push_back(quota.subset);
  }
  for (const uint32_t unit : units.unit_of_row) table.subset_of_row.push_back(dealer.units()[unit].subset);
  return table;
}

absl::StatusOr<SplitTable> SplitFromFolders(const Manifest& manifest) {
  std::vector<std::string_view> subset_of_row;
  for (const ManifestRow& row : manifest.rows) {
    const auto subset = SubsetOfPath(row.path, manifest.classes[static_cast<size_t>(row.label)]);
    if (!subset) {
      return absl::InvalidArgumentError(
          absl::StrCat("the dataset is not laid out as <subset>/<class>/<file> with subsets named train, "
                       "validation (or val, valid) and test: '",
                       row.path, "' is not; split it per class or by a fraction instead"));
    }
    subset_of_row.push_back(*subset);
  }
  SplitTable table;
  for (const std::string_view name : {kTrain, std::string_view("validation"), std::string_view("test")}) {
    if (std::find(subset_of_row.begin(), subset_of_row.end(), name) != subset_of_row.end()) table.subsets.emplace_back(name);
  }
  if (table.subsets.empty() || table.subsets.front() != kTrain) {
    return absl::InvalidArgumentError("the folders hold no image for training: put those to be learnt from into train/<class>/");
  }
  for (const std::string_view name : subset_of_row) {
    const auto subset = std::find(table.subsets.begin(), table.subsets.end(), name) - table.subsets.begin();
    table.subset_of_row.push_back(static_cast<int8_t>(subset));
  }
  return table;
}

std::vector<int64_t> ImagesPerClass(const Manifest& manifest) {
  std::vector<int64_t> images(manifest.classes.size(), 0);
  for (const ManifestRow& row : manifest.rows) ++images[static_cast<size_t>(row.label)];
  return images;
}

std::vector<int64_t> ImagesPerClass(const Manifest& manifest, const SplitTable& table, size_t subset) {
  std::vector<int64_t> images(manifest.classes.size(), 0);
  for (size_t row = 0; row < manifest.rows.size(); ++row) {
    if (table.subset_of_row[row] == static_cast<int8_t>(subset)) ++images[static_cast<size_t>(manifest.rows[row].label)];
  }
  return images;
}

}  // namespace seedbed::dataset
