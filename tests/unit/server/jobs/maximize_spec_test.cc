#include "server/jobs/maximize_spec.h"

#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "core/graph/architectures.h"
#include "server/jobs/validation.h"
#include "server/store/tables.h"
#include "tests/unit/server/jobs/job_manager_fixture.h"

namespace seedbed::jobs {
namespace {

using ::seedbed::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

v1::JobSpec FilterJob() {
  v1::JobSpec spec;
  spec.mutable_maximize()->set_model("net");
  spec.mutable_maximize()->set_layer("block5_conv1");
  spec.mutable_maximize()->add_filters(110);
  return spec;
}

v1::JobSpec ClassJob() {
  v1::JobSpec spec;
  spec.mutable_maximize()->set_model("net");
  spec.mutable_maximize()->add_classes("maize");
  return spec;
}

TEST(MaximizeSpec, FillsInTheDefaultsOfEachMode) {
  v1::JobSpec spec = FilterJob();
  SB_ASSERT_OK_AND_ASSIGN(const v1::JobSpec natural, EffectiveSpec(spec));
  EXPECT_EQ(natural.maximize().mode(), v1::MAXIMIZE_MODE_NATURAL);
  EXPECT_EQ(natural.maximize().steps(), 512);
  EXPECT_EQ(natural.maximize().step_size(), 0.05);
  EXPECT_EQ(natural.maximize().batch_size(), 8);
  EXPECT_EQ(natural.maximize().score(), v1::CLASS_SCORE_KIND_UNSPECIFIED);
  spec.mutable_maximize()->set_mode(v1::MAXIMIZE_MODE_REFERENCE);
  SB_ASSERT_OK_AND_ASSIGN(const v1::JobSpec reference, EffectiveSpec(spec));
  EXPECT_EQ(reference.maximize().steps(), 500);
  EXPECT_EQ(reference.maximize().step_size(), 0.1);
  spec = ClassJob();
  spec.mutable_maximize()->set_mode(v1::MAXIMIZE_MODE_REFERENCE);
  SB_ASSERT_OK_AND_ASSIGN(const v1::JobSpec classes, EffectiveSpec(spec));
  EXPECT_EQ(classes.maximize().step_size(), 0.01);
  EXPECT_EQ(classes.maximize().score(), v1::CLASS_SCORE_KIND_LOGIT);
}

struct BadMaximize {
  std::string field;
  v1::JobSpec job;
  std::function<void(v1::MaximizeSpec&)> spoil;
};

TEST(MaximizeSpec, NamesTheFieldThatIsOutOfItsLimitsOrDoesNotGoWithAnother) {
  const std::vector<BadMaximize> specs = {
      {"model", FilterJob(), [](auto& s) { s.clear_model(); }},
      {"filters", FilterJob(), [](auto& s) { s.clear_filters(); }},
      {"filters", FilterJob(), [](auto& s) { s.add_filters(-1); }},
      {"filters", FilterJob(), [](auto& s) { s.add_filters(110); }},
      {"filters", FilterJob(),
       [](auto& s) {
         for (int i = 200; i < 500; ++i) s.add_filters(i);
       }},
      {"classes", FilterJob(), [](auto& s) { s.add_classes("maize"); }},
      {"score", FilterJob(), [](auto& s) { s.set_score(v1::CLASS_SCORE_KIND_LOGIT); }},
      {"layer", FilterJob(), [](auto& s) { s.clear_layer(); }},
      {"classes", ClassJob(), [](auto& s) { s.clear_classes(); }},
      {"classes", ClassJob(), [](auto& s) { s.add_classes(std::string(2000, 'x')); }},
      {"score", ClassJob(), [](auto& s) { s.set_score(static_cast<v1::ClassScoreKind>(9)); }},
      {"mode", ClassJob(), [](auto& s) { s.set_mode(static_cast<v1::MaximizeMode>(9)); }},
      {"steps", ClassJob(), [](auto& s) { s.set_steps(-1); }},
      {"steps", ClassJob(), [](auto& s) { s.set_steps(100'001); }},
      {"step_size", ClassJob(), [](auto& s) { s.set_step_size(0); }},
      {"step_size", ClassJob(), [](auto& s) { s.set_step_size(std::numeric_limits<double>::infinity()); }},
      {"width", ClassJob(), [](auto& s) { s.set_width(5000); }},
      {"height", ClassJob(), [](auto& s) { s.set_height(-1); }},
      {"preview_every", ClassJob(), [](auto& s) { s.set_preview_every(-1); }},
      {"batch_size", ClassJob(), [](auto& s) { s.set_batch_size(65); }},
  };
  for (const BadMaximize& bad : specs) {
    v1::JobSpec spec = bad.job;
    SB_ASSERT_OK(EffectiveSpec(spec));
    bad.spoil(*spec.mutable_maximize());
    const absl::Status status = EffectiveSpec(spec).status();
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(bad.field)));
    EXPECT_EQ(FieldOf(status), "spec.maximize." + bad.field) << status;
  }
}

class MaximizeAdmission : public JobManagerTest {
 protected:
  MaximizeAdmission() {
    v1::Model model;
    model.set_name("net");
    model.set_version(1);
    model.set_arch("vgg16");
    model.set_weights_sha256("abc");
    model.add_classes("maize");
    model.add_classes("rice");
    const auto network = graph::BuildArchitecture("vgg16", {.input_shape = {64, 64, 3}, .classes = 2}).value();
    model.set_graph(network.ToJson().dump());
    SB_EXPECT_OK(store_->WriteAndWait([&](store::Writer& writer) { return writer.InsertModel(model); }));
  }

  void ExpectRefused(const v1::JobSpec& spec, const std::string& field, const std::string& message) {
    const absl::Status status = TrySubmit(spec).status();
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(message)));
    EXPECT_EQ(FieldOf(status), "spec.maximize." + field) << status;
  }
};

TEST_F(MaximizeAdmission, RefusesWhatTheModelDoesNotHave) {
  SB_EXPECT_OK(TrySubmit(FilterJob()).status());
  SB_EXPECT_OK(TrySubmit(ClassJob()).status());
  v1::JobSpec spec = FilterJob();
  spec.mutable_maximize()->set_layer("block5_cnv1");
  ExpectRefused(spec, "layer", "'block5_conv1'");
  spec = FilterJob();
  spec.mutable_maximize()->add_filters(512);
  ExpectRefused(spec, "filters", "0 to 511");
  spec = FilterJob();
  spec.mutable_maximize()->set_width(8);
  spec.mutable_maximize()->set_height(8);
  ExpectRefused(spec, "width", "8x8x3");
  spec = ClassJob();
  spec.mutable_maximize()->add_classes("maise");
  ExpectRefused(spec, "classes", "'maize'");
  spec = ClassJob();
  spec.mutable_maximize()->set_width(96);
  ExpectRefused(spec, "width", "64x96x3");  // the dense layers fit one size
  spec = FilterJob();
  spec.mutable_maximize()->set_width(96);
  SB_EXPECT_OK(TrySubmit(spec).status());
  spec.mutable_maximize()->set_model("nett");
  EXPECT_EQ(FieldOf(TrySubmit(spec).status()), "spec.maximize.model");
}

TEST_F(MaximizeAdmission, KeepsItsModel) {
  const std::string id = Submit(FilterJob());
  EXPECT_THAT(manager_->UsersOfModel("net"), testing::IsOkAndHolds(ElementsAre(id)));
}

}  // namespace
}  // namespace seedbed::jobs
