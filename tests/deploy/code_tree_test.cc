#include "deploy/code_tree.h"

#include "tests/catch.h"

using namespace fastest;

namespace {

CodeEntry File(std::string_view text, std::uint32_t mode = 0644) {
  return {CodeEntry::Kind::kFile, mode, text.size(), Blake2b(text), ""};
}
CodeEntry Link(std::string target) { return {CodeEntry::Kind::kLink, 0, 0, {}, std::move(target)}; }
CodeEntry Folder() { return {CodeEntry::Kind::kFolder, 0, 0, {}, ""}; }

std::string Line(const std::string& rest) { return "f 644 1 " + std::string(64, '0') + " " + rest + "\n"; }

// What Parse() says of a tree with these lines, or "".
std::string Problem(const std::string& lines) {
  const auto tree = CodeTree::Parse("fastest tree 1\n" + lines);
  return tree.ok() ? "" : tree.error().message;
}

}  // namespace

TEST_CASE("a tree survives its text, whatever its names are") {
  CodeTree tree;
  tree.entries = {{"a b", File("1")},
                  {"caf\xc3\xa9/\xff\n%41", File("2", 0755)},
                  {"empty", Folder()},
                  {"link", Link("caf\xc3\xa9/x y")}};
  const auto read = CodeTree::Parse(tree.Text());
  REQUIRE(read.ok());
  CHECK(read->Text() == tree.Text());
  CHECK(read->entries.contains("caf\xc3\xa9/\xff\n%41"));
  CHECK(read->entries.at("link").target == "caf\xc3\xa9/x y");
  CHECK(read->entries.at("caf\xc3\xa9/\xff\n%41").mode == 0755);
  CHECK(tree.Text().find_first_not_of("\n 0123456789abcdefghijklmnopqrstuvwxyzABCDEF/%") == std::string::npos);
}

TEST_CASE("a tree that would not stay below its root, or is not what we write, is refused") {
  const struct {
    const char* lines;
    const char* problem;
  } cases[] = {
      {"f 644 1 @ /etc/x\n", "is absolute"},
      {"f 644 1 @ ../x\n", "has a part that is no name"},
      {"f 644 1 @ a/../../x\n", "has a part that is no name"},
      {"f 644 1 @ a//x\n", "has a part that is no name"},
      {"f 644 1 @ a/.\n", "has a part that is no name"},
      {"f 644 1 @ a%00b\n", "has a NUL"},
      {"f 644 1 @ a%2Fb\n", "malformed name"},
      {"f 644 1 @ a%2fb\n", "malformed name"},
      {"f 644 1 @ \n", "has no name"},
      {"f 4755 1 @ a\n", "mode beyond rwx"},
      {"f 0644 1 @ a\n", "mode beyond rwx"},
      {"f 644 -1 @ a\n", "no size or digest"},
      {"f 644 99999999999999999999 @ a\n", "no size or digest"},
      {"f 644 1 beef a\n", "no size or digest"},
      {"c 1 3 dev\n", "neither file, link nor folder"},
      {"l /etc a\n", "link to an absolute path"},
      {"l ../x a\n", "leaves the root"},
      {"l ../../x d/a\n", "leaves the root"},
      {"l b/../../x a\n", "leaves the root"},
      {"f 644 1 @ a\nf 644 1 @ a\n", "stands twice"},
      {"f 644 1 @ b\nf 644 1 @ a\n", "out of order"},
      {"f 644 1 @ a\nf 644 1 @ a/b\n", "lies below a"},
      {"l b a\nf 644 1 @ a/b\n", "lies below a"},
      {"l d/e a\nl a/../../.. b\n", "leaves the root"},
      {"l d a\nl a/../x/y b\n", "through another link"},
      {"f 644 1 @ a", "cut off"},
  };
  for (const auto& one : cases) {
    std::string lines = one.lines;
    for (std::size_t at = lines.find('@'); at != std::string::npos; at = lines.find('@'))
      lines.replace(at, 1, std::string(64, '0'));
    INFO(lines);
    CHECK(Problem(lines).find(one.problem) != std::string::npos);
  }
  CHECK(Problem(Line("a") + Line("b/c") + "d e\nl ../b/./c f/g\n").empty());
  CHECK_FALSE(CodeTree::Parse("fastest tree 2\n").ok());
}

TEST_CASE("contents that are missing are named once, those that are there not at all") {
  CodeTree tree;
  tree.entries = {{"a", File("same")}, {"b", File("same")}, {"c", File("here")}, {"d", Link("a")}, {"e", Folder()}};
  CHECK(tree.Missing({Blake2b("here")}) == std::vector<Digest>{Blake2b("same")});
  CHECK(tree.Missing({Blake2b("here"), Blake2b("same")}).empty());
}

TEST_CASE("equal files give equal digests, another mode another one") {
  CodeTree one, other;
  one.entries = {{"a", File("1")}};
  other.entries = {{"a", File("1", 0755)}};
  CHECK(one.digest() != other.digest());
  other.entries["a"].mode = 0644;
  CHECK(one.digest() == other.digest());
}

TEST_CASE("the biggest files are named with their sizes") {
  CodeTree tree;
  tree.entries = {{"small", File("1")}, {"big", File("22222")}, {"mid", File("333")}};
  CHECK(tree.BiggestFiles(2) == "5 bytes big, 3 bytes mid");
}
