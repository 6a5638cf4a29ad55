#include "cli/own_code.h"

#include <filesystem>

#include "base/file_system.h"
#include "base/machine.h"
#include "discovery/pytest_config.h"

namespace fastest {

Result<CodeManifest> ReadOwnCode(const std::set<std::string>& outputs) {
  std::error_code failed;
  const std::string here = std::filesystem::current_path(failed).string();
  auto config = ReadPytestConfig({here, {}, {}, {}, {}, 900});
  if (!config.ok()) return config.error();
  std::set<std::string> skip;
  for (const std::string& output : outputs)
    if (!output.empty()) skip.insert(AbsolutePath(here, output));
  const std::string cache = Environment("XDG_CACHE_HOME"), home = Environment("HOME");
  const std::string folder = cache.empty() ? (home.empty() ? "" : home + "/.cache") : cache;
  const std::string name = Hex(Blake2b(config->rootdir)).substr(0, 16);
  return ReadCodeManifest(config->rootdir, folder.empty() ? "" : folder + "/fastest/code/" + name, skip);
}

}  // namespace fastest
