#include "cli/sharding.h"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>

#include "protocol/node_id.h"

namespace fastest {
namespace {

using nlohmann::json;

// What long items of a file took, summed by what a split keeps together.
std::map<std::string, std::map<std::string, double>> GroupSeconds(const History& history) {
  std::map<std::string, std::map<std::string, double>> groups;
  for (const auto& [node_id, seconds] : history.items()) {
    const std::string group(ShardGroup(node_id));
    if (!group.empty()) groups[std::string(FileOf(node_id))][group] += seconds;
  }
  return groups;
}

}  // namespace

ShardCut MakeShardCut(const Discovery& discovery, const History& history, const Options& options,
                      const std::string& ready) {
  const bool may_split = options.dist == "load" || options.dist == "worksteal";
  const auto groups = GroupSeconds(history);
  std::vector<ShardFile> files;
  files.reserve(discovery.files.size());
  for (const TestFile& file : discovery.files) {
    ShardFile one{file.path, history.FileSeconds(file.path), may_split && file.order_hint.empty(), {}};
    if (const auto known = groups.find(file.path); known != groups.end())
      one.groups.assign(known->second.begin(), known->second.end());
    files.push_back(std::move(one));
  }
  const json answer = json::parse(ready, nullptr, false);
  json selection = json::array();
  if (answer.is_object() && answer.contains("options") && answer["options"].is_object())
    for (const char* name : {"keyword", "markexpr", "deselect"})
      selection.push_back(answer["options"].value(name, json()));
  return ShardCut(std::move(files), options.shard_total,
                  selection.dump(-1, ' ', false, json::error_handler_t::replace));
}

std::string ShardMember(const ShardCut& cut, std::uint32_t index) {
  json files = json::object();
  for (const auto& [path, shard] : cut.files()) files[path] = shard;
  for (const auto& [path, groups] : cut.split()) files[path] = groups;
  const json member = {{"index", index}, {"total", cut.total()}, {"digest", cut.digest()}, {"files", files}};
  return member.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::optional<ToldShard> ReadShardMember(const std::string& member) {
  const json told = json::parse(member, nullptr, false);
  const auto number = [](const json& value) { return value.is_number_unsigned() ? value.get<std::uint32_t>() : ~0U; };
  if (!told.is_object() || !told.contains("files") || !told["files"].is_object()) return std::nullopt;
  const std::uint32_t index = number(told.value("index", json()));
  const std::uint32_t total = number(told.value("total", json()));
  const json digest = told.value("digest", json());
  if (total == ~0U || index >= total || !digest.is_string()) return std::nullopt;
  std::map<std::string, std::uint32_t> files;
  std::map<std::string, std::map<std::string, std::uint32_t>> split;
  for (const auto& [path, shard] : told["files"].items()) {
    if (shard.is_object()) {
      auto& groups = split[path];
      for (const auto& [group, its] : shard.items()) groups[group] = number(its);
    } else {
      files[path] = number(shard);
    }
  }
  return ToldShard{index, ShardCut(total, digest.get<std::string>(), std::move(files), std::move(split))};
}

std::string DescribeShard(const ShardCut& cut, std::uint32_t index) {
  std::size_t own = 0;
  for (const auto& [path, shard] : cut.files()) own += shard == index ? 1 : 0;
  const std::string parts = cut.split().empty() ? "" : fmt::format(" and parts of {}", cut.split().size());
  return fmt::format("shard {}/{}: {} of {} files{}; cut {}", index + 1, cut.total(), own,
                     cut.files().size() + cut.split().size(), parts, cut.digest());
}

}  // namespace fastest
