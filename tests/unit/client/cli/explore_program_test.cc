// seedbed visualize map and neighbours, run against a server whose answers the test writes.
#include "core/base/digest.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/client/cli/program_fixture.h"

namespace seedbed::cli {
namespace {

using nlohmann::json;
using seedbed::testing::FakeJob;
using seedbed::testing::ProgramOutput;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ExploreTest : public ProgramTest {
 protected:
  ExploreTest() {
    server_.SetScript([](FakeJob* job) {
      job->artifacts = {{"f-neighbours.png", "the sheet"}, {"f-neighbours.csv", "the table"}};
      v1::ExploreResult* result = job->job.mutable_result()->mutable_explore();
      result->mutable_sheet()->set_file("f-neighbours.png");
      result->mutable_sheet()->set_width(800);
      result->mutable_sheet()->set_height(600);
      result->add_files("f-neighbours.csv");
      result->set_images(480);
      v1::NeighboursOf* of = result->add_neighbours();
      of->set_name("Maize/7.png");
      v1::Neighbour* neighbour = of->add_neighbours();
      neighbour->set_path("Maize/9.png");
      neighbour->set_class_name("Maize");
      neighbour->set_distance(0.125);
    });
  }
  v1::ExploreSpec Submitted() const { return server_.submissions().back().spec().explore(); }
};

TEST_F(ExploreTest, SendsWhatAMapIsToBe) {
  ProgramOutput result = Run({"visualize", "map", "--features", "f", "--projection", "tsne", "--perplexity", "12.5", "--iterations", "500",
                              "--seed", "7", "--pictures", "--detach"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, "explore-1\n");
  EXPECT_EQ(Submitted().features(), "f");
  const v1::FeatureMap map = Submitted().map();
  EXPECT_EQ(map.projection(), v1::FeatureMap::PROJECTION_TSNE);
  EXPECT_EQ(map.perplexity(), 12.5);
  EXPECT_EQ(map.iterations(), 500);
  EXPECT_EQ(map.seed(), 7);
  EXPECT_TRUE(map.pictures());
  EXPECT_EQ(Run({"visualize", "map", "--features", "f", "--projection", "pca", "--detach"}).exit_code, 0);
  EXPECT_EQ(Submitted().map().projection(), v1::FeatureMap::PROJECTION_PCA);
  EXPECT_FALSE(Submitted().map().pictures());
}

TEST_F(ExploreTest, SendsFilesAndNamesPaths) {
  Write("photo.jpg", "a photo");
  const ProgramOutput result = Run({"visualize", "neighbours", "--features", "f", "Maize/7.png", Path("photo.jpg").string(), "--count", "3",
                                    "--distance", "euclidean", "--detach"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const v1::Neighbours neighbours = Submitted().neighbours();
  EXPECT_THAT(neighbours.images(), ElementsAre("Maize/7.png"));
  ASSERT_EQ(neighbours.uploads_size(), 1);
  EXPECT_EQ(neighbours.uploads(0).sha256(), Sha256Hex("a photo"));
  EXPECT_EQ(neighbours.uploads(0).name(), Path("photo.jpg").string());
  EXPECT_EQ(neighbours.count(), 3);
  EXPECT_EQ(neighbours.distance(), v1::Neighbours::DISTANCE_EUCLIDEAN);
}

TEST_F(ExploreTest, TellsWhatWasFound) {
  ProgramOutput result = Run({"visualize", "neighbours", "--features", "f", "Maize/7.png", "--out", Path("s.png").string()});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out,
              AllOf(HasSubstr("Maize/9.png"), HasSubstr("0.125"), HasSubstr("s.png: neighbours of 1 image among 480, 800x600")));
  result = Run({"visualize", "neighbours", "--features", "f", "Maize/7.png", "--out", Path("all").string(), "--output", "json"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const json document = json::parse(result.out);
  EXPECT_EQ(document["file"], Path("all/f-neighbours.png").string());
  EXPECT_EQ(document["neighbours"][0]["neighbours"][0]["path"], "Maize/9.png");
  EXPECT_TRUE(std::filesystem::exists(Path("all/f-neighbours.csv")));
}

TEST_F(ExploreTest, RefusesWrongUsage) {
  EXPECT_EQ(Run({"visualize", "map"}).exit_code, 2);
  EXPECT_EQ(Run({"visualize", "map", "--features", "f", "--projection", "umap"}).exit_code, 2);
  EXPECT_EQ(Run({"visualize", "map", "--features", "f", "--perplexity", "many"}).exit_code, 2);
  EXPECT_EQ(Run({"visualize", "neighbours", "--features", "f"}).exit_code, 2);
  const ProgramOutput missing = Run({"visualize", "neighbours", "--features", "f", "phto.jpg"});
  EXPECT_EQ(missing.exit_code, 4);
  EXPECT_THAT(missing.err, HasSubstr("there is no file phto.jpg"));
  EXPECT_EQ(Run({"visualize", "neighbours", "--features", "f", "a/b.png", "--distance", "far"}).exit_code, 2);
  EXPECT_THAT(server_.submissions(), IsEmpty());
}

}  // namespace
}  // namespace seedbed::cli
