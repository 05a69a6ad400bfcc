#include "client/cli/table.h"

#include "gtest/gtest.h"

namespace seedbed::cli {
namespace {

TEST(Table, AlignsColumnsAndTrimsLineEnds) {
  Table table({{"CLASS"}, {"IMAGES", Align::kRight}, {"NOTE"}});
  table.AddRow({"Maize", "1,024", ""});
  table.AddRow({"Shepherd’s Purse", "7", "rare"});
  EXPECT_EQ(table.Render(),
            "CLASS             IMAGES  NOTE\n"
            "Maize              1,024\n"
            "Shepherd’s Purse       7  rare\n");
}

TEST(Table, NeverCutsACell) {
  Table table({{"NAME"}});
  table.AddRow({std::string(500, 'x')});
  EXPECT_EQ(table.Render(), "NAME\n" + std::string(500, 'x') + "\n");
}

TEST(Table, ShowsNoControlCharacters) {
  Table table({{"NAME"}});
  table.AddRow({"a\033[31mb\nc"});
  EXPECT_EQ(table.Render(), "NAME\na?[31mb?c\n");
}

TEST(Table, MarksTheHeaderOnlyWhenAsked) {
  const Table table({{"NAME"}});
  EXPECT_EQ(table.Render(true), "\033[1mNAME\033[0m\n");
}

TEST(RenderPairs, AlignsValues) { EXPECT_EQ(RenderPairs({{"id", "train-3"}, {"state", "RUNNING"}}), "id     train-3\nstate  RUNNING\n"); }

}  // namespace
}  // namespace seedbed::cli
