// Backbones and features: extract, features, model pop|cut|summary|export and the training on them, run against a server whose answers the
// test writes.
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/client/cli/program_fixture.h"

namespace seedbed::cli {
namespace {

using nlohmann::json;
using seedbed::testing::FakeJob;
using seedbed::testing::LogEvent;
using seedbed::testing::ProgramOutput;
using seedbed::testing::StateEvent;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

class BackboneTest : public ProgramTest {
 protected:
  void AddFeatures() {
    v1::FeatureSet features;
    features.set_name("seeds");
    features.set_dataset("seedlings");
    features.set_dataset_version(1);
    features.set_model("effnet");
    features.set_model_version(1);
    features.set_rows(480);
    features.add_shape(1280);
    server_.AddFeatures(std::move(features));
  }
  std::string Content(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(Path(name)).rdbuf();
    return text.str();
  }
  v1::JobSpec Submitted(size_t index = 0) const { return server_.submissions().at(index).spec(); }
};

// --- extract.

class ExtractTest : public BackboneTest {
 protected:
  ExtractTest() {
    AddFeatures();
    server_.SetScript([](FakeJob* job) {
      v1::ExtractResult* result = job->job.mutable_result()->mutable_extract();
      result->set_features("seeds");
      result->set_rows(480);
      result->add_shape(1280);
      result->set_bytes(1'200'000);
      result->set_images_per_second(201.7);
    });
  }
  const std::vector<std::string> basic_{"extract", "--dataset", "seedlings:1", "--weights", "effnet", "--name", "seeds"};
};

TEST_F(ExtractTest, SendsWhatWasSaid) {
  std::vector<std::string> command = basic_;
  command.insert(command.end(),
                 {"--split", "default", "--subset", "train", "--arch", "efficientnet_lite0", "--layer", "top_activation", "--pool", "avg",
                  "--dtype", "float16", "--size", "200x150", "--batch-size", "16", "--threads", "2", "--detach"});
  const ProgramOutput result = Run(command);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, "extract-1\n");
  const v1::ExtractSpec spec = Submitted().extract();
  EXPECT_EQ(spec.dataset(), "seedlings");
  EXPECT_EQ(spec.dataset_version(), 1);
  EXPECT_EQ(spec.split(), "default");
  EXPECT_EQ(spec.subset(), "train");
  EXPECT_EQ(spec.model(), "effnet");
  EXPECT_EQ(spec.arch(), "efficientnet_lite0");
  EXPECT_EQ(spec.layer(), "top_activation");
  EXPECT_EQ(spec.pool(), v1::POOL_AVG);
  EXPECT_EQ(spec.dtype(), v1::FEATURE_TYPE_FLOAT16);
  EXPECT_EQ(spec.width(), 200);
  EXPECT_EQ(spec.height(), 150);
  EXPECT_EQ(spec.features(), "seeds");
  EXPECT_EQ(spec.batch_size(), 16);
  EXPECT_EQ(spec.threads(), 2);
}

TEST_F(ExtractTest, SaysWhatWasMade) {
  const ProgramOutput result = Run(basic_);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, "features seeds: 480 images x 1280, 1.2 MB, 202 images/s\n");
  EXPECT_THAT(result.err, HasSubstr("seedbed train --features seeds"));
  std::vector<std::string> as_json = basic_;
  as_json.insert(as_json.end(), {"--output", "json"});
  const json document = json::parse(Run(as_json).out);
  EXPECT_EQ(document["name"], "seeds");
  EXPECT_EQ(document["shape"], json({1280}));
}

TEST_F(ExtractTest, RefusesWrongUsage) {
  std::vector<std::string> command = basic_;
  command.insert(command.end(), {"--pool", "median"});
  EXPECT_EQ(Run(command).exit_code, 2);
  EXPECT_EQ(Run({"extract", "--dataset", "seedlings", "--name", "seeds"}).exit_code, 2);
  command = basic_;
  command.insert(command.end(), {"--size", "big"});
  const ProgramOutput result = Run(command);
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("--size: expected a size in pixels"));
  EXPECT_THAT(server_.submissions(), IsEmpty());
}

// --- features.

TEST_F(BackboneTest, ListsShowsAndRemovesFeatures) {
  AddFeatures();
  EXPECT_THAT(Run({"features", "ls"}).out, AllOf(StartsWith("NAME "), HasSubstr("effnet:1")));
  EXPECT_EQ(json::parse(Run({"features", "ls", "--output", "json"}).out)["features"][0]["rows"], 480);
  EXPECT_THAT(Run({"features", "show", "seeds"}).out, HasSubstr("480 images x 1280"));
  EXPECT_TRUE(json::parse(Run({"features", "show", "seeds", "--output", "json"}).out).contains("path"));
  EXPECT_EQ(Run({"__complete", "--", "features", "show", "se"}).out, "seeds\n");
  EXPECT_EQ(Run({"__complete", "--", "train", "--features", ""}).out, "seeds\n");
  EXPECT_EQ(json::parse(Run({"features", "rm", "seeds", "--output", "json"}).out)["removed"], "seeds");
  EXPECT_EQ(Run({"features", "show", "seeds"}).exit_code, 4);
}

class FeaturesExportTest : public BackboneTest {
 protected:
  FeaturesExportTest() {
    server_.SetScript([](FakeJob* job) {
      job->artifacts = {{"seeds.csv", "paths"}, {"seeds.features.npy", "values"}, {"seeds.labels.npy", "labels"}};
      for (const char* name : {"seeds.features.npy", "seeds.labels.npy", "seeds.csv"}) {
        job->job.mutable_result()->mutable_export_()->add_files(name);
      }
    });
  }
};

TEST_F(FeaturesExportTest, CallsTheFilesAsAsked) {
  const ProgramOutput result = Run({"features", "export", "seeds", "--out", Path("out/maize.npy").string()});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out,
            Path("out/maize.npy").string() + "\n" + Path("out/maize.labels.npy").string() + "\n" + Path("out/maize.csv").string() + "\n");
  EXPECT_EQ(Content("out/maize.npy"), "values");
  EXPECT_EQ(Content("out/maize.labels.npy"), "labels");
  EXPECT_EQ(Submitted().export_().features(), "seeds");
  EXPECT_EQ(Submitted().export_().format(), "npy");
}

TEST_F(FeaturesExportTest, KeepsTheNamesInAFolder) {
  std::filesystem::create_directories(Path("folder"));
  const ProgramOutput result =
      Run({"features", "export", "seeds", "--format", "csv", "--out", Path("folder").string(), "--output", "json"});
  EXPECT_EQ(json::parse(result.out)["files"][0]["path"], Path("folder/seeds.features.npy").string());
  EXPECT_EQ(Content("folder/seeds.csv"), "paths");
  EXPECT_EQ(Submitted().export_().format(), "csv");
  EXPECT_EQ(Run({"features", "export", "seeds", "--format", "hdf5", "--out", "x"}).exit_code, 2);
}

// --- Models.

TEST_F(BackboneTest, PopsAndCutsModels) {
  server_.SetScript([](FakeJob* job) {
    v1::EditModelResult* result = job->job.mutable_result()->mutable_edit_model();
    result->set_model("vgg-features");
    result->set_version(1);
    result->set_parameters(14'714'688);
    result->set_output_layer("block5_pool");
    result->set_weights_sha256("cafe");
  });
  EXPECT_EQ(Run({"model", "pop", "vgg:2", "--count", "4", "--as", "vgg-features"}).out,
            "model vgg-features:1 ends at block5_pool, 14,714,688 parameters, weights cafe\n");
  EXPECT_EQ(Submitted(0).edit_model().model(), "vgg:2");
  EXPECT_EQ(Submitted(0).edit_model().output(), "vgg-features");
  EXPECT_EQ(Submitted(0).edit_model().pop(), 4);
  EXPECT_EQ(Run({"model", "cut", "vgg", "--layer", "block5_pool", "--as", "vgg-features", "--detach"}).out, "edit_model-2\n");
  EXPECT_EQ(Submitted(1).edit_model().cut_layer(), "block5_pool");
  EXPECT_EQ(Run({"model", "pop", "vgg", "--as", "less", "--detach"}).exit_code, 0);
  EXPECT_EQ(Submitted(2).edit_model().pop(), 1);
  EXPECT_EQ(Run({"model", "cut", "vgg", "--as", "less"}).exit_code, 2);
  EXPECT_EQ(Run({"model", "pop", "vgg"}).exit_code, 2);
}

TEST_F(BackboneTest, SummarizesNetworksThatNobodyMade) {
  v1::SummarizeNetworkResponse summary;
  summary.set_parameters(14'813'004);
  summary.set_trainable_parameters(98'316);
  v1::LayerSummary* layer = summary.add_layers();
  layer->set_name("block1_conv1");
  layer->set_type("Conv2D");
  layer->set_parameters(1792);
  server_.SetSummary(summary);
  const ProgramOutput result = Run({"model", "summary", "--arch", "vgg16", "--weights", "vgg", "--size", "150", "--classes", "12", "--head",
                                    "[flatten, dense: classes]", "--trainable", "head"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, AllOf(HasSubstr("block1_conv1 (Conv2D)"), HasSubstr("Total params: 14,813,004\nTrainable params: 98,316\n")));
  ASSERT_THAT(server_.summaries(), SizeIs(1));
  const v1::SummarizeNetworkRequest request = server_.summaries()[0];
  EXPECT_EQ(request.train().arch(), "vgg16");
  EXPECT_EQ(request.train().weights(), "vgg");
  EXPECT_EQ(request.train().preprocessing().width(), 150);
  EXPECT_EQ(request.classes(), 12);
  EXPECT_EQ(request.train().head().values_size(), 2);
  EXPECT_THAT(request.train().trainable(), ElementsAre("head"));
  const json document = json::parse(Run({"model", "summary", "--arch", "vgg16", "--without-top", "--output", "json"}).out);
  EXPECT_EQ(document["trainable_parameters"], 98'316);
  EXPECT_EQ(document["layers"][0]["name"], "block1_conv1");
  EXPECT_TRUE(server_.summaries()[1].without_top());
}

TEST_F(BackboneTest, SummaryRefusesWrongUsage) {
  EXPECT_EQ(Run({"model", "summary"}).exit_code, 2);
  EXPECT_EQ(Run({"model", "summary", "baseline", "--arch", "vgg16"}).exit_code, 2);
  EXPECT_EQ(Run({"model", "summary", "--arch", "vgg16", "--classes", "0"}).exit_code, 2);
  const ProgramOutput result = Run({"model", "summary", "--arch", "vgg16", "--head", "flatten"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("--head: expected a list such as [flatten, dense: classes], got 'flatten'"));
}

TEST_F(BackboneTest, ExportsTorchScript) {
  server_.SetScript([](FakeJob* job) {
    job->artifacts = {{"baseline.pt", "script"}};
    job->job.mutable_result()->mutable_export_()->add_files("baseline.pt");
  });
  const std::vector<std::string> command{"model", "export", "baseline:2", "--format", "torchscript", "--out", Path("model").string()};
  const ProgramOutput result = Run(command);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, Path("model/baseline.pt").string() + "\n");
  EXPECT_EQ(Content("model/baseline.pt"), "script");
  EXPECT_EQ(Submitted().export_().model(), "baseline:2");
  EXPECT_EQ(Submitted().export_().format(), "torchscript");
  EXPECT_EQ(Run(command).exit_code, 1);
}

TEST_F(BackboneTest, ShowsModelsThatWereNotTrainedHere) {
  v1::Model model;
  model.set_name("effnet");
  model.set_version(1);
  model.set_arch("efficientnet_lite0");
  server_.AddModel(model, {});
  EXPECT_THAT(Run({"model", "ls"}).out, HasSubstr("efficientnet_lite0        0           0         -  -"));
  EXPECT_THAT(Run({"model", "show", "effnet"}).out, AllOf(HasSubstr("trained on     -\n"), HasSubstr("classes        none")));
}

TEST_F(BackboneTest, EvaluateTakesTopK) {
  server_.SetScript([](FakeJob* job) {
    job->job.mutable_result()->mutable_evaluate()->set_top_k(3);
    job->job.mutable_result()->mutable_evaluate()->set_top_k_accuracy(0.75);
  });
  EXPECT_THAT(Run({"evaluate", "baseline", "--dataset", "seedlings", "--top-k", "3"}).out, HasSubstr("top-3 0.7500"));
  EXPECT_EQ(Submitted().evaluate().top_k(), 3);
}

// --- Training.

TEST_F(BackboneTest, TrainsAHeadOnWeights) {
  server_.SetScript([](FakeJob* job) {
    job->log = {LogEvent(1, "the network up to top_activation runs once for each image"), StateEvent(2, v1::JOB_STATE_SUCCEEDED)};
  });
  const ProgramOutput result = Run({"train",
                                    "--dataset",
                                    "seedlings",
                                    "--split",
                                    "default",
                                    "--arch",
                                    "efficientnet_lite0",
                                    "--weights",
                                    "effnet:2",
                                    "--trainable",
                                    "head,block7*",
                                    "--head",
                                    "[global_average_pool, dropout: 0.2, dense: classes]",
                                    "--no-feature-cache",
                                    "--preset",
                                    "imagenet",
                                    "--mean",
                                    "1,2,3",
                                    "--std",
                                    "4,5,6",
                                    "--channels",
                                    "bgr"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out,
            "Job train-1: head,block7* of efficientnet_lite0 with weights effnet:2 on seedlings (split default), model "
            "seedlings-efficientnet_lite0\n");
  EXPECT_THAT(result.err, HasSubstr("the network up to top_activation runs once for each image\n"));
  const v1::TrainSpec train = Submitted().train();
  EXPECT_EQ(train.weights(), "effnet:2");
  EXPECT_THAT(train.trainable(), ElementsAre("head", "block7*"));
  EXPECT_EQ(train.head().values(1).struct_value().fields().at("dropout").number_value(), 0.2);
  EXPECT_TRUE(train.has_feature_cache());
  EXPECT_FALSE(train.feature_cache());
  EXPECT_EQ(train.preprocessing().preset(), "imagenet");
  EXPECT_THAT(train.preprocessing().mean(), ElementsAre(1, 2, 3));
  EXPECT_THAT(train.preprocessing().std(), ElementsAre(4, 5, 6));
  EXPECT_EQ(train.preprocessing().channels(), v1::CHANNEL_ORDER_BGR);
}

TEST_F(BackboneTest, WeightsSayWhatTheNetworkIs) {
  EXPECT_EQ(Run({"train", "--dataset", "seedlings", "--weights", "effnet:2", "--detach"}).exit_code, 0);
  EXPECT_EQ(Submitted().train().arch(), "");
  EXPECT_EQ(Submitted().train().model(), "seedlings-effnet");
  EXPECT_FALSE(Submitted().train().has_head());
}

TEST_F(BackboneTest, TrainsOnFeatures) {
  EXPECT_THAT(Run({"train", "--features", "seeds", "--val-features", "seeds-val", "--epochs", "100"}).out,
              StartsWith("Job train-1: head on features seeds, model seeds-head\n"));
  const v1::TrainSpec train = Submitted().train();
  EXPECT_EQ(train.features(), "seeds");
  EXPECT_EQ(train.val_features(), "seeds-val");
  EXPECT_EQ(train.arch(), "");
  EXPECT_EQ(train.dataset(), "");
  EXPECT_EQ(Run({"train", "photos", "--features", "seeds"}).exit_code, 2);
}

TEST_F(BackboneTest, DryRunTellsWhatRunsOnce) {
  v1::Plan plan;
  plan.set_parameters(3'386'380);
  plan.set_trainable_parameters(15'372);
  plan.set_frozen_layer("top_activation");
  plan.set_backbone_images(480);
  plan.set_feature_bytes(2'457'600);
  plan.set_free_bytes(1'000'000'000);
  server_.SetPlan(plan);
  const std::vector<std::string> command{"train",    "--dataset", "seedlings", "--weights", "effnet", "--head", "[flatten, dense: classes]",
                                         "--preset", "unit",      "--dry-run"};
  EXPECT_THAT(Run(command).out,
              AllOf(HasSubstr("trainable parameters     15,372\n"), HasSubstr("run once for each image  up to top_activation"),
                    HasSubstr("backbone images          480\n"), HasSubstr("feature cache            2.5 MB\n"),
                    HasSubstr("[flatten, dense: classes]  flag\n")));
}

TEST_F(BackboneTest, EstimatesWhatAFolderWouldTake) {
  for (int i = 0; i < 20; ++i) Write("photos/maize/" + std::to_string(i) + ".png", "x");
  v1::SummarizeNetworkResponse network;
  network.set_parameters(1'000);
  network.set_trainable_parameters(10);
  network.set_frozen_layer("top_activation");
  for (const int extent : {7, 7, 1280}) network.add_frozen_shape(extent);
  server_.SetSummary(network);
  const std::vector<std::string> command{"train", Path("photos").string(), "--weights", "effnet", "--dry-run", "--output", "json"};
  const json plan = json::parse(Run(command).out)["plan"];
  EXPECT_EQ(plan["frozen_layer"], "top_activation");
  EXPECT_EQ(plan["backbone_images"], 20);
  EXPECT_EQ(plan["feature_bytes"], 4 * 20 * 7 * 7 * 1280);
  EXPECT_EQ(plan["trainable_parameters"], 10);
  EXPECT_EQ(server_.summaries()[0].train().weights(), "effnet");
}

}  // namespace
}  // namespace seedbed::cli
