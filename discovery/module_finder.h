// ModuleFinder: which file an import statement means, within the project, and under which name pytest imports a file.
//
// Static: it knows the directories that pytest's import modes, rootdir and the usual source layouts put on sys.path,
// and nothing of installed packages. Remembers what it found. One thread.

#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace fastest {

class ModuleFinder {
 public:
  // `roots`: searched after a file's own root, in order.
  explicit ModuleFinder(std::vector<std::string> roots) : roots_(std::move(roots)) {}

  struct ModuleName {
    std::string root;    // The directory above the top package.
    std::string module;  // "pkg.sub.test_a"
  };
  // pytest's prepend and append rule. `path` is absolute.
  ModuleName NameOf(const std::string& path);

  // The absolute name of what `from module import …` in the file at `path` means ("..x" resolved); "" if it leaves the
  // top package.
  std::string Absolute(const std::string& path, std::string_view module);

  // The file of an absolute module name, as the file at `from` would import it; "" if it is not in the project.
  std::string FileOf(std::string_view module, const std::string& from);

  void AddRoot(const std::string& root);

 private:
  const std::string& RootOf(const std::string& directory);
  std::string Under(const std::string& root, std::string_view module) const;

  std::vector<std::string> roots_;
  std::unordered_map<std::string, std::string> root_of_directory_;
  std::unordered_map<std::string, std::string> file_of_module_;
};

}  // namespace fastest
