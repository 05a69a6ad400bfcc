// Commands run as processes against a server whose answers the test writes.
#pragma once

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "tests/testing/temporary_directory.h"
#include "tests/unit/client/cli/program.h"
#include "tests/unit/client/lib/fake_server.h"

namespace seedbed::cli {

class ProgramTest : public ::testing::Test {
 protected:
  seedbed::testing::ProgramOutput Run(const std::vector<std::string>& arguments) const {
    return seedbed::testing::Program(server_.address(), arguments).Wait();
  }

  std::filesystem::path Path(const std::string& name) const { return directory_.path() / name; }
  void Write(const std::string& name, const std::string& content) const {
    std::filesystem::create_directories(Path(name).parent_path());
    std::ofstream(Path(name), std::ios::binary) << content;
  }

  void AddJob(const std::string& id, std::vector<v1::Event> log) {
    seedbed::testing::FakeJob job;
    job.job.set_id(id);
    job.log = std::move(log);
    server_.AddJob(std::move(job));
  }

  static v1::GetDatasetResponse Seedlings(const std::string& root) {
    v1::GetDatasetResponse response;
    v1::Dataset& dataset = *response.mutable_dataset();
    dataset.set_name("seedlings");
    dataset.set_version(1);
    dataset.set_root(root);
    dataset.set_images(480);
    dataset.set_bytes(60'000'000);
    for (const char* name : {"Maize", "Shepherd’s Purse"}) {
      v1::ClassCount* count = dataset.add_classes();
      count->set_name(name);
      count->set_images(240);
    }
    return response;
  }

  static std::vector<nlohmann::json> Lines(const std::string& text) {
    std::vector<nlohmann::json> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(nlohmann::json::parse(line));
    return lines;
  }

  seedbed::testing::TemporaryDirectory directory_;
  seedbed::testing::FakeServer server_;
};

}  // namespace seedbed::cli
