#include "deploy/source_tree.h"

#include <sys/stat.h>

#include "tests/deploy/scratch.h"

using namespace fastest;

namespace {

constexpr std::uint64_t kPlenty = 1 << 30;

std::vector<std::string> Paths(const CodeTree& tree) {
  std::vector<std::string> paths;
  for (const auto& [path, entry] : tree.entries) paths.push_back(path);
  return paths;
}

}  // namespace

TEST_CASE("without git everything is sent but caches, virtual environments, keys and what is no file") {
  const Scratch scratch;
  for (const char* name : {"a.py", "d/b.txt", "d/__pycache__/b.pyc", ".pytest_cache/v", "env/pyvenv.cfg", "env/lib.py",
                           ".tox/x", "fastest-keys/join.secret", "report.xml", "c.pyc"})
    scratch.Write(name, "x");
  std::filesystem::create_directories(scratch.path + "/empty/below");
  std::filesystem::create_symlink("d", scratch.path + "/link");
  REQUIRE(::mkfifo((scratch.path + "/pipe").c_str(), 0600) == 0);
  const auto tree = ReadSourceTree(scratch.path, {scratch.path + "/report.xml"}, kPlenty);
  REQUIRE(tree.ok());
  CHECK(Paths(*tree) == std::vector<std::string>{"a.py", "d/b.txt", "empty/below", "link"});
  CHECK(tree->entries.at("link").target == "d");
}

TEST_CASE("what git can't tell is an error, not a guess") {
  const Scratch scratch;
  scratch.Write("a.py", "x");
  scratch.Write(".git/HEAD", "no repository");
  const auto tree = ReadSourceTree(scratch.path, {}, kPlenty);
  REQUIRE_FALSE(tree.ok());
  CHECK(tree.error().message.find("git") != std::string::npos);
}

TEST_CASE("too much is refused before it is read") {
  const Scratch scratch;
  scratch.Write("small", "x");
  scratch.Write("big", std::string(3000, 'x'));
  const auto tree = ReadSourceTree(scratch.path, {}, 2000);
  REQUIRE_FALSE(tree.ok());
  CHECK(tree.error().message.find("the biggest: 2.9 KB big, 1 bytes small") != std::string::npos);
}
