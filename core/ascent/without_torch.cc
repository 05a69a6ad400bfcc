// In the place of what needs LibTorch, in a build without it.
#include "core/ascent/ascent.h"

namespace seedbed::ascent {

absl::StatusOr<std::unique_ptr<Ascent>> MakeNaturalAscent(const ScoredNetwork*, const image::Preprocessing&, std::vector<float>,
                                                          const AscentOptions&) {
  return absl::UnimplementedError("this build has no LibTorch, which makes natural pictures");
}

}  // namespace seedbed::ascent
