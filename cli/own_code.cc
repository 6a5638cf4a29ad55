#include "cli/own_code.h"

#include <filesystem>

#include "base/file_system.h"
#include "base/machine.h"
#include "discovery/pytest_config.h"

namespace fastest {

Result<std::string> OwnCodeRoot() {
  std::error_code failed;
  auto config = ReadPytestConfig({std::filesystem::current_path(failed).string(), {}, {}, {}, {}, 900});
  if (!config.ok()) return config.error();
  return config->rootdir;
}

Result<CodeManifest> ReadOwnCode(const std::set<std::string>& outputs) {
  const auto root = OwnCodeRoot();
  if (!root.ok()) return root.error();
  return ReadCodeBelow(*root, outputs);
}

CodeManifest ReadCodeBelow(const std::string& root, const std::set<std::string>& outputs) {
  std::error_code failed;
  const std::string here = std::filesystem::current_path(failed).string();
  std::set<std::string> skip;
  for (const std::string& output : outputs)
    if (!output.empty()) skip.insert(AbsolutePath(here, output));
  const std::string cache = Environment("XDG_CACHE_HOME"), home = Environment("HOME");
  const std::string folder = cache.empty() ? (home.empty() ? "" : home + "/.cache") : cache;
  const std::string name = Hex(Blake2b(root)).substr(0, 16);
  return ReadCodeManifest(root, folder.empty() ? "" : folder + "/fastest/code/" + name, skip);
}

}  // namespace fastest
