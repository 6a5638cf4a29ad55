// A folder that goes when the test ends.

#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/catch.h"

struct Scratch {
  Scratch() {
    char made[] = "/tmp/fastest-deploy-XXXXXX";
    REQUIRE(::mkdtemp(made) != nullptr);
    path = made;
  }
  ~Scratch() {
    std::error_code failed;
    std::filesystem::remove_all(path, failed);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  std::string Write(const std::string& name, const std::string& text) const {
    const std::filesystem::path at = std::filesystem::path(path) / name;
    std::filesystem::create_directories(at.parent_path());
    std::ofstream(at, std::ios::binary) << text;
    return at.string();
  }
  std::string Read(const std::string& name) const {
    std::ifstream in(path + "/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  std::string path;
};
