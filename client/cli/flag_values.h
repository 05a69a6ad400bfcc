// What flags take: one of some names, a number that is not 0.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"

namespace seedbed::cli {

// "'grad' is none of gradcam, occlusion; did you mean 'gradcam'?"
std::string NoneOf(const std::string& text, const std::vector<std::string>& names);

// What is bound to the flag gets the value that the name stands for.
template <typename Value>
CLI::Validator OneOf(std::map<std::string, Value> values) {
  const auto look_up = [values = std::move(values)](std::string& text) {
    const auto found = values.find(text);
    if (found != values.end()) {
      text = std::to_string(static_cast<int>(found->second));
      return std::string();
    }
    std::vector<std::string> names;
    for (const auto& [name, value] : values) names.push_back(name);
    return NoneOf(text, names);
  };
  return CLI::Validator(look_up, /*description=*/"");
}

// In the API 0 stands for the default; who types it means something else.
CLI::Validator NotZero();

}  // namespace seedbed::cli
