#include "core/nn/openvino_backend.h"

#include <dlfcn.h>
#include <openvino/c/openvino.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "core/base/reason.h"
#include "core/base/status_macros.h"
#include "core/nn/check_batch.h"
#include "core/nn/openvino_ir.h"

namespace seedbed::nn {
namespace {

// What we call of the library, and the one core of the process.
struct Runtime {
  decltype(&ov_get_openvino_version) get_version = nullptr;
  decltype(&ov_version_free) version_free = nullptr;
  decltype(&ov_get_error_info) get_error_info = nullptr;
  decltype(&ov_get_last_err_msg) get_last_error = nullptr;
  decltype(&ov_free) free_text = nullptr;
  decltype(&ov_core_create) core_create = nullptr;
  decltype(&ov_core_read_model_from_memory_buffer) read_model = nullptr;
  decltype(&ov_core_compile_model_props) compile_model = nullptr;
  decltype(&ov_compiled_model_create_infer_request) create_request = nullptr;
  decltype(&ov_tensor_create_from_host_ptr) create_tensor = nullptr;
  decltype(&ov_infer_request_set_input_tensor) set_input = nullptr;
  decltype(&ov_infer_request_set_output_tensor) set_output = nullptr;
  decltype(&ov_infer_request_infer) infer = nullptr;
  decltype(&ov_model_free) model_free = nullptr;
  decltype(&ov_compiled_model_free) compiled_free = nullptr;
  decltype(&ov_infer_request_free) request_free = nullptr;
  decltype(&ov_tensor_free) tensor_free = nullptr;
  ov_core_t* core = nullptr;
  std::string name;  // with the version: other versions compute other bits
};

template <typename Function>
absl::Status Resolve(void* library, const char* symbol, Function* function) {
  *function = reinterpret_cast<Function>(::dlsym(library, symbol));
  if (*function != nullptr) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("OpenVINO's library has no ", symbol));
}

absl::Status ResolveAll(void* library, Runtime* runtime) {
  SB_RETURN_IF_ERROR(Resolve(library, "ov_get_openvino_version", &runtime->get_version));
  SB_RETURN_IF_ERROR(Resolve(library, "ov_version_free", &runtime->version_free));
  SB_RETURN_IF_ERROR(Resolve(library, "ov_get_error_info", &runtime->get_error_info));
  SB_RETURN_IF_ERROR(Resolve(library, "ov_get_last_err_msg", &runtime->get_last_error));
  SB_RETURN_IF_ERROR(Resolve(library, "ov_free", &runtime->free_text));
  SB_RETURN_IF_ERROR(Resolve(library, "ov_core_create", &runtime->core_create));
  SB_RETURN_IF_ERROR(Resolve(library, "ov_core_read_model_from_memory_buffer", &runtime->read_model));
  SB_RETURN_IF_ERROR(Resolve(library, "ov_core_compile_model_props", &runtime->compile_model));
  SB_RETURN_IF_ERROR(Resolve(library, "ov_compiled_model_create_infer_request", &runtime->create_request));
  SB_RETURN_IF_ERROR(Resolve(library, "ov_tensor_create_from_host_ptr", &runtime->create_tensor));
  SB_RETURN_IF_ERROR(Resolve(library, "ov_infer_request_set_input_tensor", &runtime->set_input));
  SB_RETURN_IF_ERROR(Resolve(library, "ov_infer_request_set_output_tensor", &runtime->set_output));
  SB_RETURN_IF_ERROR(Resolve(library, "ov_infer_request_infer", &runtime->infer));
  SB_RETURN_IF_ERROR(Resolve(library, "ov_model_free", &runtime->model_free));
  SB_RETURN_IF_ERROR(Resolve(library, "ov_compiled_model_free", &runtime->compiled_free));
  SB_RETURN_IF_ERROR(Resolve(library, "ov_infer_request_free", &runtime->request_free));
  return Resolve(library, "ov_tensor_free", &runtime->tensor_free);
}

// OK, or OpenVINO's own words.
absl::Status ToStatus(const Runtime& runtime, ov_status_e status, std::string_view action) {
  if (status == OK) return absl::OkStatus();
  const char* detail = runtime.get_last_error();
  const std::string message = absl::StrCat("OpenVINO ", ToAbsl(action), ": ", runtime.get_error_info(status), detail == nullptr ? "" : ": ",
                                           detail == nullptr ? "" : detail);
  runtime.free_text(detail);
  // Its exceptions for want of memory arrive as ordinary ones.
  const bool memory = absl::StrContains(message, "bad_alloc") || absl::StrContains(message, "allocate");
  return memory ? OutOfMemoryError(message) : absl::InternalError(message);
}

absl::StatusOr<Runtime> LoadRuntime() {
  void* library = ::dlopen(SB_OPENVINO_LIBRARY, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return absl::UnavailableError(absl::StrCat("OpenVINO cannot be loaded: ", ::dlerror()));
  Runtime runtime;
  SB_RETURN_IF_ERROR(ResolveAll(library, &runtime));
  ov_version_t version = {};
  SB_RETURN_IF_ERROR(ToStatus(runtime, runtime.get_version(&version), "has no version"));
  // "2026.4.1-22982-<commit>-<branch>"; the first two say which build it is.
  const std::vector<std::string> parts = absl::StrSplit(version.buildNumber, absl::MaxSplits('-', 2));
  runtime.name = absl::StrCat("openvino-", absl::StrJoin(parts.begin(), parts.begin() + std::min<ptrdiff_t>(2, std::ssize(parts)), "-"));
  runtime.version_free(&version);
  SB_RETURN_IF_ERROR(ToStatus(runtime, runtime.core_create(&runtime.core), "cannot start"));
  return runtime;
}

// Stays for the life of the process: OpenVINO's threads outlive whoever uses them.
const absl::StatusOr<Runtime>& SharedRuntime() {
  static const auto* runtime = new absl::StatusOr<Runtime>(LoadRuntime());
  return *runtime;
}

template <typename T>
using Handle = std::unique_ptr<T, void (*)(T*)>;

// A tensor over memory of ours; only inputs are const, and nothing writes to them.
absl::StatusOr<Handle<ov_tensor_t>> TensorOver(const Runtime& runtime, ov_element_type_e type, std::vector<int64_t> extents,
                                               const void* data) {
  const ov_shape_t shape = {.rank = static_cast<int64_t>(extents.size()), .dims = extents.data()};
  ov_tensor_t* tensor = nullptr;
  SB_RETURN_IF_ERROR(ToStatus(runtime, runtime.create_tensor(type, shape, const_cast<void*>(data), &tensor), "takes no tensor"));
  return Handle<ov_tensor_t>(tensor, runtime.tensor_free);
}

std::vector<int64_t> WithBatch(size_t batch, const graph::Shape& shape) {
  std::vector<int64_t> extents = {static_cast<int64_t>(batch)};
  extents.insert(extents.end(), shape.begin(), shape.end());
  return extents;
}

// A network compiled for one number of images.
struct Compiled {
  OpenvinoIr ir;  // the constants may be read until the last request is gone
  Handle<ov_compiled_model_t> model;
  Handle<ov_infer_request_t> request;
};

absl::StatusOr<std::unique_ptr<Compiled>> Compile(const Runtime& runtime, OpenvinoIr ir, int threads) {
  auto compiled = std::make_unique<Compiled>(Compiled{std::move(ir), {nullptr, runtime.compiled_free}, {nullptr, runtime.request_free}});
  const OpenvinoIr& held = compiled->ir;
  SB_ASSIGN_OR_RETURN(const auto constants, TensorOver(runtime, U8, {static_cast<int64_t>(held.constants.size())}, held.constants.data()));
  ov_model_t* model = nullptr;
  SB_RETURN_IF_ERROR(ToStatus(runtime, runtime.read_model(runtime.core, held.xml.data(), held.xml.size(), constants.get(), &model),
                              "cannot read the network"));
  const Handle<ov_model_t> model_handle(model, runtime.model_free);
  const std::string thread_text = absl::StrCat(threads);
  const std::array<ov_property_t, 4> properties = {{
      // bfloat16, which it prefers where the processor has it, is not what the weights were trained in.
      {"INFERENCE_PRECISION_HINT", "f32"},
      {"INFERENCE_NUM_THREADS", thread_text.c_str()},
      {"NUM_STREAMS", "1"},
      // Decoding shares the cores.
      {"ENABLE_CPU_PINNING", "NO"},
  }};
  ov_compiled_model_t* executable = nullptr;
  SB_RETURN_IF_ERROR(ToStatus(runtime, runtime.compile_model(runtime.core, model, "CPU", properties.size(), properties.data(), &executable),
                              "cannot compile"));
  compiled->model.reset(executable);
  ov_infer_request_t* request = nullptr;
  SB_RETURN_IF_ERROR(ToStatus(runtime, runtime.create_request(executable, &request), "makes no request"));
  compiled->request.reset(request);
  return compiled;
}

// What the layers of so many images pass on to each other mostly stays in the processor's caches: EfficientNet-Lite0 computes a batch of 32
// 1.3 times as fast in four parts as in one. Each part reads all weights, so that larger networks gain nothing.
constexpr size_t kImagesAtOnce = 8;
constexpr size_t kSmallWeights = size_t{32} << 20;  // bytes

class OpenvinoBackend : public Backend {
 public:
  OpenvinoBackend(const Runtime& runtime, graph::Graph graph, const TensorViews& weights, int threads)
      : runtime_(runtime), graph_(std::move(graph)), threads_(threads) {
    for (const auto& [name, view] : weights) {
      weights_.emplace(name, Tensor{view.dtype, view.shape, {view.data.begin(), view.data.end()}});
      weight_bytes_ += view.data.size();
    }
  }

  std::string_view name() const override { return runtime_.name; }
  size_t output_values() const override { return static_cast<size_t>(graph::ElementsOf(graph_.output_shape())); }

  absl::Status Forward(std::span<const float> input, size_t batch, std::span<float> output) override {
    SB_RETURN_IF_ERROR(CheckBatch(graph_, input.size(), batch, output.size()));
    const auto inputs = static_cast<size_t>(graph::ElementsOf(graph_.input_shape())), outputs = output_values();
    const size_t at_once = weight_bytes_ <= kSmallWeights ? kImagesAtOnce : batch;
    for (size_t first = 0; first < batch; first += at_once) {
      const size_t count = std::min(at_once, batch - first);
      SB_RETURN_IF_ERROR(
          Annotate(Run(input.subspan(first * inputs, count * inputs), count, output.subspan(first * outputs, count * outputs)),
                   absl::StrCat("a batch of ", batch)));
    }
    return absl::OkStatus();
  }

 private:
  absl::Status Run(std::span<const float> input, size_t batch, std::span<float> output) {
    SB_ASSIGN_OR_RETURN(const Compiled* compiled, CompiledFor(batch));
    SB_ASSIGN_OR_RETURN(const auto from, TensorOver(runtime_, F32, WithBatch(batch, graph_.input_shape()), input.data()));
    SB_ASSIGN_OR_RETURN(const auto to, TensorOver(runtime_, F32, WithBatch(batch, graph_.output_shape()), output.data()));
    SB_RETURN_IF_ERROR(ToStatus(runtime_, runtime_.set_input(compiled->request.get(), from.get()), "takes no input"));
    SB_RETURN_IF_ERROR(ToStatus(runtime_, runtime_.set_output(compiled->request.get(), to.get()), "takes no output"));
    return ToStatus(runtime_, runtime_.infer(compiled->request.get()), "failed");
  }

  absl::StatusOr<const Compiled*> CompiledFor(size_t batch) {
    constexpr size_t kMaxKept = 2;  // the usual number, and that of a batch's rest
    if (const auto found = compiled_.find(batch); found != compiled_.end()) return found->second.get();
    if (compiled_.size() >= kMaxKept) compiled_.clear();
    SB_ASSIGN_OR_RETURN(std::unique_ptr<Compiled> made, Compile(runtime_, WriteOpenvinoIr(graph_, ViewsOf(weights_), batch), threads_));
    return compiled_.emplace(batch, std::move(made)).first->second.get();
  }

  const Runtime& runtime_;
  const graph::Graph graph_;
  TensorMap weights_;
  size_t weight_bytes_ = 0;
  const int threads_;
  std::map<size_t, std::unique_ptr<Compiled>> compiled_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Backend>> MakeOpenvinoBackend(const graph::Graph& graph, const TensorViews& weights, int threads) {
  SB_RETURN_IF_ERROR(CanWriteOpenvinoIr(graph));
  const absl::StatusOr<Runtime>& runtime = SharedRuntime();
  SB_RETURN_IF_ERROR(runtime.status());
  return std::make_unique<OpenvinoBackend>(*runtime, graph, weights, threads);
}

}  // namespace seedbed::nn
