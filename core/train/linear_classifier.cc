#include "core/train/linear_classifier.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/train/bound_kernels.h"
#include "core/train/thread_team.h"
#include "core/train/tiled_parameters.h"

namespace seedbed::train {
namespace {

// Work is handed out by blocks of whole tiles: enough of them for the cores that a linear model can use, few enough that a block's sums
// are long. Fixed for ever: the blocks decide the order of additions.
constexpr size_t kMaxBlocks = 32;
// Examples whose logits are computed together: bounds the memory for large batches.
constexpr size_t kGroupExamples = 256;
// Examples that share a sweep over a block in the forward pass: their lanes stay in the first caches.
constexpr size_t kChunkExamples = 32;
// Multiply-adds below which one thread is done before others have woken up: on a busy machine that takes longer than all the work. Which
// thread computes a block changes no bit.
constexpr size_t kTeamWork = 2'000'000;

template <typename Element>
using RowSpan = std::span<const Element* const>;

template <typename Element>
RowSpan<Element> Slice(RowSpan<Element> rows, size_t first, size_t count) {
  return rows.subspan(first, std::min(count, rows.size() - first));
}

class TiledLinearClassifier : public LinearClassifier {
 public:
  TiledLinearClassifier(LinearClassifierOptions options, const LinearKernels& kernels)
      : options_(std::move(options)),
        classes_(options_.classes),
        kernels_(kernels),
        team_(options_.threads),
        softmax_(classes_),
        offset_(options_.offset),
        parameters_(options_.features, classes_),
        slots_(static_cast<size_t>(SlotCount(options_.optimizer)), parameters_),
        blocks_(std::min(parameters_.tiles(), kMaxBlocks)),
        bias_gradient_(parameters_.bias().size()),
        partial_(blocks_ * kGroupExamples * classes_),
        scratch_(static_cast<size_t>(team_.size())) {
    offset_.resize(parameters_.tiles() * kTileFeatures);
    for (Scratch& scratch : scratch_) {
      scratch.lanes.resize(kChunkExamples * classes_ * kLanes);
      scratch.gradient.resize(parameters_.tile_size());
    }
  }

  BatchResult TrainBatch(const Rows& rows, const BatchLabels& labels) override {
    const BatchResult result = Forward(rows, labels, /*with_delta=*/true);
    const UpdateRule rule = RuleForStep(options_.optimizer, ++step_);
    Backward(rows, [&](size_t tile, const float* gradient) {
      float* slots[2] = {};
      for (size_t i = 0; i < slots_.size(); ++i) slots[i] = slots_[i].tile(tile);
      kernels_.update(rule, gradient, parameters_.tile_size(), parameters_.tile(tile), slots[0], slots[1]);
    });
    float* slots[2] = {};
    for (size_t i = 0; i < slots_.size(); ++i) slots[i] = slots_[i].bias().data();
    kernels_.update(rule, bias_gradient_.data(), bias_gradient_.size(), parameters_.bias().data(), slots[0], slots[1]);
    return result;
  }

  BatchResult EvaluateBatch(const Rows& rows, const BatchLabels& labels) override { return Forward(rows, labels, /*with_delta=*/false); }

  std::span<const float> logits() const override { return std::span(logits_).first(examples_ * classes_); }

  LinearParameters Gradient(const Rows& rows, const BatchLabels& labels) override {
    Forward(rows, labels, /*with_delta=*/true);
    TiledParameters gradient(options_.features, classes_);
    Backward(rows, [&](size_t tile, const float* values) { std::copy_n(values, gradient.tile_size(), gradient.tile(tile)); });
    gradient.bias() = bias_gradient_;
    return gradient.ToPlain();
  }

  LinearState state() const override {
    LinearState state{.parameters = parameters_.ToPlain(), .slots = {}, .step = step_};
    for (const TiledParameters& slot : slots_) state.slots.push_back(slot.ToPlain());
    return state;
  }

  absl::Status Restore(const LinearState& state) override {
    SB_RETURN_IF_ERROR(CheckSizes(state.parameters));
    for (const LinearParameters& slot : state.slots) SB_RETURN_IF_ERROR(CheckSizes(slot));
    if (!state.slots.empty() && state.slots.size() != slots_.size()) {
      return absl::InvalidArgumentError(
          absl::StrCat("the optimizer keeps ", slots_.size(), " values a parameter, not ", state.slots.size()));
    }
    parameters_.SetPlain(state.parameters);
    for (size_t i = 0; i < slots_.size(); ++i) {
      slots_[i] = TiledParameters(options_.features, classes_);
      if (!state.slots.empty()) slots_[i].SetPlain(state.slots[i]);
    }
    step_ = state.step;
    return absl::OkStatus();
  }

 private:
  // A member's own.
  struct Scratch {
    std::vector<float> lanes;     // [example of a chunk][class][kLanes]
    std::vector<float> gradient;  // one tile
  };

  size_t FirstTile(size_t block) const { return block * parameters_.tiles() / blocks_; }

  template <typename Element>
  TileInput<Element> InputOf(RowSpan<Element> rows, size_t tile) const {
    const size_t first = tile * kTileFeatures;
    return {rows.data(), rows.size(), first, std::min(kTileFeatures, options_.features - first), options_.scale, &offset_[first]};
  }

  // Logits of all examples, their summed loss, and with_delta the loss's gradient by the logits and by the bias.
  BatchResult Forward(const Rows& rows, const BatchLabels& labels, bool with_delta) {
    examples_ = labels.labels.size();
    logits_.resize(std::max(logits_.size(), examples_ * classes_));
    delta_.resize(logits_.size());
    if (with_delta) std::fill(bias_gradient_.begin(), bias_gradient_.end(), 0.0f);
    BatchResult result;
    for (size_t first = 0; first < examples_; first += kGroupExamples) {
      std::visit([&](auto all) { ForwardGroup(Slice(all, first, kGroupExamples)); }, rows);
      for (size_t i = first; i < std::min(first + kGroupExamples, examples_); ++i) {
        const std::span<float> logits(&logits_[i * classes_], classes_);
        AddUpLogits(i - first, logits);
        float* delta = with_delta ? &delta_[i * classes_] : nullptr;
        softmax_.Add(logits, labels, i, 1.0 / static_cast<double>(examples_), delta, &result);
        for (size_t k = 0; with_delta && k < classes_; ++k) bias_gradient_[k] += delta[k];
      }
    }
    return result;
  }

  // Calls body(block, member) for each block, on as many threads as are worth it for so many examples.
  template <typename Body>
  void ForEachBlock(size_t examples, Body body) {
    if (examples * options_.features * classes_ >= kTeamWork) return team_.ParallelFor(blocks_, body);
    for (size_t block = 0; block < blocks_; ++block) body(block, 0);
  }

  // partial_[block][example][class] = the block's share of the logits.
  template <typename Element>
  void ForwardGroup(RowSpan<Element> rows) {
    const auto forward = std::get<ForwardTile<Element>>(kernels_.forward);
    ForEachBlock(rows.size(), [&](size_t block, int member) {
      std::vector<float>& lanes = scratch_[static_cast<size_t>(member)].lanes;
      for (size_t first = 0; first < rows.size(); first += kChunkExamples) {
        const RowSpan<Element> chunk = Slice(rows, first, kChunkExamples);
        std::fill(lanes.begin(), lanes.end(), 0.0f);
        for (size_t tile = FirstTile(block); tile < FirstTile(block + 1); ++tile) {
          forward(InputOf(chunk, tile), parameters_.tile(tile), classes_, lanes.data());
        }
        kernels_.add_lanes(lanes.data(), chunk.size() * classes_, &partial_[(block * kGroupExamples + first) * classes_]);
      }
    });
  }

  void AddUpLogits(size_t example, std::span<float> logits) const {
    for (size_t k = 0; k < classes_; ++k) {
      double sum = parameters_.bias()[k];
      for (size_t block = 0; block < blocks_; ++block) sum += partial_[(block * kGroupExamples + example) * classes_ + k];
      logits[k] = static_cast<float>(sum);
    }
  }

  // Calls use(tile, gradient) on all threads, for each tile once, with the gradient that belongs to the last Forward.
  template <typename Use>
  void Backward(const Rows& rows, Use use) {
    std::visit([&](auto all) { BackwardRows(all, use); }, rows);
  }
  template <typename Element, typename Use>
  void BackwardRows(RowSpan<Element> rows, Use use) {
    const auto gradient_of = std::get<GradientTile<Element>>(kernels_.gradient);
    ForEachBlock(rows.size(), [&](size_t block, int member) {
      float* gradient = scratch_[static_cast<size_t>(member)].gradient.data();
      for (size_t tile = FirstTile(block); tile < FirstTile(block + 1); ++tile) {
        gradient_of(InputOf(rows, tile), delta_.data(), classes_, gradient);
        use(tile, gradient);
      }
    });
  }

  absl::Status CheckSizes(const LinearParameters& parameters) const {
    if (parameters.weight.size() == options_.features * classes_ && parameters.bias.size() == classes_) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat("expected ", options_.features * classes_, " weights and ", classes_, " biases, got ",
                                                   parameters.weight.size(), " and ", parameters.bias.size()));
  }

  // Constant after construction.
  const LinearClassifierOptions options_;
  const size_t classes_;
  const LinearKernels& kernels_;

  ThreadTeam team_;
  SoftmaxCrossEntropy softmax_;
  std::vector<float> offset_;  // padded to whole tiles
  TiledParameters parameters_;
  std::vector<TiledParameters> slots_;
  const size_t blocks_;
  int64_t step_ = 0;

  // Of the last batch.
  size_t examples_ = 0;
  std::vector<float> logits_;  // [example][class]
  std::vector<float> delta_;   // the loss's gradient by the logits
  std::vector<float> bias_gradient_;
  std::vector<float> partial_;
  std::vector<Scratch> scratch_;  // by member of the team
};

}  // namespace

absl::StatusOr<std::unique_ptr<LinearClassifier>> LinearClassifier::Create(LinearClassifierOptions options) {
  if (options.features == 0 || options.classes < 2 || options.threads < 1) {
    return absl::InvalidArgumentError(absl::StrCat("a linear classifier of ", options.features, " features, ", options.classes,
                                                   " classes and ", options.threads, " threads is not possible"));
  }
  if (!options.offset.empty() && options.offset.size() != options.features) {
    return absl::InvalidArgumentError(absl::StrCat("offset has ", options.offset.size(), " values for ", options.features, " features"));
  }
  SB_ASSIGN_OR_RETURN(const LinearKernels* kernels, BoundKernels(options.instruction_set));
  return std::make_unique<TiledLinearClassifier>(std::move(options), *kernels);
}

}  // namespace seedbed::train
