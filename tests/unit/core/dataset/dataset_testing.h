// Manifests that tests make without files.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/digest.h"
#include "core/base/philox.h"
#include "core/dataset/manifest.h"

namespace seedbed::testing {

// Classes with so many images each, all of different content and looks: "<class>/<number>.png".
inline dataset::Manifest MakeManifest(const std::vector<std::pair<std::string, int>>& classes) {
  dataset::Manifest manifest;
  manifest.root = "/nowhere";
  for (const auto& [name, images] : classes) {
    for (int i = 0; i < images; ++i) {
      dataset::ManifestRow row;
      row.path = absl::StrCat(name, "/", i, ".png");
      row.label = static_cast<int32_t>(manifest.classes.size());
      row.sha256 = Sha256Hex(row.path);
      row.bytes = 100;
      row.mtime_ns = 1'700'000'000'123'456'789;
      row.width = 3;
      row.height = 4;
      RandomStream random(manifest.rows.size(), RandomPurpose::kGenerate);
      row.perceptual_hash = uint64_t{random.NextUint32()} << 32 | random.NextUint32();
      manifest.rows.push_back(std::move(row));
    }
    manifest.classes.push_back(name);
  }
  return manifest;
}

}  // namespace seedbed::testing
