#include "server/jobs/explain_spec.h"

#include <functional>
#include <string>
#include <vector>

#include "core/graph/architectures.h"
#include "server/jobs/validation.h"
#include "server/store/tables.h"
#include "tests/unit/server/jobs/job_manager_fixture.h"

namespace seedbed::jobs {
namespace {

using ::seedbed::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Method = v1::Attribution;

v1::JobSpec AttributionJob(v1::Attribution::Method method = Method::METHOD_UNSPECIFIED) {
  v1::JobSpec spec;
  spec.mutable_explain()->set_model("flowers");
  spec.mutable_explain()->set_dataset("maize");
  spec.mutable_explain()->add_images("maize/7.png");
  spec.mutable_explain()->mutable_attribution()->set_method(method);
  return spec;
}

v1::JobSpec ActivationJob() {
  v1::JobSpec spec = AttributionJob();
  spec.mutable_explain()->mutable_activations();
  return spec;
}

void AddUpload(v1::JobSpec& spec, char digit = 'a') {
  spec.mutable_explain()->add_uploads()->set_name("photo.jpg");
  spec.mutable_explain()->mutable_uploads()->rbegin()->set_sha256(std::string(64, digit));
}

TEST(ExplainSpec, FillsInTheDefaultsOfEachMethod) {
  EXPECT_EQ(EffectiveSpec(AttributionJob(Method::METHOD_SMOOTHGRAD))->explain().attribution().samples(), 50);
  EXPECT_EQ(EffectiveSpec(AttributionJob(Method::METHOD_SMOOTHGRAD))->explain().attribution().noise(), 0.15);
  EXPECT_EQ(EffectiveSpec(AttributionJob(Method::METHOD_INTEGRATED_GRADIENTS))->explain().attribution().steps(), 50);
  SB_ASSERT_OK_AND_ASSIGN(const v1::JobSpec open, EffectiveSpec(AttributionJob()));
  EXPECT_EQ(open.explain().attribution().method(), Method::METHOD_UNSPECIFIED) << "only the model's layers decide it";
  EXPECT_EQ(open.explain().attribution().samples(), 0);
  v1::JobSpec spec = AttributionJob();
  spec.mutable_explain()->mutable_attribution()->set_layer("conv");
  EXPECT_EQ(EffectiveSpec(spec)->explain().attribution().method(), Method::METHOD_GRADCAM) << "no other method has a layer";
  EXPECT_EQ(EffectiveSpec(ActivationJob())->explain().activations().count(), 64);
}

struct BadExplain {
  std::string field;
  v1::JobSpec spec;
  std::function<void(v1::ExplainSpec&)> spoil;
};

TEST(ExplainSpec, NamesTheFieldThatIsOutOfItsLimitsOrOfAnotherMethod) {
  const v1::JobSpec smooth = AttributionJob(Method::METHOD_SMOOTHGRAD), integrated = AttributionJob(Method::METHOD_INTEGRATED_GRADIENTS),
                    cam = AttributionJob(Method::METHOD_GRADCAM), occlusion = AttributionJob(Method::METHOD_OCCLUSION);
  const std::vector<BadExplain> specs = {
      {"model", cam, [](auto& s) { s.set_model("a b"); }},
      {"view", cam, [](auto& s) { s.clear_attribution(); }},
      {"images", cam,
       [](auto& s) {
         s.clear_images();
         s.clear_dataset();
       }},
      {"images", cam, [](auto& s) { s.add_images(std::string(5000, 'x')); }},
      {"images", cam,
       [](auto& s) {
         for (int i = 0; i < 256; ++i) s.add_images("maize/7.png");
       }},
      {"dataset", cam, [](auto& s) { s.clear_dataset(); }},
      {"dataset", cam, [](auto& s) { s.set_dataset("a b"); }},
      {"dataset_version", cam, [](auto& s) { s.set_dataset_version(-1); }},
      {"uploads", cam, [](auto& s) { s.add_uploads()->set_sha256("abc"); }},
      {"attribution.method", cam, [](auto& s) { s.mutable_attribution()->set_method(static_cast<v1::Attribution::Method>(9)); }},
      {"attribution.class_name", cam, [](auto& s) { s.mutable_attribution()->set_class_name(std::string(300, 'x')); }},
      {"attribution.layer", integrated, [](auto& s) { s.mutable_attribution()->set_layer("conv"); }},
      {"attribution.samples", cam, [](auto& s) { s.mutable_attribution()->set_samples(3); }},
      {"attribution.samples", smooth, [](auto& s) { s.mutable_attribution()->set_samples(10'001); }},
      {"attribution.samples", smooth, [](auto& s) { s.mutable_attribution()->set_samples(-1); }},
      {"attribution.noise", cam, [](auto& s) { s.mutable_attribution()->set_noise(0.1); }},
      {"attribution.noise", smooth, [](auto& s) { s.mutable_attribution()->set_noise(0); }},
      {"attribution.noise", smooth, [](auto& s) { s.mutable_attribution()->set_noise(1.1); }},
      {"attribution.noise", smooth, [](auto& s) { s.mutable_attribution()->set_noise(std::numeric_limits<double>::quiet_NaN()); }},
      {"attribution.steps", smooth, [](auto& s) { s.mutable_attribution()->set_steps(3); }},
      {"attribution.steps", integrated, [](auto& s) { s.mutable_attribution()->set_steps(10'001); }},
      {"attribution.window", cam, [](auto& s) { s.mutable_attribution()->set_window(8); }},
      {"attribution.stride", cam, [](auto& s) { s.mutable_attribution()->set_stride(8); }},
      {"attribution.window", occlusion, [](auto& s) { s.mutable_attribution()->set_window(5000); }},
      {"attribution.stride", occlusion, [](auto& s) { s.mutable_attribution()->set_stride(-1); }},
      {"activations.count", ActivationJob(), [](auto& s) { s.mutable_activations()->set_count(1025); }},
      {"activations.count", ActivationJob(),
       [](auto& s) {
         s.mutable_activations()->add_channels(3);
         s.mutable_activations()->set_count(3);
       }},
      {"activations.channels", ActivationJob(), [](auto& s) { s.mutable_activations()->add_channels(-1); }},
      {"activations.layer", ActivationJob(), [](auto& s) { s.mutable_activations()->set_layer(std::string(300, 'x')); }},
  };
  for (const BadExplain& bad : specs) {
    v1::JobSpec spec = bad.spec;
    SB_ASSERT_OK(EffectiveSpec(spec));
    bad.spoil(*spec.mutable_explain());
    const absl::Status status = EffectiveSpec(spec).status();
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(bad.field)));
    EXPECT_EQ(FieldOf(status), "spec.explain." + bad.field) << status;
  }
}

class Explained : public JobManagerTest {
 protected:
  Explained() {
    MakeDataset("maize");
    AddModel("flowers", "vgg16", 64, 2);
    AddModel("flat", "logistic", 64, 2);
    AddModel("backbone", "vgg16", 64, 0);
  }
  void AddModel(const std::string& name, const std::string& arch, int side, int64_t classes) {
    v1::Model model;
    model.set_name(name);
    model.set_version(1);
    model.set_arch(arch);
    model.mutable_preprocessing()->set_width(side);
    model.mutable_preprocessing()->set_height(side);
    for (int64_t i = 0; i < classes; ++i) model.add_classes("class-" + std::to_string(i));
    model.set_graph(graph::BuildArchitecture(arch, {.input_shape = {side, side, 3}, .classes = classes}).value().ToJson().dump());
    SB_ASSERT_OK(store_->WriteAndWait([&](store::Writer& writer) { return writer.InsertModel(model); }));
  }
  // Expects the refusal of what `spoil` makes of a good job.
  void ExpectRefused(v1::JobSpec spec, const std::function<void(v1::ExplainSpec&)>& spoil, const std::string& field,
                     const std::string& message) {
    spoil(*spec.mutable_explain());
    const absl::Status status = TrySubmit(spec).status();
    EXPECT_THAT(status.message(), HasSubstr(message));
    EXPECT_EQ(FieldOf(status), "spec.explain." + field) << status;
  }
};

TEST_F(Explained, TakesWhatTheModelHas) {
  v1::JobSpec spec = AttributionJob(Method::METHOD_GRADCAM);
  spec.mutable_explain()->mutable_attribution()->set_class_name("1");
  spec.mutable_explain()->mutable_attribution()->set_layer("block4_conv2");
  EXPECT_EQ(Submit(spec), "explain-2");
  spec = AttributionJob();
  spec.mutable_explain()->set_model("flat");
  EXPECT_EQ(Submit(spec), "explain-3");
  spec = ActivationJob();
  spec.mutable_explain()->set_model("backbone");
  EXPECT_EQ(Submit(spec), "explain-4");
  const v1::Assignment assignment = Run();
  EXPECT_EQ(assignment.inputs().model_name(), "flowers");
  EXPECT_EQ(assignment.inputs().model_version(), 1);
  EXPECT_EQ(assignment.inputs().dataset_version(), 1);
  EXPECT_THAT(manager_->UsersOfModel("flowers").value(), ElementsAre("explain-2"));
  EXPECT_EQ(manager_->UsersOfDataset("maize").value().size(), 3);
}

TEST_F(Explained, RefusesWhatTheModelDoesNotHave) {
  const v1::JobSpec cam = AttributionJob(Method::METHOD_GRADCAM);
  ExpectRefused(
      cam, [](auto& s) { s.set_model("flowers:2"); }, "model", "flowers");
  ExpectRefused(
      cam, [](auto& s) { s.set_dataset("rice"); }, "dataset", "rice");
  ExpectRefused(
      cam, [](auto& s) { s.set_model("backbone"); }, "model", "without classes");
  ExpectRefused(
      cam, [](auto& s) { s.set_model("flat"); }, "attribution.method", "the methods saliency, smoothgrad");
  ExpectRefused(
      cam, [](auto& s) { s.mutable_attribution()->set_class_name("klass-1"); }, "attribution.class_name", "did you mean 'class-1'");
  ExpectRefused(
      cam, [](auto& s) { s.mutable_attribution()->set_layer("block9_conv3"); }, "attribution.layer", "did you mean 'block");
  ExpectRefused(
      cam, [](auto& s) { s.mutable_attribution()->set_layer("fc1"); }, "attribution.layer", "the last one is 'block5_conv3'");
  ExpectRefused(
      AttributionJob(Method::METHOD_OCCLUSION), [](auto& s) { s.mutable_attribution()->set_window(65); }, "attribution.window", "0 to 64");
  ExpectRefused(
      AttributionJob(Method::METHOD_OCCLUSION), [](auto& s) { s.mutable_attribution()->set_stride(9); }, "attribution.stride", "0 to 8");
  ExpectRefused(
      ActivationJob(), [](auto& s) { s.mutable_activations()->add_channels(512); }, "activations.channels", "0 to 511");
  ExpectRefused(
      ActivationJob(), [](auto& s) { s.set_model("flat"); }, "activations.layer", "no layer with height and width");
}

TEST_F(Explained, UploadsMustHaveArrived) {
  v1::JobSpec spec = AttributionJob();
  AddUpload(spec);
  const absl::Status status = TrySubmit(spec).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kNotFound, AllOf(HasSubstr("photo.jpg"), HasSubstr("upload it first"))));
  EXPECT_EQ(FieldOf(status), "spec.explain.uploads");
  SB_ASSERT_OK(CreateDirectories(layout_.object(std::string(64, 'a')).parent_path()));
  std::ofstream(layout_.object(std::string(64, 'a'))) << "x";
  EXPECT_EQ(Submit(spec), "explain-2");
  EXPECT_EQ(Run().spec().explain().uploads_size(), 1);
}

}  // namespace
}  // namespace seedbed::jobs
