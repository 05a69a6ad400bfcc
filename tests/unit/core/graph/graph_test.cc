#include "core/graph/graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/graph/architectures.h"
#include "core/graph/layer_types.h"
#include "tests/testing/status_matchers.h"

namespace seedbed::graph {
namespace {

using nlohmann::json;
using ::seedbed::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

Layer Input(Shape shape) { return {.name = "input", .type = "input", .config = {{"shape", shape}}, .inputs = {}}; }
Layer Make(std::string name, std::string type, json config, std::vector<std::string> inputs) {
  return {.name = std::move(name), .type = std::move(type), .config = std::move(config), .inputs = std::move(inputs)};
}

TEST(Graph, LogisticHasTheReferenceWorkloadsParameters) {
  SB_ASSERT_OK_AND_ASSIGN(const Graph graph, BuildArchitecture("logistic", {.input_shape = {150, 150, 3}, .classes = 12}));
  EXPECT_THAT(graph.input_shape(), ElementsAre(150, 150, 3));
  EXPECT_THAT(graph.output_shape(), ElementsAre(12));
  EXPECT_EQ(graph.parameter_count(), 810'012);
  EXPECT_EQ(graph.trainable_parameter_count(), 810'012);
  ASSERT_EQ(graph.parameters().size(), 2);
  EXPECT_EQ(graph.parameters()[0].name, "dense.weight");
  EXPECT_THAT(graph.parameters()[0].shape, ElementsAre(12, 67'500));
  EXPECT_EQ(graph.parameters()[1].name, "dense.bias");
  EXPECT_THAT(graph.parameters()[1].shape, ElementsAre(12));
}

TEST(Graph, SummaryNamesLayersAsKerasDoes) {
  SB_ASSERT_OK_AND_ASSIGN(const Graph graph, BuildArchitecture("logistic", {.input_shape = {2, 3, 3}, .classes = 5}));
  const std::vector<SummaryRow> rows = graph.Summary();
  ASSERT_EQ(rows.size(), 4);
  EXPECT_EQ(rows[0].type, "InputLayer");
  EXPECT_EQ(rows[1].type, "Flatten");
  EXPECT_THAT(rows[1].output_shape, ElementsAre(18));
  EXPECT_FALSE(rows[1].trainable);
  EXPECT_EQ(rows[2].type, "Dense");
  EXPECT_EQ(rows[2].parameters, 95);
  EXPECT_TRUE(rows[2].trainable);
  EXPECT_EQ(rows[3].type, "Softmax");
  EXPECT_EQ(rows[3].parameters, 0);
}

TEST(Graph, FrozenLayersAreNotTrainable) {
  Layer dense = Make("dense", "dense", {{"units", 4}}, {"input"});
  dense.trainable = false;
  SB_ASSERT_OK_AND_ASSIGN(const Graph graph, Graph::Create({Input({3}), dense}));
  EXPECT_EQ(graph.parameter_count(), 16);
  EXPECT_EQ(graph.trainable_parameter_count(), 0);
}

TEST(Graph, SurvivesJson) {
  SB_ASSERT_OK_AND_ASSIGN(const Graph graph, BuildArchitecture("logistic", {.input_shape = {4, 5, 3}, .classes = 2}));
  SB_ASSERT_OK_AND_ASSIGN(const Graph again, Graph::FromJson(json::parse(graph.ToJson().dump())));
  EXPECT_EQ(again.ToJson(), graph.ToJson());
  EXPECT_EQ(again.parameter_count(), graph.parameter_count());
}

TEST(Graph, DenseWithoutBias) {
  SB_ASSERT_OK_AND_ASSIGN(const Graph graph, Graph::Create({Input({3}), Make("d", "dense", {{"units", 4}, {"bias", false}}, {"input"})}));
  EXPECT_EQ(graph.parameter_count(), 12);
  EXPECT_EQ(graph.parameters().size(), 1);
}

TEST(Graph, RefusesWhatDoesNotFit) {
  EXPECT_THAT(Graph::Create({}), StatusIs(kInvalid, HasSubstr("starts with")));
  EXPECT_THAT(Graph::Create({Input({4, 4, 3}), Make("d", "dense", {{"units", 2}}, {"input"})}),
              StatusIs(kInvalid, AllOf(HasSubstr("'d' (dense)"), HasSubstr("4x4x3"), HasSubstr("flatten first"))));
  EXPECT_THAT(Graph::Create({Input({4}), Make("x", "conv9d", json::object(), {"input"})}),
              StatusIs(kInvalid, AllOf(HasSubstr("conv9d"), HasSubstr("dense"))));
  EXPECT_THAT(Graph::Create({Input({4}), Make("d", "dense", {{"units", 2}}, {"nobody"})}), StatusIs(kInvalid, HasSubstr("nobody")));
  EXPECT_THAT(Graph::Create({Input({4}), Make("d", "dense", {{"units", 2}}, {"d"})}), StatusIs(kInvalid, HasSubstr("own input")));
  EXPECT_THAT(Graph::Create({Input({4}), Make("d", "dense", {{"units", 2}}, {})}), StatusIs(kInvalid, HasSubstr("takes 1 inputs")));
  EXPECT_THAT(Graph::Create({Input({4}), Make("input", "softmax", json::object(), {"input"})}), StatusIs(kInvalid, HasSubstr("twice")));
  EXPECT_THAT(Graph::Create({Input({4}), Make("a b", "softmax", json::object(), {"input"})}), StatusIs(kInvalid, HasSubstr("a name has")));
  EXPECT_THAT(Graph::Create({Input({4}), Make("a", "softmax", json::object(), {"input"}), Make("b", "softmax", json::object(), {"input"})}),
              StatusIs(kInvalid, AllOf(HasSubstr("'a'"), HasSubstr("not used"))));
}

TEST(Graph, RefusesBadConfigs) {
  const auto with_dense = [](json config) {
    return Graph::Create({Input({4}), Make("d", "dense", std::move(config), {"input"})}).status();
  };
  EXPECT_THAT(with_dense({{"units", 0}}), StatusIs(kInvalid, HasSubstr("positive integer")));
  EXPECT_THAT(with_dense({{"units", 1e300}}), StatusIs(kInvalid, HasSubstr("positive integer")));
  EXPECT_THAT(with_dense({{"units", int64_t{1} << 39}}), StatusIs(kInvalid, HasSubstr("549755813888x4 is too large")));
  EXPECT_THAT(with_dense(json::object()), StatusIs(kInvalid, HasSubstr("needs units")));
  EXPECT_THAT(with_dense({{"units", 2}, {"bias", 1}}), StatusIs(kInvalid, HasSubstr("true or false")));
  EXPECT_THAT(with_dense({{"units", 2}, {"unit", 3}}), StatusIs(kInvalid, HasSubstr("no setting 'unit'")));
  EXPECT_THAT(Graph::Create({Input({})}), StatusIs(kInvalid, HasSubstr("needs a shape")));
  EXPECT_THAT(Graph::Create({Input({int64_t{1} << 30, int64_t{1} << 30})}), StatusIs(kInvalid, HasSubstr("too large")));
}

TEST(Graph, RefusesJsonThatIsNoGraph) {
  for (const char* text : {"{}", "3", "[3]", "[{}]", R"([{"name":1,"type":"input","config":{},"inputs":[],"trainable":true}])",
                           R"([{"name":"a","type":"input","config":[],"inputs":[],"trainable":true}])"}) {
    EXPECT_THAT(Graph::FromJson(json::parse(text)), StatusIs(kInvalid)) << text;
  }
}

}  // namespace
}  // namespace seedbed::graph
