// A project tree in a temporary folder, removed at the end of the test. For one thread. Brings Catch2 along, which must
// come after base/check.h; so tests include this header alone.

#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "discovery/discovery.h"
#include "tests/catch.h"

namespace fastest {

class Tree {
 public:
  Tree(std::initializer_list<std::pair<const char*, const char*>> files) {
    std::string name = (std::filesystem::temp_directory_path() / "fastest-tree-XXXXXX").string();
    root_ = std::filesystem::canonical(::mkdtemp(name.data())).string();
    for (const auto& [path, text] : files) Write(path, text);
  }
  ~Tree() { std::filesystem::remove_all(root_); }
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;

  const std::string& root() const { return root_; }

  void Write(const std::string& path, const std::string& text) const {
    const std::filesystem::path full = std::filesystem::path(root_) / path;
    std::filesystem::create_directories(full.parent_path());
    std::ofstream(full, std::ios::binary) << text;
  }

  std::string Read(const std::string& path) const {
    std::ifstream in(std::filesystem::path(root_) / path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  // A request for discovery of `args` from the tree's root, without cache.
  DiscoveryRequest Request(std::vector<std::string> args = {}, ParserKind parser = ParserKind::kAst) const {
    DiscoveryRequest request;
    request.config = ReadPytestConfig({root_, std::move(args), {}, root_, {}, 900}).value();
    request.invocation_dir = root_;
    request.parser = parser;
    request.use_cache = false;
    return request;
  }

 private:
  std::string root_;
};

// The node ids of what was found, one a line.
inline std::string Ids(const Discovery& found) {
  std::string ids;
  for (const TestFile& file : found.files)
    for (const StaticTest& test : file.tests) ids += file.path + "::" + test.name + "\n";
  return ids;
}

}  // namespace fastest
