#include "report/node_path.h"

#include <filesystem>

#include "protocol/node_id.h"

namespace fastest {

std::string RelativePath(std::string_view path, const std::string& rootdir, const std::string& directory) {
  const std::filesystem::path given(path);
  if (given.is_relative() && rootdir == directory) return std::string(path);
  const std::filesystem::path full = given.is_absolute() ? given : std::filesystem::path(rootdir) / given;
  const std::filesystem::path relative = full.lexically_normal().lexically_relative(directory);
  return relative.empty() ? std::string(path) : relative.generic_string();
}

std::string RelativeNodeId(std::string_view node_id, const std::string& rootdir, const std::string& directory) {
  if (rootdir == directory) return std::string(node_id);
  const std::string_view path = FileOf(node_id);
  return RelativePath(path, rootdir, directory) + std::string(node_id.substr(path.size()));
}

}  // namespace fastest
