#include "core/graph/architectures/builder.h"

#include <utility>

namespace seedbed::graph {

Builder::Builder(const Shape& input) { Add("input", "input", {{"shape", input}}, {}); }

std::string Builder::Add(std::string name, std::string type, nlohmann::json config) {
  return Add(std::move(name), std::move(type), std::move(config), {last()});
}

std::string Builder::Add(std::string name, std::string type, nlohmann::json config, std::vector<std::string> inputs) {
  layers_.push_back({.name = std::move(name), .type = std::move(type), .config = std::move(config), .inputs = std::move(inputs)});
  return last();
}

void Builder::AddPredictions(int64_t classes) {
  Add("predictions", "dense", {{"units", classes}});
  Add("softmax", "softmax");
}

}  // namespace seedbed::graph
