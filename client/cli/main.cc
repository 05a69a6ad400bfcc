#include <iostream>

#include "client/cli/app.h"

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  return seedbed::cli::RunSeedbed(argc, argv, std::cout, std::cerr, seedbed::cli::Terminals::Detect());
}
