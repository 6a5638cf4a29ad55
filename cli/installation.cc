#include "cli/installation.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <sstream>

#include "base/machine.h"

namespace fastest {
namespace {

namespace fs = std::filesystem;

bool IsProgram(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error) && ::access(path.c_str(), X_OK) == 0;
}

std::string FindInPath(const std::string& name) {
  std::istringstream folders(Environment("PATH"));
  for (std::string folder; std::getline(folders, folder, ':');)
    if (IsProgram(fs::path(folder) / name)) return (fs::path(folder) / name).string();
  return "";
}

}  // namespace

Result<std::string> FindPython(const std::string& asked) {
  if (!asked.empty()) {
    const std::string found = asked.find('/') == std::string::npos ? FindInPath(asked) : asked;
    // Not resolved: a virtual environment is known by the link's own path.
    if (!found.empty() && IsProgram(found)) return fs::absolute(found).string();
    return Error{fmt::format("--python {}: no such program", asked)};
  }
  if (const std::string active = Environment("VIRTUAL_ENV");
      !active.empty() && IsProgram(fs::path(active) / "bin/python"))
    return (fs::path(active) / "bin/python").string();
  const std::string found = FindInPath("python3");
  if (found.empty()) return Error{"no python3 in PATH (hint: --python PYTHON)"};
  return found;
}

Result<std::string> FindWorkerFolder() {
  std::error_code error;
  const fs::path here = fs::read_symlink("/proc/self/exe", error).parent_path();
  const fs::path asked = Environment("FASTEST_WORKER_DIR");
  for (const fs::path& folder :
       {asked, here / "../worker", here / "../lib/fastest/worker", here / "worker", fs::path(FASTEST_WORKER_SOURCE)}) {
    if (!folder.empty() && fs::exists(folder / "fastest/__main__.py", error))
      return fs::canonical(folder, error).string();
  }
  return Error{fmt::format("the Python package of fastest is not beside {} (hint: FASTEST_WORKER_DIR)", here.string())};
}

Error ExecPytest(const std::string& python, const std::vector<std::string>& words) {
  std::vector<std::string> all = {python, "-m", "pytest"};
  all.insert(all.end(), words.begin(), words.end());
  std::vector<char*> argv;
  argv.reserve(all.size() + 1);
  for (std::string& word : all) argv.push_back(word.data());
  argv.push_back(nullptr);
  ::execv(python.c_str(), argv.data());
  return Error{fmt::format("cannot start {}: {}", python, std::strerror(errno))};
}

}  // namespace fastest
