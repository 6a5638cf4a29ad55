#include "coordinator/skew.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <nlohmann/json.hpp>
#include <vector>

namespace fastest {
namespace {

using nlohmann::json;

std::string TextAt(const json& ready, const char* key) {
  const auto found = ready.find(key);
  return found != ready.end() && found->is_string() ? found->get<std::string>() : "";
}

// Distribution -> version, of the plugins that came with one.
std::map<std::string, std::string> PluginsOf(const json& ready) {
  std::map<std::string, std::string> plugins;
  const auto list = ready.find("plugins");
  if (list == ready.end() || !list->is_array()) return plugins;
  for (const json& one : *list)
    if (one.is_array() && one.size() == 3 && one[1].is_string() && one[2].is_string() &&
        !one[1].get_ref<const std::string&>().empty())
      plugins[one[1]] = one[2];
  return plugins;
}

// Collects "python: 3.11.7 there, 3.12.1 here".
class Differences {
 public:
  explicit Differences(const std::set<std::string>& allowed) : allowed_(allowed) {}

  void Compare(const std::string& kind, const std::string& what, const std::string& ours, const std::string& theirs) {
    if (ours == theirs || allowed_.contains(kind)) return;
    found_.push_back(
        fmt::format("{} {} there, {} here", what, theirs.empty() ? "is not" : theirs, ours.empty() ? "is not" : ours));
    kinds_.insert(kind);
  }
  std::optional<std::string> Text() const {
    if (found_.empty()) return std::nullopt;
    return fmt::format("{} (hint: --allow-skew {} on the coordinator)", fmt::join(found_, "; "),
                       fmt::join(kinds_, ","));
  }

 private:
  const std::set<std::string>& allowed_;
  std::vector<std::string> found_;
  std::set<std::string> kinds_;
};

}  // namespace

std::optional<std::string> PlatformSkew(const std::string& ours, const std::string& theirs,
                                        const std::set<std::string>& allowed) {
  Differences differences(allowed);
  differences.Compare("platform", "platform", ours, theirs);
  return differences.Text();
}

std::optional<std::string> ReadySkew(const std::string& ours, const std::string& theirs,
                                     const std::set<std::string>& allowed) {
  if (ours == theirs) return std::nullopt;
  const json here = json::parse(ours, nullptr, false), there = json::parse(theirs, nullptr, false);
  if (!here.is_object() || !there.is_object()) return "its READY is no JSON object";
  Differences differences(allowed);
  for (const char* key : {"implementation", "python"})
    differences.Compare("python", key, TextAt(here, key), TextAt(there, key));
  for (const char* key : {"pytest", "pluggy"})
    differences.Compare("pytest", key, TextAt(here, key), TextAt(there, key));
  auto ours_by_name = PluginsOf(here);
  auto theirs_by_name = PluginsOf(there);
  for (const auto& [name, version] : theirs_by_name) ours_by_name.try_emplace(name, "");
  for (const auto& [name, version] : ours_by_name) differences.Compare("plugins", name, version, theirs_by_name[name]);
  return differences.Text();
}

const std::set<std::string>& SkewKinds() {
  static const std::set<std::string> kKinds = {"code", "platform", "plugins", "pytest", "python"};
  return kKinds;
}

}  // namespace fastest
