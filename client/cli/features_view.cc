#include "client/cli/features_view.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cli/text_format.h"

namespace seedbed::cli {
namespace {

std::string ModelText(const v1::FeatureSet& features) { return absl::StrCat(features.model(), ":", features.model_version()); }

// "top_activation, avg": what was taken, and what was made of it.
std::string LayerText(const v1::FeatureSet& features) {
  if (features.pool() == v1::POOL_NONE || features.pool() == v1::POOL_UNSPECIFIED) return features.layer();
  return absl::StrCat(features.layer(), ", ", absl::AsciiStrToLower(ShortEnumName(features.pool())));
}

// "seedlings:1, split default, train".
std::string ImagesText(const v1::FeatureSet& features) {
  std::string text = absl::StrCat(features.dataset(), ":", features.dataset_version());
  if (!features.split().empty()) absl::StrAppend(&text, ", split ", features.split());
  if (!features.subset().empty()) absl::StrAppend(&text, ", ", features.subset());
  return text;
}

std::string TypeText(const v1::FeatureSet& features) { return absl::AsciiStrToLower(ShortEnumName(features.dtype())); }

const google::protobuf::Timestamp* CreateTimeOf(const v1::FeatureSet& features) {
  return features.has_create_time() ? &features.create_time() : nullptr;
}

}  // namespace

std::string RowShapeText(const google::protobuf::RepeatedField<int64_t>& shape) { return absl::StrJoin(shape, "x"); }

Table FeaturesTable(const std::vector<v1::FeatureSet>& features, const Console& console) {
  Table table({{"NAME"},
               {"IMAGES", Align::kRight},
               {"VALUES", Align::kRight},
               {"TYPE"},
               {"MODEL"},
               {"LAYER"},
               {"OF"},
               {"SIZE", Align::kRight},
               {"CREATED"}});
  for (const v1::FeatureSet& one : features) {
    table.AddRow({one.name(), FormatCount(one.rows()), RowShapeText(one.shape()), TypeText(one), ModelText(one), LayerText(one),
                  ImagesText(one), FormatBytes(one.bytes()), console.Time(CreateTimeOf(one))});
  }
  return table;
}

std::string RenderFeatures(const v1::GetFeaturesResponse& response, const Console& console) {
  const v1::FeatureSet& features = response.features();
  return RenderPairs({
      {"name", features.name()},
      {"of", ImagesText(features)},
      {"created", console.Time(CreateTimeOf(features))},
      {"rows", absl::StrCat(FormatCountOf(features.rows(), "image"), " x ", RowShapeText(features.shape()), " ", TypeText(features))},
      {"size", FormatBytes(features.bytes())},
      {"model", absl::StrCat(ModelText(features), " (", features.arch(), ")")},
      {"weights", features.weights_sha256()},
      {"layer", LayerText(features)},
      {"preprocessing", ToLine(ToJson(features.preprocessing()))},
      {"profile", ToLine(ToJson(features.profile()))},
      {"store", response.path()},
      {"made by", features.job_id()},
      {"classes", absl::StrJoin(features.classes(), ", ")},
  });
}

Json FeaturesDocument(const v1::GetFeaturesResponse& response) {
  Json document = ToJson(response.features());
  document["path"] = response.path();
  return document;
}

}  // namespace seedbed::cli
