#include <sys/stat.h>

#include "core/base/status_macros.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/store/data_layout.h"
#include "server/store/paging.h"
#include "server/store/store.h"
#include "server/store/tables.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temporary_directory.h"

namespace seedbed::store {
namespace {

using ::seedbed::testing::IsOkAndHolds;
using ::seedbed::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class CatalogueTest : public ::testing::Test {
 protected:
  CatalogueTest() {
    StoreOptions options;
    options.reserve_bytes = 0;
    store_ = Store::Open(folder_.path() / "seedbed.db", options).value();
  }

  void AddDataset(const std::string& name, int version) {
    v1::Dataset dataset;
    dataset.set_name(name);
    dataset.set_version(version);
    dataset.set_images(100 * version);
    SB_ASSERT_OK(store_->WriteAndWait([&](Writer& writer) { return writer.InsertDataset(dataset); }));
  }
  void AddSplit(const std::string& dataset, const std::string& name) {
    v1::Split split;
    split.set_dataset(dataset);
    split.set_name(name);
    SB_ASSERT_OK(store_->WriteAndWait([&](Writer& writer) { return writer.InsertSplit(split); }));
  }
  void AddModel(const std::string& name, int version) {
    v1::Model model;
    model.set_name(name);
    model.set_version(version);
    model.add_layers()->set_name("dense");
    SB_ASSERT_OK(store_->WriteAndWait([&](Writer& writer) { return writer.InsertModel(model); }));
  }

  void AddFeatures(const std::string& name) {
    v1::FeatureSet features;
    features.set_name(name);
    features.add_classes("maize");
    SB_ASSERT_OK(store_->WriteAndWait([&](Writer& writer) { return writer.InsertFeatures(features); }));
  }

  testing::TemporaryDirectory folder_;
  std::unique_ptr<Store> store_;
};

TEST_F(CatalogueTest, FeaturesAreListedOldestFirstPageByPageWithoutTheirClasses) {
  AddFeatures("c");
  AddFeatures("a");
  AddFeatures("b");
  v1::PageRequest page;
  page.set_page_size(2);
  SB_ASSERT_OK_AND_ASSIGN(const auto first, store_->ListFeatures(page));
  ASSERT_EQ(first.features_size(), 2);
  EXPECT_EQ(first.features(0).name(), "c");
  EXPECT_EQ(first.features(0).classes_size(), 0);
  page.set_page_token(first.next_page_token());
  SB_ASSERT_OK_AND_ASSIGN(const auto second, store_->ListFeatures(page));
  ASSERT_EQ(second.features_size(), 1);
  EXPECT_EQ(second.features(0).name(), "b");
  EXPECT_EQ(second.next_page_token(), "");
  EXPECT_THAT(store_->GetFeatures("b")->classes(), ElementsAre("maize"));
  EXPECT_THAT(store_->CountCatalogue(), IsOkAndHolds(CatalogueCounts{.feature_sets = 3}));
}

TEST_F(CatalogueTest, DeletesFeaturesOnceForARequest) {
  AddFeatures("rows");
  SB_ASSERT_OK(store_->DeleteFeatures("rows", "r1"));
  EXPECT_THAT(store_->GetFeatures("rows"), StatusIs(absl::StatusCode::kNotFound, "there is no feature set 'rows'"));
  AddFeatures("rows");
  SB_EXPECT_OK(store_->DeleteFeatures("rows", "r1"));
  SB_EXPECT_OK(store_->GetFeatures("rows"));
  EXPECT_THAT(store_->DeleteFeatures("rice", ""), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(CatalogueTest, VersionZeroIsTheNewest) {
  AddDataset("maize", 1);
  AddDataset("maize", 2);
  EXPECT_EQ(store_->GetDataset("maize", 0)->version(), 2);
  EXPECT_EQ(store_->GetDataset("maize", 1)->images(), 100);
  EXPECT_THAT(store_->GetDataset("maize", 3), StatusIs(absl::StatusCode::kNotFound, "there is no version 3 of dataset 'maize'"));
  EXPECT_THAT(store_->GetDataset("rice", 0), StatusIs(absl::StatusCode::kNotFound, "there is no dataset 'rice'"));
}

TEST_F(CatalogueTest, ListsTheNewestVersionsOldestDatasetFirstPageByPage) {
  AddDataset("c", 1);
  AddDataset("a", 1);
  AddDataset("b", 1);
  AddDataset("c", 2);
  v1::PageRequest page;
  page.set_page_size(2);
  SB_ASSERT_OK_AND_ASSIGN(const auto first, store_->ListDatasets(page));
  ASSERT_EQ(first.datasets_size(), 2);
  EXPECT_EQ(first.datasets(0).name(), "c");
  EXPECT_EQ(first.datasets(0).version(), 2);
  EXPECT_EQ(first.datasets(1).name(), "a");
  page.set_page_token(first.next_page_token());
  SB_ASSERT_OK_AND_ASSIGN(const auto second, store_->ListDatasets(page));
  ASSERT_EQ(second.datasets_size(), 1);
  EXPECT_EQ(second.datasets(0).name(), "b");
  EXPECT_EQ(second.next_page_token(), "");
}

TEST_F(CatalogueTest, ListsModelsWithoutLayers) {
  AddModel("m", 1);
  AddModel("m", 2);
  AddModel("n", 1);
  SB_ASSERT_OK_AND_ASSIGN(const auto newest, store_->ListModels({}));
  ASSERT_EQ(newest.models_size(), 2);
  EXPECT_EQ(newest.models(0).version(), 2);
  EXPECT_EQ(newest.models(0).layers_size(), 0);
  v1::ListModelsRequest all;
  all.set_name("m");
  SB_ASSERT_OK_AND_ASSIGN(const auto versions, store_->ListModels(all));
  EXPECT_EQ(versions.models_size(), 2);
  EXPECT_EQ(store_->GetModel("m", 0)->layers_size(), 1);
  all.set_name("x");
  EXPECT_THAT(store_->ListModels(all), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(CatalogueTest, SplitsBelongToTheirDataset) {
  AddDataset("maize", 1);
  AddSplit("maize", "default");
  AddSplit("maize", "second");
  SB_ASSERT_OK(store_->GetSplit("maize", "default"));
  EXPECT_THAT(store_->GetSplit("maize", "third"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("no split 'third'")));
  EXPECT_EQ(store_->ListSplits("maize")->size(), 2u);
  EXPECT_THAT(store_->ListSplits("rice"), StatusIs(absl::StatusCode::kNotFound));
  SB_ASSERT_OK(store_->DeleteDataset("maize", ""));
  AddDataset("maize", 2);
  EXPECT_EQ(store_->ListSplits("maize")->size(), 0u);
}

TEST_F(CatalogueTest, ADeletionIsAnsweredAgainForTheSameRequest) {
  AddDataset("maize", 1);
  SB_EXPECT_OK(store_->DeleteDataset("maize", "r1"));
  SB_EXPECT_OK(store_->DeleteDataset("maize", "r1"));
  EXPECT_THAT(store_->DeleteDataset("maize", "r2"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(store_->DeleteDataset("rice", "r1"), StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr("r1")));
  AddDataset("maize", 2);
  SB_EXPECT_OK(store_->DeleteDataset("maize", "r2")) << "a failed request may be repeated";
}

TEST_F(CatalogueTest, DeletesOneModelVersionOrAll) {
  AddModel("m", 1);
  AddModel("m", 2);
  AddModel("m", 3);
  SB_EXPECT_OK(store_->DeleteModel("m", 2, ""));
  EXPECT_THAT(store_->GetModel("m", 2), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(store_->CountCatalogue(), IsOkAndHolds(CatalogueCounts{.models = 1}));
  SB_EXPECT_OK(store_->DeleteModel("m", 0, ""));
  EXPECT_THAT(store_->CountCatalogue(), IsOkAndHolds(CatalogueCounts{}));
  EXPECT_THAT(store_->DeleteModel("m", 0, ""), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(CatalogueTest, VersionNumbersAreNeverGivenTwice) {
  std::vector<int> versions;
  for (int i = 0; i < 3; ++i) {
    SB_ASSERT_OK(store_->WriteAndWait([&](Writer& writer) {
      SB_ASSIGN_OR_RETURN(const int version, writer.AllocateVersion("dataset/maize"));
      versions.push_back(version);
      return absl::OkStatus();
    }));
    AddDataset("maize", versions.back());
    SB_ASSERT_OK(store_->DeleteDataset("maize", ""));
  }
  EXPECT_THAT(versions, ElementsAre(1, 2, 3));
}

TEST(Paging, RefusesSizesAndTokensThatCannotBe) {
  v1::PageRequest page;
  EXPECT_EQ(ParsePage(page)->size, 100);
  page.set_page_size(1000);
  EXPECT_EQ(ParsePage(page)->size, 1000);
  for (const int size : {-1, 1001}) {
    page.set_page_size(size);
    EXPECT_THAT(ParsePage(page), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("page.page_size")));
  }
  page.set_page_size(1);
  for (const char* token : {"x", "-3", "0", "99999999999999999999", "1 2"}) {
    page.set_page_token(token);
    EXPECT_THAT(ParsePage(page), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("page_token"))) << token;
  }
  page.set_page_token(MakePageToken(42));
  EXPECT_EQ(ParsePage(page)->token, 42);
}

TEST(DataLayout, MakesPrivateFolders) {
  testing::TemporaryDirectory folder;
  const DataLayout layout(folder.path() / "data");
  SB_ASSERT_OK(layout.Create());
  SB_ASSERT_OK(layout.Create()) << "again";
  for (const auto& path : {layout.root(), layout.socket().parent_path()}) {
    struct stat info {};
    ASSERT_EQ(::stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0700u) << path;
  }
  EXPECT_EQ(layout.object("abcdef"), layout.root() / "objects/ab/cdef");
  EXPECT_EQ(layout.staging("train-1", 3), layout.root() / "staging/train-1/3");
}

}  // namespace
}  // namespace seedbed::store
