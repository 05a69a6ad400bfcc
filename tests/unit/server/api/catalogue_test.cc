// DatasetService, ModelService, FeatureService and AdminService.
#include <fstream>

#include "core/base/digest.h"
#include "tests/unit/server/api/api_fixture.h"

namespace seedbed::api {
namespace {

using ::seedbed::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;

class CatalogueTest : public ApiTest {
 protected:
  absl::Status DeleteDataset(const std::string& name, const std::string& request_id = "") {
    v1::DeleteDatasetRequest request;
    request.set_name(name);
    request.set_request_id(request_id);
    return Invoke<v1::DeleteDatasetResponse>([&](auto... a) { return datasets_->DeleteDataset(a...); }, request).status();
  }
  absl::Status DeleteModel(const std::string& name, int version = 0, const std::string& request_id = "") {
    v1::DeleteModelRequest request;
    request.set_name(name);
    request.set_version(version);
    request.set_request_id(request_id);
    return Invoke<v1::DeleteModelResponse>([&](auto... a) { return models_->DeleteModel(a...); }, request).status();
  }
  absl::Status DeleteFeatures(const std::string& name, const std::string& request_id = "") {
    v1::DeleteFeaturesRequest request;
    request.set_name(name);
    request.set_request_id(request_id);
    return Invoke<v1::DeleteFeaturesResponse>([&](auto... a) { return features_->DeleteFeatures(a...); }, request).status();
  }
  absl::StatusOr<v1::GetFeaturesResponse> GetFeatures(const std::string& name) {
    v1::GetFeaturesRequest request;
    request.set_name(name);
    return Invoke<v1::GetFeaturesResponse>([&](auto... a) { return features_->GetFeatures(a...); }, request);
  }
  absl::StatusOr<v1::GetDatasetResponse> GetDataset(const std::string& name) {
    v1::GetDatasetRequest request;
    request.set_name(name);
    return Invoke<v1::GetDatasetResponse>([&](auto... a) { return datasets_->GetDataset(a...); }, request);
  }
  absl::StatusOr<v1::GetModelResponse> GetModel(const std::string& name, int version = 0) {
    v1::GetModelRequest request;
    request.set_name(name);
    request.set_version(version);
    return Invoke<v1::GetModelResponse>([&](auto... a) { return models_->GetModel(a...); }, request);
  }
};

TEST_F(CatalogueTest, ShowsADatasetWithItsSplits) {
  MakeDataset("seeds");
  MakeSplit("seeds", "half");
  SB_ASSERT_OK_AND_ASSIGN(const auto got, GetDataset("seeds"));
  EXPECT_EQ(got.dataset().images(), 480);
  ASSERT_EQ(got.splits_size(), 1);
  EXPECT_EQ(got.splits(0).name(), "half");
  v1::GetSplitRequest split;
  split.set_dataset("seeds");
  split.set_name("half");
  EXPECT_EQ(Invoke<v1::GetSplitResponse>([&](auto... a) { return datasets_->GetSplit(a...); }, split)->split().rule(),
            "12 per class, seed 0");
  v1::ListSplitsRequest splits;
  splits.set_dataset("absent");
  EXPECT_THAT(Invoke<v1::ListSplitsResponse>([&](auto... a) { return datasets_->ListSplits(a...); }, splits),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_EQ(Invoke<v1::ListDatasetsResponse>([&](auto... a) { return datasets_->ListDatasets(a...); }, v1::ListDatasetsRequest())
                ->datasets_size(),
            1);
  EXPECT_THAT(GetDataset("absent"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("absent")));
}

TEST_F(CatalogueTest, ADatasetInUseIsNotDeleted) {
  MakeDataset("seeds");
  const std::string job = Submit(jobs::TrainJob("seeds", "m"));
  EXPECT_THAT(DeleteDataset("seeds"), StatusIs(absl::StatusCode::kFailedPrecondition, AllOf(HasSubstr(job), HasSubstr("seeds"))));
  SB_EXPECT_OK(GetDataset("seeds"));
  SB_ASSERT_OK(Cancel(job));
  SB_EXPECT_OK(DeleteDataset("seeds"));
}

TEST_F(CatalogueTest, DeletingADatasetRemovesRecordsAndFiles) {
  MakeDataset("seeds");
  MakeSplit("seeds", "half");
  ASSERT_TRUE(std::filesystem::exists(layout_.dataset("seeds")));
  SB_ASSERT_OK(DeleteDataset("seeds"));
  EXPECT_THAT(GetDataset("seeds"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_FALSE(std::filesystem::exists(layout_.dataset("seeds")));
  EXPECT_FALSE(std::filesystem::exists(layout_.splits("seeds")));
  EXPECT_THAT(DeleteDataset("seeds"), StatusIs(absl::StatusCode::kNotFound));
  const absl::Status refused = DeleteDataset("../models");
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(client::PayloadOf(refused, client::kFieldPayload), "name");
}

TEST_F(CatalogueTest, ARepeatedDeletionDoesNotTouchWhatWasMadeSince) {
  MakeDataset("seeds");
  SB_ASSERT_OK(DeleteDataset("seeds", "key-1"));
  MakeDataset("seeds");
  SB_EXPECT_OK(DeleteDataset("seeds", "key-1"));
  SB_EXPECT_OK(GetDataset("seeds"));
  EXPECT_TRUE(std::filesystem::exists(layout_.dataset("seeds")));
}

TEST_F(CatalogueTest, DeletesOneVersionOfAModelOrAll) {
  MakeDataset("seeds");
  MakeModel("seeds", "m");
  MakeModel("seeds", "m");
  SB_ASSERT_OK(DeleteModel("m", 1));
  EXPECT_FALSE(std::filesystem::exists(layout_.model("m", 1)));
  EXPECT_EQ(GetModel("m")->model().version(), 2);
  EXPECT_THAT(GetModel("m", 1), StatusIs(absl::StatusCode::kNotFound));
  const std::string job = Submit(jobs::EvaluateJob("m", "seeds"));
  EXPECT_THAT(DeleteModel("m"), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(job)));
  SB_ASSERT_OK(Cancel(job));
  SB_ASSERT_OK(DeleteModel("m"));
  EXPECT_FALSE(std::filesystem::exists(layout_.model("m")));
  EXPECT_THAT(DeleteModel("m"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(DeleteModel("m", -1), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(CatalogueTest, ShowsFeaturesAndWhereTheyAre) {
  MakeDataset("seeds");
  MakeModel("seeds", "m");
  MakeFeatures("seeds", "m", "rows");
  SB_ASSERT_OK_AND_ASSIGN(const auto got, GetFeatures("rows"));
  EXPECT_EQ(got.features().rows(), 480);
  EXPECT_EQ(got.features().classes_size(), 2);
  EXPECT_EQ(got.path(), layout_.features("rows"));
  EXPECT_TRUE(std::filesystem::exists(got.path()));
  const auto all =
      Invoke<v1::ListFeaturesResponse>([&](auto... a) { return features_->ListFeatures(a...); }, v1::ListFeaturesRequest()).value();
  ASSERT_EQ(all.features_size(), 1);
  EXPECT_EQ(all.features(0).name(), "rows");
  EXPECT_THAT(GetFeatures("absent"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("absent")));
}

TEST_F(CatalogueTest, FeaturesInUseAreNotDeleted) {
  MakeDataset("seeds");
  MakeModel("seeds", "m");
  MakeFeatures("seeds", "m", "rows");
  const std::string job = Submit(jobs::TrainOnFeaturesJob("rows"));
  EXPECT_THAT(DeleteFeatures("rows"), StatusIs(absl::StatusCode::kFailedPrecondition, AllOf(HasSubstr(job), HasSubstr("rows"))));
  EXPECT_THAT(DeleteModel("m"), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(job))) << "the trained model needs its layers";
  SB_ASSERT_OK(Cancel(job));
  SB_ASSERT_OK(DeleteFeatures("rows", "key-1"));
  EXPECT_FALSE(std::filesystem::exists(layout_.features("rows")));
  EXPECT_THAT(GetFeatures("rows"), StatusIs(absl::StatusCode::kNotFound));
  MakeFeatures("seeds", "m", "rows");
  SB_EXPECT_OK(DeleteFeatures("rows", "key-1"));
  EXPECT_TRUE(std::filesystem::exists(layout_.features("rows"))) << "made since";
  EXPECT_THAT(DeleteFeatures("../models"), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(CatalogueTest, ExportsAModelsFiles) {
  MakeDataset("seeds");
  MakeModel("seeds", "m");
  const std::string weights(700'000, 'w');
  std::ofstream(layout_.model("m", 1) / "model.safetensors") << weights;
  v1::ExportModelRequest request;
  request.set_name("m");
  grpc::ClientContext context;
  const auto stream = models_->ExportModel(&context, request);
  std::vector<v1::Artifact> headers;
  std::vector<std::string> contents;
  for (v1::ExportModelResponse response; stream->Read(&response);) {
    if (response.has_header()) {
      headers.push_back(response.header());
      contents.emplace_back();
    } else {
      contents.back() += response.chunk();
    }
  }
  EXPECT_TRUE(stream->Finish().ok());
  ASSERT_EQ(headers.size(), 2);
  EXPECT_EQ(headers[0].name(), "model.json");
  EXPECT_EQ(headers[0].media_type(), "application/json");
  EXPECT_EQ(headers[1].name(), "model.safetensors");
  EXPECT_EQ(headers[1].bytes(), 700'000);
  EXPECT_EQ(headers[1].sha256(), Sha256Hex(weights));
  EXPECT_TRUE(contents[1] == weights);
}

TEST_F(CatalogueTest, ExportingAnUnknownModelIsNotFound) {
  v1::ExportModelRequest request;
  request.set_name("absent");
  grpc::ClientContext context;
  const auto stream = models_->ExportModel(&context, request);
  v1::ExportModelResponse response;
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_THAT(client::FromGrpc(stream->Finish()), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(CatalogueTest, AdminTellsStateAndDrains) {
  MakeDataset("seeds");
  const auto info = [&] {
    return Invoke<v1::GetServerInfoResponse>([&](auto... a) { return admin_->GetServerInfo(a...); }, v1::GetServerInfoRequest()).value();
  };
  EXPECT_EQ(info().version(), "0.1.0");
  EXPECT_EQ(info().listen_address(), server_->address());
  EXPECT_EQ(info().datasets(), 1);
  EXPECT_EQ(info().workers(0).slot(), "jobs-cpu");
  EXPECT_GT(info().free_bytes(), 0);
  int64_t succeeded = 0;
  const v1::GetServerInfoResponse now = info();
  for (const v1::StateCount& count : now.jobs()) succeeded += count.state() == "SUCCEEDED" ? count.jobs() : 0;
  EXPECT_EQ(succeeded, 1);
  const auto drain = [&](bool undo) {
    v1::DrainRequest request;
    request.set_undo(undo);
    return Invoke<v1::DrainResponse>([&](auto... a) { return admin_->Drain(a...); }, request)->draining();
  };
  EXPECT_TRUE(drain(false));
  EXPECT_TRUE(info().draining());
  EXPECT_THAT(SubmitOverApi(jobs::IndexJob("more")), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_FALSE(drain(true));
  SB_EXPECT_OK(SubmitOverApi(jobs::IndexJob("more")));
}

}  // namespace
}  // namespace seedbed::api
