#include "deploy/code_store.h"

#include <sys/stat.h>

#include "deploy/code_bundle.h"
#include "tests/deploy/scratch.h"

using namespace fastest;

namespace {

constexpr std::uint64_t kPlenty = 1 << 30;

CodeTree TreeOf(const std::map<std::string, std::string>& files) {
  CodeTree tree;
  for (const auto& [path, text] : files)
    tree.entries[path] = {CodeEntry::Kind::kFile, 0644, text.size(), Blake2b(text), ""};
  return tree;
}

// As a coordinator would send it.
void Give(const Scratch& scratch, const CodeStore& store, const std::map<std::string, std::string>& files) {
  std::vector<BundleWriter::Source> sources;
  std::map<Digest, std::uint64_t> wanted;
  for (const auto& [path, text] : files) {
    if (!wanted.emplace(Blake2b(text), text.size()).second) continue;
    sources.push_back({Blake2b(text), text.size(), scratch.Write("source/" + path, text)});
  }
  BundleWriter writer(std::move(sources));
  std::string bundle;
  for (auto piece = writer.Next(); piece.ok() && !piece->empty(); piece = writer.Next()) bundle += *piece;
  REQUIRE(store.Take(scratch.Write("bundle", bundle), wanted).ok());
}

CodeStore OpenStore(const Scratch& scratch, std::uint64_t limit = kPlenty) {
  auto store = CodeStore::Open(scratch.path + "/store", limit);
  REQUIRE(store.ok());
  return std::move(*store);
}

CodeStore::Place Claim(const CodeStore& store, const CodeTree& tree) {
  auto place = store.Claim(tree);
  REQUIRE(place.ok());
  return std::move(*place);
}

const std::map<std::string, std::string> kFiles = {{"a.py", "1"}, {"d/b.py", "22"}, {"d/c.py", "1"}};

}  // namespace

TEST_CASE("a tree is made of contents, with links, empty folders and modes, and is found again") {
  const Scratch scratch;
  const CodeStore store = OpenStore(scratch);
  CodeTree tree = TreeOf(kFiles);
  tree.entries["a.py"].mode = 0755;
  tree.entries["l"] = {CodeEntry::Kind::kLink, 0, 0, {}, "d/b.py"};
  tree.entries["e/f"] = {CodeEntry::Kind::kFolder, 0, 0, {}, ""};
  CHECK(store.Missing(tree).size() == 2);  // Two files are equal.
  Give(scratch, store, kFiles);
  CHECK(store.Missing(tree).empty());
  std::string path;
  {
    auto place = Claim(store, tree);
    CHECK_FALSE(place.ready);
    REQUIRE(store.Make(tree, &place).ok());
    path = place.path;
  }
  struct stat found {};
  REQUIRE(::stat((path + "/a.py").c_str(), &found) == 0);
  CHECK((found.st_mode & 0777) == 0755);
  CHECK(std::filesystem::is_directory(path + "/e/f"));
  CHECK(std::filesystem::read_symlink(path + "/l") == "d/b.py");
  const auto again = Claim(store, tree);
  CHECK(again.ready);
  CHECK(again.path == path);
}

TEST_CASE("a tree in use is shared while it is as it should be; else another copy is made") {
  const Scratch scratch;
  const CodeStore store = OpenStore(scratch);
  const CodeTree tree = TreeOf(kFiles);
  Give(scratch, store, kFiles);
  auto first = Claim(store, tree);
  REQUIRE(store.Make(tree, &first).ok());
  std::filesystem::create_directories(first.path + "/d/__pycache__");
  const auto second = Claim(store, tree);
  CHECK((second.ready && second.path == first.path));
  std::ofstream(first.path + "/test_generated.py") << "x";
  auto third = Claim(store, tree);
  CHECK_FALSE(third.ready);
  CHECK(third.path != first.path);
  REQUIRE(store.Make(tree, &third).ok());
  CHECK(std::filesystem::exists(first.path + "/test_generated.py"));  // Whoever is in it keeps what it has.
}

TEST_CASE("a changed tree that nobody is in is made anew at its place") {
  const Scratch scratch;
  const CodeStore store = OpenStore(scratch);
  const CodeTree tree = TreeOf(kFiles);
  Give(scratch, store, kFiles);
  std::string path;
  {
    auto place = Claim(store, tree);
    REQUIRE(store.Make(tree, &place).ok());
    path = place.path;
  }
  std::ofstream(path + "/a.py") << "2";  // Of the same size.
  auto place = Claim(store, tree);
  CHECK_FALSE(place.ready);
  CHECK(place.path == path);
  REQUIRE(store.Make(tree, &place).ok());
  CHECK(MatchesTree(tree, path));
}

TEST_CASE("a damaged content is noticed, and missing from then on") {
  const Scratch scratch;
  const CodeStore store = OpenStore(scratch);
  const CodeTree tree = TreeOf(kFiles);
  Give(scratch, store, kFiles);
  const std::string name = Hex(Blake2b("22"));
  scratch.Write("store/blobs/" + name.substr(0, 2) + "/" + name, "33");
  CHECK(store.Missing(tree).empty());
  auto place = Claim(store, tree);
  CHECK_FALSE(store.Make(tree, &place).ok());
  CHECK(store.Missing(tree).size() == 1);
  CHECK_FALSE(std::filesystem::exists(place.path));
}

TEST_CASE("pruning removes trees that nobody is in and leaves what is in use or fresh") {
  const Scratch scratch;
  const CodeStore store = OpenStore(scratch, 1);
  const CodeTree one = TreeOf(kFiles), other = TreeOf({{"a.py", "1"}});
  Give(scratch, store, kFiles);
  std::string unused;
  {
    auto place = Claim(store, one);
    REQUIRE(store.Make(one, &place).ok());
    unused = place.path;
  }
  auto used = Claim(store, other);
  REQUIRE(store.Make(other, &used).ok());
  store.Prune();
  CHECK_FALSE(std::filesystem::exists(unused));
  CHECK_FALSE(std::filesystem::exists(unused + ".lock"));
  CHECK(MatchesTree(other, used.path));
  CHECK(store.Missing(one).empty());  // Younger than an hour.
}

TEST_CASE("old contents and bundles that nobody finished go when there is too much") {
  const Scratch scratch;
  const CodeStore store = OpenStore(scratch, 1);
  Give(scratch, store, kFiles);
  scratch.Write("store/incoming.1", "half a bundle");
  const auto long_ago = std::filesystem::file_time_type::clock::now() - std::chrono::hours(2);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(scratch.path + "/store"))
    if (entry.is_regular_file()) std::filesystem::last_write_time(entry.path(), long_ago);
  store.Prune();
  CHECK(store.Missing(TreeOf(kFiles)).size() == 2);
  CHECK_FALSE(std::filesystem::exists(scratch.path + "/store/incoming.1"));
}

TEST_CASE("a folder that others may write into is refused") {
  const Scratch scratch;
  OpenStore(scratch);
  REQUIRE(::chmod((scratch.path + "/store").c_str(), 0777) == 0);
  const auto store = CodeStore::Open(scratch.path + "/store", kPlenty);
  REQUIRE_FALSE(store.ok());
  CHECK(store.error().message.find("hint: chmod 700") != std::string::npos);
}
