#include "server/jobs/network_summary.h"

#include "server/jobs/job_manager.h"
#include "server/store/tables.h"
#include "tests/unit/server/jobs/job_manager_fixture.h"

namespace seedbed::jobs {
namespace {

using ::seedbed::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kConvolution[] = R"([
  {"name": "input", "type": "input", "config": {"shape": [8, 8, 3]}, "inputs": [], "trainable": true},
  {"name": "conv", "type": "conv2d", "config": {"filters": 4, "kernel": 3}, "inputs": ["input"], "trainable": true}])";

class NetworkSummaryTest : public JobManagerTest {
 protected:
  NetworkSummaryTest() {
    v1::Model model;
    model.set_name("net");
    model.set_version(1);
    model.set_arch("logistic");
    model.set_graph(kConvolution);
    model.mutable_preprocessing()->set_width(8);
    model.mutable_preprocessing()->set_height(8);
    SB_EXPECT_OK(store_->WriteAndWait([&](store::Writer& writer) { return writer.InsertModel(model); }));
  }
  absl::StatusOr<v1::SummarizeNetworkResponse> Summarize(const v1::SummarizeNetworkRequest& request) const {
    return SummarizeNetwork(*store_, request);
  }
  static v1::SummarizeNetworkRequest Of(const std::string& arch, const std::string& weights = "") {
    v1::SummarizeNetworkRequest request;
    request.mutable_train()->set_arch(arch);
    request.mutable_train()->set_weights(weights);
    request.set_classes(12);
    return request;
  }
  // The field that a refused request is at fault with.
  std::string FaultOf(const v1::SummarizeNetworkRequest& request) const {
    const absl::Status status = Summarize(request).status();
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument));
    return FieldOf(status);
  }
};

TEST_F(NetworkSummaryTest, TellsAnArchitecture) {
  SB_ASSERT_OK_AND_ASSIGN(const auto summary, Summarize(Of("logistic")));
  EXPECT_EQ(summary.parameters(), 810'012);
  EXPECT_EQ(summary.trainable_parameters(), 810'012);
  EXPECT_THAT(summary.input_shape(), ElementsAre(150, 150, 3));
  EXPECT_EQ(summary.layers(2).type(), "Dense");
  EXPECT_TRUE(summary.layers(2).trainable());
  EXPECT_EQ(summary.frozen_layer(), "");
}

TEST_F(NetworkSummaryTest, PutsATrainableHeadOnFrozenWeights) {
  SB_ASSERT_OK_AND_ASSIGN(const auto summary, Summarize(Of("", "net:1")));
  EXPECT_EQ(summary.parameters(), 3 * 3 * 3 * 4 + 4 + (6 * 6 * 4 + 1) * 12);
  EXPECT_EQ(summary.trainable_parameters(), (6 * 6 * 4 + 1) * 12);
  EXPECT_FALSE(summary.layers(1).trainable());
  EXPECT_EQ(summary.frozen_layer(), "head_flatten");
  EXPECT_THAT(summary.frozen_shape(), ElementsAre(6 * 6 * 4));
}

TEST_F(NetworkSummaryTest, TakesSizeHeadAndWhatIsTrainable) {
  v1::SummarizeNetworkRequest request = Of("", "net");
  request.mutable_train()->mutable_preprocessing()->set_width(20);
  request.mutable_train()->mutable_preprocessing()->set_height(10);
  request.mutable_train()->mutable_head()->add_values()->set_string_value("global_average_pool");
  (*request.mutable_train()->mutable_head()->add_values()->mutable_struct_value()->mutable_fields())["dense"].set_string_value("classes");
  request.mutable_train()->add_trainable("all");
  SB_ASSERT_OK_AND_ASSIGN(const auto summary, Summarize(request));
  EXPECT_THAT(summary.layers(1).output_shape(), ElementsAre(8, 18, 4));
  EXPECT_EQ(summary.trainable_parameters(), 112 + 5 * 12);
}

TEST_F(NetworkSummaryTest, EndsBeforeTheClasses) {
  v1::SummarizeNetworkRequest request = Of("resnet18");
  request.set_without_top(true);
  SB_ASSERT_OK_AND_ASSIGN(const auto summary, Summarize(request));
  EXPECT_THAT(summary.layers().rbegin()->output_shape(), ElementsAre(7, 7, 512));
  EXPECT_EQ(summary.frozen_layer(), "");
  request.mutable_train()->mutable_head()->add_values()->set_string_value("flatten");
  EXPECT_EQ(FaultOf(request), "without_top");
  request = Of("", "net");
  request.set_without_top(true);
  EXPECT_EQ(FaultOf(request), "without_top");
}

TEST_F(NetworkSummaryTest, NamesTheFieldAtFault) {
  EXPECT_EQ(FaultOf(Of("")), "spec.train.arch");
  EXPECT_EQ(FaultOf(Of("logstic")), "spec.train.arch");
  EXPECT_EQ(FaultOf(Of("", "net:zero")), "spec.train.weights");
  v1::SummarizeNetworkRequest request = Of("", "net");
  request.mutable_train()->mutable_preprocessing()->set_width(2);
  EXPECT_EQ(FaultOf(request), "spec.train.preprocessing");
  request = Of("", "net");
  request.set_classes(-1);
  EXPECT_EQ(FaultOf(request), "classes");
  request = Of("", "net");
  request.mutable_train()->add_trainable("cnv");
  EXPECT_EQ(FaultOf(request), "spec.train.trainable");
  request = Of("", "net");
  (*request.mutable_train()->mutable_head()->add_values()->mutable_struct_value()->mutable_fields())["dense"].set_number_value(5);
  EXPECT_EQ(FaultOf(request), "spec.train.head");
  EXPECT_THAT(Summarize(Of("", "absent")), StatusIs(absl::StatusCode::kNotFound, HasSubstr("absent")));
}

TEST_F(NetworkSummaryTest, ComparesTheArchitectureWithTheWeights) {
  EXPECT_THAT(Summarize(Of("vgg16", "net")),
              StatusIs(absl::StatusCode::kInvalidArgument, AllOf(HasSubstr("vgg16"), HasSubstr("logistic"))));
}

}  // namespace
}  // namespace seedbed::jobs
