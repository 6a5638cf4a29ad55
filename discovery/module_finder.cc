#include "discovery/module_finder.h"

#include <algorithm>

#include "base/file_system.h"
#include "discovery/source_text.h"

namespace fastest {
namespace {

std::string Dotted(std::string_view path) {
  std::string dotted(path);
  std::replace(dotted.begin(), dotted.end(), '/', '.');
  return dotted;
}

}  // namespace

void ModuleFinder::AddRoot(const std::string& root) {
  if (std::find(roots_.begin(), roots_.end(), root) == roots_.end()) roots_.push_back(root);
}

// The nearest directory upwards that is no package.
const std::string& ModuleFinder::RootOf(const std::string& directory) {
  if (const auto known = root_of_directory_.find(directory); known != root_of_directory_.end()) return known->second;
  const std::string_view name = BaseName(directory);
  const bool package = directory != "/" && LeadingName(name).size() == name.size() && !name.empty() &&
                       IsFile(directory + "/__init__.py");
  std::string root = package ? RootOf(std::string(ParentPath(directory))) : directory;
  return root_of_directory_.emplace(directory, std::move(root)).first->second;
}

ModuleFinder::ModuleName ModuleFinder::NameOf(const std::string& path) {
  const std::string& root = RootOf(std::string(ParentPath(path)));
  std::string_view below = std::string_view(path).substr(root == "/" ? 1 : root.size() + 1);
  if (below.ends_with(".py")) below.remove_suffix(3);
  if (below.ends_with("/__init__")) below.remove_suffix(9);
  return {root, Dotted(below)};
}

std::string ModuleFinder::Absolute(const std::string& path, std::string_view module) {
  if (!module.starts_with('.')) return std::string(module);
  std::string_view directory = ParentPath(path);
  module.remove_prefix(1);
  for (; module.starts_with('.'); module.remove_prefix(1)) directory = ParentPath(directory);
  const std::string& root = RootOf(std::string(ParentPath(path)));
  if (!IsWithin(directory, root)) return "";
  std::string absolute = directory.size() > root.size() ? Dotted(directory.substr(root.size() + 1)) : "";
  if (!module.empty() && !absolute.empty()) absolute.push_back('.');
  return absolute.append(module);
}

std::string ModuleFinder::Under(const std::string& root, std::string_view module) const {
  std::string path = root + "/";
  for (const char c : module) path.push_back(c == '.' ? '/' : c);
  if (IsFile(path + ".py")) return path + ".py";
  if (IsFile(path + "/__init__.py")) return path + "/__init__.py";
  return "";
}

std::string ModuleFinder::FileOf(std::string_view module, const std::string& from) {
  if (module.empty()) return "";
  const std::string& own = RootOf(std::string(ParentPath(from)));
  std::string key = own + ":" + std::string(module);
  if (const auto known = file_of_module_.find(key); known != file_of_module_.end()) return known->second;
  std::string file = Under(own, module);
  for (auto root = roots_.begin(); file.empty() && root != roots_.end(); ++root) file = Under(*root, module);
  return file_of_module_.emplace(std::move(key), std::move(file)).first->second;
}

}  // namespace fastest
