// What our files use of LibTorch, precompiled once for all of them (cmake/SeedbedRooms.cmake). Narrow headers: torch/torch.h alone takes
// half a minute to compile.
#pragma once

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/softmax.h>
#include <c10/core/InferenceMode.h>
#include <c10/util/Exception.h>
