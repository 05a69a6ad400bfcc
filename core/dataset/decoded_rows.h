// Rows of a manifest as pixels: what training and evaluation read.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

#include "absl/status/statusor.h"
#include "core/base/thread_pool.h"
#include "core/dataset/manifest.h"
#include "core/image/decoded_cache.h"

namespace seedbed::dataset {

// Row i of the result is the picture of manifest row rows[i], decoded, resized and changed by steps as `geometry` says, from the cache
// where it has it.
//
// First all rows are compared with their files (CheckAllUnchanged), cached or not: FAILED_PRECONDITION naming the first file that changed
// since it was indexed, NOT_FOUND for one that is gone. FAILED_PRECONDITION too for a file that can no longer be read or decoded;
// INVALID_ARGUMENT for steps that are unknown, that draw, or that do not take pictures of that size; CANCELLED when `go_on` (asked before
// each comparison) or `on_progress` (after each picture) returns false, both called on any thread; else as DecodedCache::Load.
absl::StatusOr<std::unique_ptr<image::DecodedRows>> LoadDecodedRows(const Manifest& manifest, std::span<const uint32_t> rows,
                                                                    const std::filesystem::path& objects_folder,
                                                                    const image::Geometry& geometry, image::DecodedCache* cache,
                                                                    ThreadPool* pool, const std::function<bool()>& go_on,
                                                                    const image::DecodedCache::OnProgress& on_progress,
                                                                    const image::DecodedCache::OnKept& on_kept = nullptr);

}  // namespace seedbed::dataset
