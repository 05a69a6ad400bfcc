#include "server/jobs/path_policy.h"

#include "tests/unit/server/jobs/job_manager_fixture.h"

namespace seedbed::jobs {
namespace {

using ::seedbed::testing::StatusIs;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

class PathPolicyTest : public ::testing::Test {
 protected:
  PathPolicyTest() {
    SB_EXPECT_OK(layout_.Create());
    fs::create_directories(photos_ / "maize");
    fs::create_directories(folder_.path() / "photos-private");
    std::ofstream(photos_ / "file") << "x";
  }
  absl::Status CheckIndex(const fs::path& root, const std::vector<std::string>& allowed = {}) {
    return CheckPaths(IndexJob("maize", root.string()), layout_, allowed);
  }
  absl::Status CheckMaterialize(const fs::path& target, const std::vector<std::string>& allowed = {}) {
    v1::JobSpec spec = SplitJob("maize");
    spec.mutable_split()->set_materialize_dir(target.string());
    return CheckPaths(spec, layout_, allowed);
  }

  testing::TemporaryDirectory folder_;
  const fs::path photos_ = folder_.path() / "photos";
  const store::DataLayout layout_{folder_.path() / "data"};
};

TEST_F(PathPolicyTest, AFolderMustBeThere) {
  SB_EXPECT_OK(CheckIndex(photos_));
  const absl::Status missing = CheckIndex(photos_ / "none");
  EXPECT_THAT(missing, StatusIs(absl::StatusCode::kNotFound, HasSubstr("there is no folder")));
  EXPECT_EQ(FieldOf(missing), "spec.index.root");
  EXPECT_THAT(CheckIndex(photos_ / "file"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("is not a folder")));
}

TEST_F(PathPolicyTest, OnlyFoldersBelowTheAllowedRoots) {
  SB_EXPECT_OK(CheckIndex(photos_, {photos_.string()}));
  SB_EXPECT_OK(CheckIndex(photos_, {photos_.string() + "/"}));
  SB_EXPECT_OK(CheckIndex(photos_ / "maize", {"/nowhere", photos_.string()}));
  const absl::Status outside = CheckIndex("/etc", {photos_.string()});
  EXPECT_THAT(outside, StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("allowed_roots")));
  EXPECT_EQ(FieldOf(outside), "spec.index.root");
  // A common beginning of the name is not a common folder.
  EXPECT_THAT(CheckIndex(folder_.path() / "photos-private", {photos_.string()}), StatusIs(absl::StatusCode::kPermissionDenied));
}

TEST_F(PathPolicyTest, LinksDoNotLeadOutside) {
  fs::create_directory_symlink("/etc", photos_ / "link");
  EXPECT_THAT(CheckIndex(photos_ / "link", {photos_.string()}), StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_THAT(CheckMaterialize(photos_ / "link" / "new", {photos_.string()}), StatusIs(absl::StatusCode::kPermissionDenied));
}

TEST_F(PathPolicyTest, MaterializedImagesStayOutOfTheDataRoot) {
  SB_EXPECT_OK(CheckMaterialize(folder_.path() / "new" / "folder"));
  EXPECT_THAT(CheckMaterialize(layout_.root() / "models"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("data root")));
}

TEST_F(PathPolicyTest, AListingMustBeUploaded) {
  v1::JobSpec spec = IndexJob("maize");
  const std::string sha256(64, 'a');
  spec.mutable_index()->set_listing_sha256(sha256);
  EXPECT_THAT(CheckPaths(spec, layout_, {}), StatusIs(absl::StatusCode::kNotFound, HasSubstr("upload it first")));
  fs::create_directories(layout_.object(sha256).parent_path());
  std::ofstream(layout_.object(sha256)) << "x";
  SB_EXPECT_OK(CheckPaths(spec, layout_, {}));
}

TEST_F(PathPolicyTest, OtherJobsNameNoFiles) {
  EXPECT_FALSE(NamesFiles(TrainJob("maize")));
  EXPECT_FALSE(NamesFiles(SplitJob("maize")));
  EXPECT_TRUE(NamesFiles(IndexJob("maize")));
}

}  // namespace
}  // namespace seedbed::jobs
