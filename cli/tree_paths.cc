#include "cli/tree_paths.h"

#include <nlohmann/json.hpp>

#include "base/file_system.h"

namespace fastest {
namespace {

using Json = nlohmann::ordered_json;

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

void ReplaceTexts(Json* value, const std::string& from, const std::string& to) {
  if (value->is_string()) {
    *value = Replaced(value->get<std::string>(), from, to);
  } else if (value->is_structured()) {
    for (Json& one : *value) ReplaceTexts(&one, from, to);
  }
}

// The JSON text with another root in all its texts; what is no JSON stays.
std::string Rerooted(const std::string& text, const std::string& from, const std::string& to) {
  Json value = Json::parse(text, nullptr, false);
  if (value.is_discarded()) return text;
  ReplaceTexts(&value, from, to);
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// The way from `directory` to `path`, both below `root`.
std::string RelativeTo(const std::string& directory, const std::string& root, const std::string& path) {
  std::string common = directory, up;
  while (!IsWithin(path, common) && common != root) {
    common = ParentPath(common);
    up += up.empty() ? ".." : "/..";
  }
  const std::string down = path.size() > common.size() ? path.substr(common.size() + 1) : "";
  if (up.empty()) return down.empty() ? "." : down;
  return down.empty() ? up : up + "/" + down;
}

}  // namespace

// The agent's rootdir lies in its tree as ours in ours.
void TreePaths::Learn(AgentId agent, Ready* ready) {
  const Json answer = Json::parse(ready->answer, nullptr, false);
  if (!ready->ok || !answer.is_object() || !answer.contains("rootdir") || !answer["rootdir"].is_string()) return;
  std::string theirs = answer["rootdir"].get<std::string>();
  const std::string below = rootdir_.substr(IsWithin(rootdir_, root_) ? root_.size() : rootdir_.size());
  if (theirs == rootdir_ || theirs.size() <= below.size() || !theirs.ends_with(below)) return;
  theirs.resize(theirs.size() - below.size());
  ready->answer = Rerooted(ready->answer, theirs, root_);
  theirs_[agent] = theirs;
}

void TreePaths::FromAgent(AgentId agent, AgentMessage* message) {
  if (auto* ready = std::get_if<Ready>(message)) return Learn(agent, ready);
  auto* warning = std::get_if<Warning>(message);
  const auto theirs = theirs_.find(agent);
  if (warning != nullptr && theirs != theirs_.end())
    warning->warning.envelope = Rerooted(warning->warning.envelope, theirs->second, root_);
}

void TreePaths::ToAgent(AgentId agent, CoordinatorMessage* message) const {
  auto* begin = std::get_if<Begin>(message);
  const auto theirs = theirs_.find(agent);
  if (begin == nullptr || theirs == theirs_.end()) return;
  Json start = Json::parse(begin->start, nullptr, false);
  if (!start.is_object() || !start.contains("roots")) return;
  for (Json& root : start["roots"]) {
    const std::string ours = root.is_string() ? root.get<std::string>() : "";
    if (IsWithin(ours, root_)) root = theirs->second + ours.substr(root_.size());
  }
  begin->start = start.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::vector<std::string> RelativeWords(std::vector<std::string> words, const std::string& root,
                                       const std::string& directory) {
  for (std::string& word : words) {
    const std::size_t at = word.starts_with("-") ? word.find('=') + 1 : 0;
    if (word.starts_with("-") && at == 0) continue;
    std::string path = word.substr(at);
    const std::size_t end = std::min(path.find("::"), path.size());
    const std::string rest = path.substr(end);
    path.resize(end);
    if (path.starts_with('/') && IsWithin(path, root))
      word = word.substr(0, at) + RelativeTo(directory, root, path) + rest;
  }
  return words;
}

}  // namespace fastest
