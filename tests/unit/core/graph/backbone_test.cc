#include "core/graph/backbone.h"

#include "core/graph/architectures.h"
#include "core/graph/edit.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/status_matchers.h"

namespace seedbed::graph {
namespace {

using ::seedbed::testing::IsOkAndHolds;
using ::seedbed::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;

Graph Vgg16(int64_t side, int64_t classes) {
  return BuildArchitecture("vgg16", {.input_shape = {side, side, 3}, .classes = classes}).value();
}

TEST(Backbone, EndsBeforeTheTopAndBeforeAHead) {
  EXPECT_THAT(BackboneEnd(Vgg16(64, 0), "vgg16", false), IsOkAndHolds(std::string("block5_pool")));
  EXPECT_THAT(BackboneEnd(Vgg16(64, 10), "vgg16", true), IsOkAndHolds(std::string("block5_pool")));
  const Graph headed = AppendHead(Vgg16(64, 0), nlohmann::json::parse(R"(["flatten", {"dense": "classes"}])"), 2).value();
  EXPECT_THAT(BackboneEnd(headed, "vgg16", true), IsOkAndHolds(std::string("block5_pool")));
  const Graph cut = CutAt(Vgg16(64, 0), "block4_pool").value();
  EXPECT_THAT(BackboneEnd(cut, "vgg16", false), IsOkAndHolds(std::string("block4_pool")));
  EXPECT_THAT(BackboneEnd(cut, "vgg16", true), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("block5_pool")));
}

TEST(Backbone, TakesImagesOfAnotherSizeUnlessItsWeightsFitOne) {
  const Graph resized = ForImages(Vgg16(224, 0), {150, 150, 3}).value();
  EXPECT_EQ(resized.output_shape(), (Shape{4, 4, 512}));
  EXPECT_EQ(resized.parameter_count(), Vgg16(224, 0).parameter_count());
  EXPECT_THAT(ForImages(Vgg16(224, 10), {150, 150, 3}),
              StatusIs(absl::StatusCode::kInvalidArgument, AllOf(HasSubstr("fc1"), HasSubstr("224x224x3"), HasSubstr("150x150x3"))));
  EXPECT_THAT(ForImages(Vgg16(224, 0), {8, 8, 3}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("8x8x3")));
}

TEST(Backbone, TheHeadIsTheArchitecturesUnlessOneIsSaid) {
  EXPECT_EQ(HeadFor("", "vgg16", Vgg16(64, 0)).value().dump(), R"(["flatten",{"dense":"classes"}])");
  const Graph pooled = Graph::Create({{.name = "row", .type = "input", .config = {{"shape", {512}}}, .inputs = {}}}).value();
  EXPECT_EQ(HeadFor("", "resnet18", pooled).value().dump(), R"([{"dense":"classes"}])") << "there is nothing left to pool";
  EXPECT_EQ(HeadFor(R"(["relu"])", "vgg16", pooled).value().dump(), R"(["relu"])");
  EXPECT_THAT(HeadFor("[flatten", "vgg16", pooled), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no JSON")));
}

}  // namespace
}  // namespace seedbed::graph
