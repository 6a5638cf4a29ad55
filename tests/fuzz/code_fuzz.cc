// What a hostile coordinator can send to an agent with --sync: lists of files and bundles. Whatever they say, an agent
// writes nothing outside the tree's own folder and the contents that it asked for, whole and right.

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/check.h"
#include "deploy/code_bundle.h"
#include "deploy/code_store.h"
#include "tests/fuzz/fuzz.h"

using namespace fastest;

namespace {

namespace fs = std::filesystem;

const std::array<std::string, 3> kContents = {"1", "22", std::string(3000, 'x')};

// One folder for all inputs: store/ is the agent's, everything else must stay as it is.
struct World {
  World() {
    char made[] = "/tmp/fastest-code-fuzz-XXXXXX";
    CHECK(::mkdtemp(made) != nullptr);
    root = made;
    fs::create_directories(root + "/out");
    for (const std::string& content : kContents) {
      const Digest digest = Blake2b(content);
      wanted[digest] = content.size();
      const std::string source = root + "/source-" + Hex(digest);
      std::ofstream(source, std::ios::binary) << content;
      sources.push_back({digest, content.size(), source});
    }
    std::ofstream(root + "/bundle", std::ios::binary) << Bundle();
    Store().Take(root + "/bundle", wanted).value();
    fs::remove(root + "/bundle");
    before = Outside();
  }
  ~World() { fs::remove_all(root); }

  CodeStore Store() const { return CodeStore::Open(root + "/store", std::uint64_t{1} << 30).value(); }
  std::string Bundle() const {
    BundleWriter writer(sources);
    std::string bundle;
    for (std::string piece = writer.Next().value(); !piece.empty(); piece = writer.Next().value()) bundle += piece;
    return bundle;
  }
  // Names and sizes of what lies around the store.
  std::string Outside() const {
    std::string seen;
    for (const auto& entry : fs::directory_iterator(root)) {
      if (entry.path().filename() == "store") continue;
      seen +=
          entry.path().filename().string() + (entry.is_directory() ? "/" : std::to_string(entry.file_size())) + "\n";
    }
    return seen;
  }

  std::string root, before;
  std::map<Digest, std::uint64_t> wanted;
  std::vector<BundleWriter::Source> sources;
};

World& TheWorld() {
  static World world;
  return world;
}

void TryTree(const std::string& text) {
  const World& world = TheWorld();
  const auto tree = CodeTree::Parse(text);
  if (!tree.ok()) return;
  CHECK(tree->Text() == text);
  const CodeStore store = world.Store();
  auto place = store.Claim(*tree);
  CHECK(place.ok());
  if (!place->ready && store.Missing(*tree).empty() && store.Make(*tree, &*place).ok()) {
    CHECK(MatchesTree(*tree, place->path));
    for (const auto& entry : fs::recursive_directory_iterator(place->path)) {
      struct stat found {};
      CHECK(::lstat(entry.path().c_str(), &found) == 0);
      CHECK((found.st_mode & (S_ISUID | S_ISGID | S_ISVTX)) == 0);
      CHECK(S_ISREG(found.st_mode) || S_ISDIR(found.st_mode) || S_ISLNK(found.st_mode));
      std::error_code dangling;
      const fs::path real = fs::canonical(entry.path(), dangling);
      CHECK(dangling || real.string().starts_with(fs::canonical(place->path).string()), text);
    }
  }
  CHECK(world.Outside() == world.before, text);
  fs::remove_all(place->path);
}

void TryBundle(const std::string& bytes) {
  const World& world = TheWorld();
  const std::string out = world.root + "/out", bundle = world.root + "/store/bundle";
  std::ofstream(bundle, std::ios::binary) << bytes;
  const Status read = ReadBundle(bundle, world.wanted, [&](const Digest& digest) { return out + "/" + Hex(digest); });
  std::size_t whole = 0;
  for (const auto& entry : fs::directory_iterator(out)) {
    const auto digest = DigestFromHex(entry.path().filename().string());
    CHECK(digest && world.wanted.contains(*digest) && fs::is_regular_file(entry.symlink_status()));
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string content{std::istreambuf_iterator<char>(in), {}};
    CHECK(Blake2b(content) == *digest);
    ++whole;
    fs::remove(entry.path());
  }
  CHECK(!read.ok() || whole == kContents.size());
  CHECK(world.Outside() == world.before);
}

// A tar entry as anybody may write it.
std::string Tar(const std::string& name, char type, const std::string& target, const std::string& content) {
  std::string head(512, '\0');
  const auto put = [&](std::size_t at, const std::string& text) { head.replace(at, text.size(), text); };
  char size[12];
  std::snprintf(size, sizeof size, "%011zo", content.size());
  put(0, name.substr(0, 100));
  put(100, "0004777");
  put(108, "0000000");
  put(116, "0000000");
  put(124, size);
  put(136, "00000000000");
  put(148, "        ");
  head[156] = type;
  put(157, target);
  put(257, "ustar");
  put(263, "00");
  unsigned sum = 0;
  for (const char c : head) sum += static_cast<unsigned char>(c);
  char check[8];
  std::snprintf(check, sizeof check, "%06o", sum);
  put(148, check);
  return head + content + std::string((512 - content.size() % 512) % 512, '\0');
}

}  // namespace

std::vector<std::string> FuzzSeeds() {
  const World& world = TheWorld();
  std::string tree = "tfastest tree 1\n";
  const auto file = [&](const std::string& path, std::size_t which) {
    return "f 755 " + std::to_string(kContents[which].size()) + " " + Hex(Blake2b(kContents[which])) + " " + path +
           "\n";
  };
  tree += file("a", 0) + "d b/c\n" + file("b/d", 1) + "l ../a b/e\n" + file("b/f%FF", 2) + "l b/./d c\n";
  std::vector<std::string> seeds = {tree, "tfastest tree 1\nl a/b/c z\n", "b" + world.Bundle()};
  const std::string end(1024, '\0');
  std::string good;
  for (const std::string& content : kContents) good += Tar(Hex(Blake2b(content)), '0', "", content);
  seeds.push_back("b" + good + end);
  const std::string name = Hex(Blake2b(kContents[0]));
  for (const std::string& hostile :
       {Tar("../escaped", '0', "", "1"), Tar(world.root + "/escaped", '0', "", "1"),
        Tar(name, '2', "../../escaped", ""), Tar(name, '1', "/etc/passwd", ""), Tar(name, '3', "", ""),
        Tar(name, '5', "", ""), Tar(name, '6', "", ""), Tar(name, '0', "", "2"), Tar("x", 'L', "", "../escaped"),
        Tar("x", 'x', "", "20 path=../escaped\n"), Tar(name, '2', "..", "") + Tar(name, '0', "", "1")})
    seeds.push_back("b" + hostile + good + end);
  return seeds;
}

// The first byte says which of the two it is.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0) return 0;
  const std::string rest(FuzzText(bytes + 1, size - 1));
  bytes[0] == 'b' ? TryBundle(rest) : TryTree(rest);
  return 0;
}
