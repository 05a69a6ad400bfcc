#include "client/cli/keras_format.h"

#include <sstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace seedbed::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(KerasBar, GrowsFromDotsToEqualSigns) {
  EXPECT_EQ(KerasBar(0, 144), "  0/144 [..............................]");
  EXPECT_EQ(KerasBar(4, 144), "  4/144 [..............................]");
  EXPECT_EQ(KerasBar(5, 144), "  5/144 [>.............................]");
  EXPECT_EQ(KerasBar(72, 144), " 72/144 [==============>...............]");
  EXPECT_EQ(KerasBar(143, 144), "143/144 [============================>.]");
  EXPECT_EQ(KerasBar(144, 144), "144/144 [==============================]");
}

TEST(KerasBar, StaysWithinItsFrame) { EXPECT_EQ(KerasBar(200, 144), KerasBar(144, 144)); }

TEST(KerasEta, HasThreeForms) {
  EXPECT_EQ(KerasEta(12.9), " - ETA: 12s");
  EXPECT_EQ(KerasEta(60), " - ETA: 60s");
  EXPECT_EQ(KerasEta(125), " - ETA: 2:05");
  EXPECT_EQ(KerasEta(3725), " - ETA: 1:02:05");
}

TEST(KerasMetric, TurnsToScientificBelowOneThousandth) {
  EXPECT_EQ(KerasMetric("loss", 1.94893), " - loss: 1.9489");
  EXPECT_EQ(KerasMetric("loss", 0.001), " - loss: 1.0000e-03");
  EXPECT_EQ(KerasMetric("loss", 0.00012), " - loss: 1.2000e-04");
}

TEST(KerasEpochEnd, NamesWhatThereIs) {
  v1::EpochMetrics metrics;
  metrics.set_seconds(1.2);
  metrics.set_loss(1.9489);
  metrics.set_accuracy(0.3598);
  EXPECT_EQ(KerasEpochEnd(metrics), " - 1s - loss: 1.9489 - acc: 0.3598");
  metrics.set_val_loss(1.7644);
  metrics.set_val_accuracy(0.3984);
  EXPECT_EQ(KerasEpochEnd(metrics), " - 1s - loss: 1.9489 - acc: 0.3598 - val_loss: 1.7644 - val_acc: 0.3984");
}

v1::Model Logistic() {
  v1::Model model;
  model.set_parameters(810'012);
  model.set_trainable_parameters(810'012);
  v1::LayerSummary* flatten = model.add_layers();
  flatten->set_name("flatten_1");
  flatten->set_type("Flatten");
  flatten->add_output_shape(67500);
  v1::LayerSummary* dense = model.add_layers();
  dense->set_name("dense_1");
  dense->set_type("Dense");
  dense->add_output_shape(12);
  dense->set_parameters(810'012);
  dense->set_trainable(true);
  return model;
}

std::string SummaryOf(const v1::Model& model) { return KerasSummary(model.layers(), {model.parameters(), model.trainable_parameters()}); }

TEST(KerasSummary, LooksAsKerasPrintsIt) {
  EXPECT_EQ(SummaryOf(Logistic()),
            "____________________________________________________________________________\n"
            "Layer (type)                 Output Shape              Param #   Trainable  \n"
            "============================================================================\n"
            "flatten_1 (Flatten)          (None, 67500)             0         -          \n"
            "____________________________________________________________________________\n"
            "dense_1 (Dense)              (None, 12)                810012    Y          \n"
            "============================================================================\n"
            "Total params: 810,012\n"
            "Trainable params: 810,012\n"
            "Non-trainable params: 0\n"
            "____________________________________________________________________________\n");
}

TEST(KerasSummary, TellsFrozenLayers) {
  v1::Model model = Logistic();
  model.mutable_layers(1)->set_trainable(false);
  model.set_trainable_parameters(0);
  EXPECT_THAT(SummaryOf(model), AllOf(HasSubstr("810012    N "), HasSubstr("\nTrainable params: 0\nNon-trainable params: 810,012\n")));
}

TEST(KerasSummary, WidensForLongNames) {
  v1::Model model = Logistic();
  model.mutable_layers(0)->set_name("a_layer_with_quite_a_long_name");
  std::istringstream lines(SummaryOf(model));
  std::string line;
  for (int i = 0; i < 4; ++i) std::getline(lines, line);
  EXPECT_EQ(line, "a_layer_with_quite_a_long_name (Flatten) (None, 67500)             0         -          ");
  while (std::getline(lines, line) && !line.starts_with("Total")) EXPECT_EQ(line.size(), 88u) << line;
}

}  // namespace
}  // namespace seedbed::cli
