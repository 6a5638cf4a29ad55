#include "coordinator/state_folder.h"

#include <filesystem>

#include "base/file_system.h"

namespace fastest {

Status MakeFolder(const std::string& path) {
  std::error_code failed;
  std::filesystem::create_directories(path, failed);
  if (failed) return Error{"cannot make " + path + ": " + failed.message()};
  return Ok();
}

void RemoveFolder(const std::string& path) {
  std::error_code ignored;  // What stays is looked at again by the next run.
  std::filesystem::remove_all(path, ignored);
}

Status MakeStateFolder(const std::string& path) {
  if (const Status made = MakeFolder(path); !made.ok()) return made;
  const std::string ignore = path + "/.gitignore";
  if (Exists(ignore)) return Ok();
  return WriteFileAtomically(ignore, "*\n");
}

}  // namespace fastest
