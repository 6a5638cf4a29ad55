#include "discovery/code_manifest.h"

#include "tests/discovery/tree.h"

using namespace fastest;

namespace {

std::vector<std::string> Paths(const CodeManifest& manifest) {
  std::vector<std::string> paths;
  for (const auto& [path, digest] : manifest.files) paths.push_back(path);
  return paths;
}

}  // namespace

TEST_CASE("caches, virtual environments and ignored files are left out of the manifest") {
  const Tree tree({{"a.py", "1"},
                   {"d/b.txt", "2"},
                   {".gitignore", "*.log\nout/\n"},
                   {"x.log", ""},
                   {"out/y.py", ""},
                   {"d/__pycache__/b.pyc", ""},
                   {".fastest/history", ""},
                   {".coverage.host.1", ""},
                   {"fastest-shards/shard-1-of-2.jsonl", ""},
                   {".pytest_cache/v", ""},
                   {".git/HEAD", ""},
                   {"venv/pyvenv.cfg", ""},
                   {"venv/lib.py", ""}});
  CHECK(Paths(ReadCodeManifest(tree.root(), "")) == std::vector<std::string>{".gitignore", "a.py", "d/b.txt"});
}

TEST_CASE("equal trees have equal digests wherever they are, a changed file changes it") {
  const Tree one({{"a.py", "1"}, {"b.py", "2"}}), other({{"b.py", "2"}, {"a.py", "1"}});
  CHECK(ReadCodeManifest(one.root(), "").digest() == ReadCodeManifest(other.root(), "").digest());
  other.Write("b.py", "3");
  CHECK(ReadCodeManifest(one.root(), "").digest() != ReadCodeManifest(other.root(), "").digest());
}

TEST_CASE("what differs is named; a report that only one side has is no difference") {
  const Tree ours({{"a.py", "1"}, {"b.py", "2"}, {"extra.py", ""}, {"junit.xml", ""}});
  const Tree theirs({{"a.py", "1"}, {"b.py", "3"}, {"c.py", ""}});
  const auto differences =
      CompareManifests(ReadCodeManifest(theirs.root(), "").Text(), ReadCodeManifest(ours.root(), ""));
  CHECK(differences == std::vector<std::string>{"b.py differs", "c.py is missing here", "extra.py is here alone"});
}

TEST_CASE("changes of code are told by what has become of each file, those of other files are not") {
  const Tree before({{"a.py", "1"}, {"gone.py", ""}, {"same.py", ""}, {"data.txt", "1"}});
  const Tree now({{"a.py", "2"}, {"same.py", ""}, {"new.toml", ""}, {"data.txt", "2"}});
  std::vector<std::pair<std::string, CodeChange::What>> told;
  for (const CodeChange& one :
       CodeChanges(ReadCodeManifest(before.root(), "").Text(), ReadCodeManifest(now.root(), "")))
    told.emplace_back(one.path, one.what);
  using What = CodeChange::What;
  CHECK(told == std::vector<std::pair<std::string, What>>{
                    {"a.py", What::kChanged}, {"gone.py", What::kGone}, {"new.toml", What::kNew}});
}

TEST_CASE("the cache gives the same answer, and a file that changed is read again") {
  const Tree tree({{"a.py", "1"}});
  const Tree cache({});
  const std::string path = cache.root() + "/code/x";
  const std::string before = ReadCodeManifest(tree.root(), path).digest();
  CHECK(ReadCodeManifest(tree.root(), path).digest() == before);
  tree.Write("a.py", "22");
  CHECK(ReadCodeManifest(tree.root(), path).digest() != before);
}
