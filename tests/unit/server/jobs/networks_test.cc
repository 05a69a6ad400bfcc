// Jobs about networks: what does not fit is refused when it is submitted, and a plan says what will be run.
#include "server/jobs/networks.h"

#include <google/protobuf/util/json_util.h>

#include "core/graph/architectures.h"
#include "server/store/tables.h"
#include "tests/unit/server/jobs/job_manager_fixture.h"

namespace seedbed::jobs {
namespace {

using ::seedbed::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int kClasses = 2;  // of the fixture's datasets
constexpr int64_t kFeatures = 4 * 4 * 512;

class Networks : public JobManagerTest {
 protected:
  Networks() { MakeDataset("maize"); }

  // A model as an import leaves it in the catalogue; classes 0: without top.
  void AddModel(const std::string& name, const std::string& arch, int side, int64_t classes = 0) {
    v1::Model model;
    model.set_name(name);
    model.set_version(1);
    model.set_arch(arch);
    model.set_weights_sha256("abc");
    for (int64_t i = 0; i < classes; ++i) model.add_classes("class-" + std::to_string(i));
    const auto network = graph::BuildArchitecture(arch, {.input_shape = {side, side, 3}, .classes = classes}).value();
    model.set_graph(network.ToJson().dump());
    SB_ASSERT_OK(store_->WriteAndWait([&](store::Writer& writer) { return writer.InsertModel(model); }));
  }
  void AddFeatures(const std::string& name, const std::string& model, const std::vector<int64_t>& shape, const std::string& layer,
                   const std::string& second_class = "rice") {
    v1::FeatureSet features;
    features.set_name(name);
    features.set_dataset("maize");
    features.set_dataset_version(1);
    features.set_model(model);
    features.set_model_version(1);
    features.set_weights_sha256("abc");
    features.set_arch("vgg16");
    features.set_layer(layer);
    features.set_rows(456);
    features.mutable_shape()->Add(shape.begin(), shape.end());
    features.add_classes("maize");
    features.add_classes(second_class);
    SB_ASSERT_OK(store_->WriteAndWait([&](store::Writer& writer) { return writer.InsertFeatures(features); }));
  }

  static v1::JobSpec OnWeights(const std::string& weights, const std::string& head = "") {
    v1::JobSpec spec = TrainJob("maize");
    spec.mutable_train()->clear_arch();
    spec.mutable_train()->set_weights(weights);
    if (!head.empty()) SetHead(head, spec);
    return spec;
  }
  static void SetHead(const std::string& json, v1::JobSpec& spec) {
    ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(json, spec.mutable_train()->mutable_head()).ok());
  }
  absl::StatusOr<v1::Plan> Plan(const v1::JobSpec& spec) {
    v1::SubmitJobRequest request;
    *request.mutable_spec() = spec;
    request.set_validate_only(true);
    SB_ASSIGN_OR_RETURN(const v1::SubmitJobResponse response, Request(request));
    return response.plan();
  }
};

TEST_F(Networks, APlanOfFrozenVgg16IsTheReferenceWorkloads) {
  AddModel("vgg", "vgg16", 150);
  SB_ASSERT_OK_AND_ASSIGN(const v1::Plan plan, Plan(OnWeights("vgg")));
  EXPECT_EQ(plan.parameters(), 14'714'688 + (kFeatures + 1) * kClasses);
  EXPECT_EQ(plan.trainable_parameters(), (kFeatures + 1) * kClasses);
  EXPECT_EQ(plan.frozen_layer(), "head_flatten");
  EXPECT_EQ(plan.backbone_images(), 480);
  EXPECT_EQ(plan.feature_bytes(), 480 * kFeatures * 4);
  EXPECT_EQ(plan.cache_bytes(), 480 * 150 * 150 * 3);
}

TEST_F(Networks, TheBackbonesImagesMayHaveAnotherSizeWhereItsLayersAllow) {
  AddModel("vgg", "vgg16", 224);
  v1::JobSpec spec = OnWeights("vgg");
  spec.mutable_train()->mutable_preprocessing()->set_width(150);
  spec.mutable_train()->mutable_preprocessing()->set_height(150);
  EXPECT_EQ(Plan(spec)->feature_bytes(), 480 * kFeatures * 4);
  AddModel("whole", "vgg16", 224, 1000);
  spec.mutable_train()->set_weights("whole");
  EXPECT_EQ(Plan(spec)->feature_bytes(), 480 * kFeatures * 4) << "the top is left out";
  spec.mutable_train()->mutable_preprocessing()->set_width(8);
  EXPECT_EQ(FieldOf(Plan(spec).status()), "spec.train.preprocessing");
}

TEST_F(Networks, AHeadThatDoesNotFitIsRefusedWithItsField) {
  AddModel("vgg", "vgg16", 150);
  const absl::Status size = TrySubmit(OnWeights("vgg", R"(["flatten", {"dense": 5}])")).status();
  EXPECT_THAT(size, StatusIs(absl::StatusCode::kInvalidArgument, AllOf(HasSubstr("5"), HasSubstr("2"))));
  EXPECT_EQ(FieldOf(size), "spec.train.head");
  for (const char* head : {R"([{"dense": "classes"}])", R"(["flaten", {"dense": "classes"}])", R"([7])", R"([{"dense": -1}])"}) {
    EXPECT_EQ(FieldOf(TrySubmit(OnWeights("vgg", head)).status()), "spec.train.head") << head;
  }
  SB_EXPECT_OK(TrySubmit(OnWeights("vgg", R"(["global_average_pool", {"dense": 64}, "relu", {"dropout": 0.5}, {"dense": "classes"}])")));
}

TEST_F(Networks, AHeadOnNothingIsANetOfOnesOwn) {
  v1::JobSpec spec = TrainJob("maize");
  SetHead(R"([{"conv2d": {"filters": 16, "kernel": 3}}, "relu", {"max_pool": 2}, "flatten", {"dense": "classes"}])", spec);
  SB_ASSERT_OK_AND_ASSIGN(const v1::Plan plan, Plan(spec));
  EXPECT_EQ(plan.parameters(), 16 * (27 + 1) + (74 * 74 * 16 + 1) * kClasses);
  EXPECT_EQ(plan.trainable_parameters(), plan.parameters());
  EXPECT_EQ(plan.frozen_layer(), "");
  EXPECT_EQ(plan.feature_bytes(), 0);
}

TEST_F(Networks, WhiteningIsALayerOfThePlan) {
  v1::JobSpec spec = TrainJob("maize");
  v1::Preprocessing* images = spec.mutable_train()->mutable_preprocessing();
  ASSERT_TRUE(
      google::protobuf::util::JsonStringToMessage(R"([{"standardize": {"zca_whitening": true}}])", images->mutable_pipeline()).ok());
  EXPECT_EQ(FieldOf(Plan(spec).status()), "spec.train.preprocessing.pipeline") << "150x150 is too much";
  images->set_width(10);
  images->set_height(10);
  SB_ASSERT_OK_AND_ASSIGN(const v1::Plan plan, Plan(spec));
  EXPECT_EQ(plan.parameters() - plan.trainable_parameters(), 300 * 300);
  EXPECT_EQ(plan.frozen_layer(), "flatten");
}

TEST_F(Networks, ATrainablePatternThatNamesNothingIsRefused) {
  AddModel("vgg", "vgg16", 150);
  for (const char* pattern : {"block6*", "none", "block5_pool"}) {
    v1::JobSpec spec = OnWeights("vgg");
    spec.mutable_train()->add_trainable(pattern);
    EXPECT_EQ(FieldOf(TrySubmit(spec).status()), "spec.train.trainable") << pattern;
  }
  v1::JobSpec spec = OnWeights("vgg");
  spec.mutable_train()->add_trainable("head");
  spec.mutable_train()->add_trainable("block5_*");
  EXPECT_EQ(Plan(spec)->frozen_layer(), "block4_pool");
}

TEST_F(Networks, AnotherArchitectureThanAskedForIsRefused) {
  AddModel("vgg", "vgg16", 150);
  v1::JobSpec train = OnWeights("vgg");
  train.mutable_train()->set_arch("resnet18");
  const absl::Status status = TrySubmit(train).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("is a vgg16, not a resnet18")));
  EXPECT_EQ(FieldOf(status), "spec.train.arch");
  v1::JobSpec extract = ExtractJob("maize", "vgg", "rows");
  extract.mutable_extract()->set_arch("resnet18");
  EXPECT_EQ(FieldOf(TrySubmit(extract).status()), "spec.extract.arch");
}

TEST_F(Networks, AnUnknownLayerSuggestsTheNearest) {
  AddModel("vgg", "vgg16", 150);
  v1::JobSpec extract = ExtractJob("maize", "vgg", "rows");
  extract.mutable_extract()->set_layer("block5_pol");
  const absl::Status status = TrySubmit(extract).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("block5_pool")));
  EXPECT_EQ(FieldOf(status), "spec.extract.layer");
  v1::JobSpec cut = PopJob("vgg", "cut");
  cut.mutable_edit_model()->set_cut_layer("block4_pol");
  EXPECT_THAT(TrySubmit(cut), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("block4_pool")));
  EXPECT_EQ(FieldOf(TrySubmit(cut).status()), "spec.edit_model.cut_layer");
  EXPECT_EQ(FieldOf(TrySubmit(PopJob("vgg", "popped", 19)).status()), "spec.edit_model.pop");
  SB_EXPECT_OK(TrySubmit(PopJob("vgg", "popped", 18)));
}

TEST_F(Networks, APlanOfAnExtractionHasItsRows) {
  AddModel("vgg", "vgg16", 224);
  v1::JobSpec spec = ExtractJob("maize", "vgg", "rows");
  spec.mutable_extract()->set_width(150);
  spec.mutable_extract()->set_height(150);
  SB_ASSERT_OK_AND_ASSIGN(const v1::Plan whole, Plan(spec));
  EXPECT_THAT(whole.feature_shape(), ElementsAre(4, 4, 512));
  EXPECT_EQ(whole.feature_bytes(), 480 * kFeatures * 4);
  EXPECT_EQ(whole.frozen_layer(), "block5_pool");
  spec.mutable_extract()->set_pool(v1::POOL_AVG);
  spec.mutable_extract()->set_dtype(v1::FEATURE_TYPE_FLOAT16);
  MakeSplit("maize", "default");
  spec.mutable_extract()->set_split("default");
  spec.mutable_extract()->set_subset("train");
  SB_ASSERT_OK_AND_ASSIGN(const v1::Plan pooled, Plan(spec));
  EXPECT_THAT(pooled.feature_shape(), ElementsAre(512));
  EXPECT_EQ(pooled.feature_bytes(), 456 * 512 * 2);
  spec.mutable_extract()->set_subset("test");
  EXPECT_EQ(FieldOf(Plan(spec).status()), "spec.extract.split");
}

TEST_F(Networks, AModelWithoutClassesCannotBeEvaluated) {
  AddModel("vgg", "vgg16", 150);
  const absl::Status status = TrySubmit(EvaluateJob("vgg", "maize")).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no top")));
  EXPECT_EQ(FieldOf(status), "spec.evaluate.model");
}

TEST_F(Networks, FeaturesNeverChangeAndTheirNamesAreTaken) {
  AddModel("vgg", "vgg16", 150);
  const std::string id = Submit(ExtractJob("maize", "vgg", "rows"));
  EXPECT_THAT(TrySubmit(ExtractJob("maize", "vgg", "rows")), StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr(id)));
  EXPECT_EQ(Complete(), id);
  const absl::Status taken = TrySubmit(ExtractJob("maize", "vgg", "rows")).status();
  EXPECT_THAT(taken, StatusIs(absl::StatusCode::kAlreadyExists, AllOf(HasSubstr("vgg:1"), HasSubstr("another name"))));
  EXPECT_EQ(FieldOf(taken), "spec.extract.features");
  const v1::FeatureSet features = store_->GetFeatures("rows").value();
  EXPECT_EQ(features.job_id(), id);
  EXPECT_EQ(features.dataset(), "maize");
  EXPECT_EQ(features.dataset_version(), 1);
  EXPECT_EQ(features.model(), "vgg");
  EXPECT_EQ(features.model_version(), 1);
  EXPECT_EQ(features.dtype(), v1::FEATURE_TYPE_FLOAT32);
  EXPECT_TRUE(features.has_create_time());
}

TEST_F(Networks, APlanOfATrainingOnFeatures) {
  AddModel("vgg", "vgg16", 150);
  AddFeatures("rows", "vgg", {512}, "block5_pool");
  AddFeatures("val-rows", "vgg", {512}, "block5_pool");
  v1::JobSpec spec = TrainOnFeaturesJob("rows");
  spec.mutable_train()->set_val_features("val-rows");
  SB_ASSERT_OK_AND_ASSIGN(const v1::Plan plan, Plan(spec));
  EXPECT_EQ(plan.training_images(), 456);
  EXPECT_EQ(plan.validation_images(), 456);
  EXPECT_EQ(plan.steps_per_epoch(), 15);
  EXPECT_EQ(plan.trainable_parameters(), 513 * kClasses);
  EXPECT_EQ(plan.parameters(), 14'714'688 + 513 * kClasses);
  SetHead(R"([{"dense": 3}])", spec);
  EXPECT_EQ(FieldOf(Plan(spec).status()), "spec.train.head");
}

TEST_F(Networks, FeaturesThatDoNotGoTogetherAreBothNamed) {
  AddModel("vgg", "vgg16", 150);
  AddFeatures("rows", "vgg", {512}, "block5_pool");
  AddFeatures("other-layer", "vgg", {512}, "block4_pool");
  AddFeatures("other-classes", "vgg", {512}, "block5_pool", "wheat");
  v1::JobSpec spec = TrainOnFeaturesJob("rows");
  spec.mutable_train()->set_val_features("other-layer");
  const absl::Status layer = TrySubmit(spec).status();
  EXPECT_THAT(layer, StatusIs(absl::StatusCode::kInvalidArgument, AllOf(HasSubstr("block5_pool"), HasSubstr("block4_pool"))));
  EXPECT_EQ(FieldOf(layer), "spec.train.val_features");
  spec.mutable_train()->set_val_features("other-classes");
  EXPECT_THAT(TrySubmit(spec), StatusIs(absl::StatusCode::kInvalidArgument, AllOf(HasSubstr("rice"), HasSubstr("wheat"))));
}

TEST_F(Networks, FeaturesWhoseModelIsGoneCannotBeTrainedOn) {
  AddModel("vgg", "vgg16", 150);
  AddFeatures("rows", "vgg", {512}, "block5_pool");
  const std::string id = Submit(TrainOnFeaturesJob("rows"));
  EXPECT_THAT(manager_->UsersOfModel("vgg").value(), ElementsAre(id));
  SB_ASSERT_OK(Cancel(id));
  SB_ASSERT_OK(store_->DeleteModel("vgg", 0, ""));
  const absl::Status gone = TrySubmit(TrainOnFeaturesJob("rows")).status();
  EXPECT_THAT(gone, StatusIs(absl::StatusCode::kNotFound, AllOf(HasSubstr("vgg:1"), HasSubstr("deleted"))));
  EXPECT_EQ(FieldOf(gone), "spec.train.features");
}

TEST_F(Networks, InputsAreFixedAtTheFirstAssignment) {
  AddModel("vgg", "vgg16", 150);
  AddFeatures("rows", "vgg", {512}, "block5_pool");
  AddFeatures("val-rows", "vgg", {512}, "block5_pool");
  v1::JobSpec spec = TrainOnFeaturesJob("rows");
  spec.mutable_train()->set_val_features("val-rows");
  Submit(spec);
  const v1::TaskInputs training = Claim().inputs();
  EXPECT_EQ(training.features_dir(), layout_.features("rows"));
  EXPECT_EQ(training.val_features_dir(), layout_.features("val-rows"));
  EXPECT_EQ(training.model_dir(), layout_.model("vgg", 1));
  EXPECT_EQ(training.model_name(), "vgg");
  EXPECT_EQ(training.output_version(), 1);
  EXPECT_EQ(training.dataset_dir(), layout_.dataset("maize", 1)) << "for the pictures";
  Submit(OnWeights("vgg"));
  const v1::TaskInputs frozen = Claim().inputs();
  EXPECT_EQ(frozen.model_dir(), layout_.model("vgg", 1));
  EXPECT_EQ(frozen.model_version(), 1);
  EXPECT_EQ(frozen.dataset_dir(), layout_.dataset("maize", 1));
  Submit(PopJob("vgg", "vgg"));
  const v1::TaskInputs edit = Claim().inputs();
  EXPECT_EQ(edit.model_version(), 1);
  EXPECT_EQ(edit.output_version(), 1) << "the catalogue's own model was put there by the test";
  Submit(ExportFeaturesJob("rows"));
  EXPECT_EQ(Claim().inputs().features_dir(), layout_.features("rows"));
}

TEST_F(Networks, FeaturesOutliveTheirDataset) {
  AddModel("vgg", "vgg16", 150);
  AddFeatures("rows", "vgg", {512}, "block5_pool");
  SB_ASSERT_OK(store_->DeleteDataset("maize", ""));
  Submit(TrainOnFeaturesJob("rows"));
  const v1::TaskInputs inputs = Claim().inputs();
  EXPECT_EQ(inputs.features_dir(), layout_.features("rows"));
  EXPECT_EQ(inputs.dataset_dir(), "");
}

TEST_F(Networks, AChainFromImportToTrainingOnFeatures) {
  const std::string import = Submit(ImportModelJob("net"));
  const std::string extract = Submit(After(ExtractJob("maize", "net", "rows"), {import}));
  const std::string train = Submit(After(TrainOnFeaturesJob("rows", "head"), {extract}));
  const std::string pop = Submit(After(PopJob("head", "popped"), {train}));
  const std::string files = Submit(After(ExportModelJob("popped"), {pop}));
  EXPECT_EQ(FieldOf(TrySubmit(TrainOnFeaturesJob("rows")).status()), "spec.train.features");
  EXPECT_EQ(FieldOf(TrySubmit(ExportFeaturesJob("rows")).status()), "spec.export.features");
  EXPECT_EQ(FieldOf(TrySubmit(OnWeights("net")).status()), "spec.train.weights");
  EXPECT_THAT(manager_->UsersOfFeatures("rows").value(), ElementsAre(extract, train));
  EXPECT_THAT(manager_->UsersOfModel("net").value(), ElementsAre(import, extract));
  for (const std::string& id : {import, extract, train, pop, files}) EXPECT_EQ(Complete(), id);
  EXPECT_EQ(store_->GetModel("head", 0)->dataset(), "maize") << "that of the features";
  EXPECT_EQ(manager_->Get(pop)->result().edit_model().model(), "popped");
  EXPECT_EQ(manager_->Get(files)->result().export_().format(), "safetensors");
  EXPECT_THAT(manager_->UsersOfFeatures("rows").value(), ElementsAre());
}

}  // namespace
}  // namespace seedbed::jobs
