// The discovery cache takes any file: it is used, or told of and rebuilt.

#include <unistd.h>

#include <cstdlib>

#include "base/check.h"
#include "base/file_system.h"
#include "discovery/discovery_cache.h"
#include "tests/fuzz/fuzz.h"

using fastest::DiscoveryCache;

namespace {

const DiscoveryCache::Key kKey{"/r", "ast"};
constexpr const char* kPath = "/etc/passwd";  // A file that is there, so that its entry is kept.

// One folder a process, removed at its end.
struct Folder {
  Folder() {
    char name[] = "/tmp/fastest-fuzz-XXXXXX";
    path = ::mkdtemp(name);
  }
  ~Folder() {
    ::unlink((path + "/cache.json").c_str());
    ::unlink((path + "/cache.json.lock").c_str());
    ::rmdir(path.c_str());
  }
  std::string path;
};

const std::string& CacheFile() {
  static const Folder folder;
  static const std::string file = folder.path + "/cache.json";
  return file;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  CHECK(fastest::WriteFileAtomically(CacheFile(), FuzzText(bytes, size)).ok());
  const DiscoveryCache damaged(CacheFile(), kKey);
  const auto known = damaged.Find(kPath, {1, 2});
  const fastest::Outline outline;
  CHECK(damaged.Merge({{kPath, {3, 4}, &outline}}).ok());
  const DiscoveryCache rebuilt(CacheFile(), kKey);
  CHECK(rebuilt.warning().empty(), rebuilt.warning());
  CHECK(rebuilt.Find(kPath, {3, 4}) == outline);
  return known ? 0 : 0;
}

std::vector<std::string> FuzzSeeds() {
  const std::string head = "[{\"format\":\"fastest discovery cache\",\"version\":1}\n";
  const std::string entry =
      "\"/etc/"
      "passwd\":[1,2,[0,\"\",[[0,\"test_a\",1],[1,\"A\",2,0,1,[\"m\"],[\"B\"],[[0,\"t\",3]]],[2,\"i\",4,0,1,[],[\"m\","
      "\"n\"]]],[],[],[],[],[]]]";
  return {
      head + ",{\"rootdir\":\"/r\",\"parser\":\"ast\",\"files\":{" + entry + "}}\n]\n",
      head +
          ",{\"rootdir\":\"/q\",\"parser\":\"ast\",\"files\":{}}\n,{\"rootdir\":\"/r\",\"parser\":\"ast\",\"files\":{" +
          entry + ",\"/x\":[]}}\n]\n",
      "", "[\n]\n"};
}
