// In the place of openvino_backend.cc when the build found no OpenVINO.
#include "core/nn/openvino_backend.h"

namespace seedbed::nn {

absl::StatusOr<std::unique_ptr<Backend>> MakeOpenvinoBackend(const graph::Graph&, const TensorViews&, int) {
  return absl::UnimplementedError("this build has no OpenVINO; ./run build fetches it unless SB_OPENVINO is off");
}

}  // namespace seedbed::nn
