// The door through which LibTorch's exceptions leave as statuses. Only for files that include LibTorch.
#pragma once

#include <new>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/reason.h"
#include "core/nn/torch_pch.h"

namespace seedbed::nn {

// Memory on a device runs out as an error of its own; LibTorch's allocator of the CPU's throws its ordinary one.
inline bool IsOutOfMemory(const c10::Error& error) {
  return dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr ||
         std::string_view(error.what_without_backtrace()).find("DefaultCPUAllocator") != std::string_view::npos;
}

// What `body` returns, a Status or StatusOr. OutOfMemoryError (core/base/reason.h) when it runs out of memory; INTERNAL for whatever else
// is thrown.
template <typename Body>
auto WithoutExceptions(Body body) -> decltype(body()) {
  try {
    return body();
  } catch (const c10::Error& error) {
    if (!IsOutOfMemory(error)) return absl::InternalError(absl::StrCat("LibTorch: ", error.what_without_backtrace()));
    return OutOfMemoryError(std::string("the network ran out of memory: ") + error.what_without_backtrace());
  } catch (const std::bad_alloc&) {
    return OutOfMemoryError("the network ran out of memory");
  } catch (const std::exception& error) {
    return absl::InternalError(absl::StrCat("LibTorch: ", error.what()));
  }
}

}  // namespace seedbed::nn
