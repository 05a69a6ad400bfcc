#include "core/dataset/picture_decoder.h"

#include <utility>

#include "core/augment/pipeline.h"
#include "core/base/spares.h"
#include "core/base/status_macros.h"
#include "core/image/codec.h"

namespace seedbed::dataset {
namespace {

// Large buffers that a thread keeps from image to image.
struct Buffers {
  image::Image picture;
  augment::Scratch scratch;
};

absl::StatusOr<augment::Pipeline> StepsOf(const image::Geometry& geometry) {
  if (geometry.steps.empty()) return augment::Pipeline();
  const auto list = nlohmann::json::parse(geometry.steps, /*cb=*/nullptr, /*allow_exceptions=*/false);
  SB_ASSIGN_OR_RETURN(augment::Pipeline steps, augment::Pipeline::Parse(list, "pipeline"));
  SB_RETURN_IF_ERROR(Annotate(steps.CheckSize(geometry.width, geometry.height), "pipeline"));
  return steps;
}

class Decoder : public PictureDecoder {
 public:
  Decoder(const image::Geometry& geometry, augment::Pipeline steps) : geometry_(geometry), steps_(std::move(steps)) {}

  absl::Status Decode(std::span<const std::byte> file, std::span<uint8_t> target) override {
    std::unique_ptr<Buffers> buffers = spares_.Borrow();
    const absl::Status decoded = image::DecodeImage(file, &buffers->picture);
    if (decoded.ok()) {
      image::ResizeInto(buffers->picture, geometry_.width, geometry_.height, geometry_.filter, target);
      steps_.Apply({}, {.width = geometry_.width, .height = geometry_.height, .rgb = target}, &buffers->scratch);
    }
    spares_.Return(std::move(buffers));
    return decoded;
  }

 private:
  const image::Geometry geometry_;
  const augment::Pipeline steps_;
  Spares<Buffers> spares_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<PictureDecoder>> PictureDecoder::Create(const image::Geometry& geometry) {
  SB_ASSIGN_OR_RETURN(augment::Pipeline steps, StepsOf(geometry));
  return std::make_unique<Decoder>(geometry, std::move(steps));
}

}  // namespace seedbed::dataset
