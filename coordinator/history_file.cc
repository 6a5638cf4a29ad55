// A history as one file that is handed from job to job: JSON, which people can read and diff.

#include <fmt/format.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "coordinator/history.h"

namespace fastest {
namespace {

using nlohmann::json;  // Sorted by name.

constexpr const char* kFormat = "fastest-history";
constexpr int kVersion = 1;
constexpr const char* kSqlite = "SQLite format 3";

double SecondsOf(const json& value) {
  const double seconds = value.is_number() ? value.get<double>() : 0;
  return seconds > 0 ? seconds : 0;
}

}  // namespace

Result<History> History::Parse(const std::string& file, const std::string& text) {
  const json document = json::parse(text, nullptr, false);
  if (!document.is_object() || !document.contains("format") || document["format"] != kFormat)
    return Error{
        fmt::format("{}: no history (allowed: what fastest merge --history wrote, or a history.sqlite)", file)};
  if (!document.contains("version") || document["version"] != kVersion)
    return Error{fmt::format("{}: a history of another version than {}", file, kVersion)};
  History history;
  const json files = document.value("files", json::object()), items = document.value("items", json::object());
  if (!files.is_object() || !items.is_object())
    return Error{fmt::format("{}: \"files\" or \"items\" is no object", file)};
  for (const auto& [path, entry] : files.items()) {
    if (!entry.is_array() || entry.size() != 3)
      return Error{
          fmt::format("{}: files, {}: allowed is [seconds, seconds of small items, their number]", file, path)};
    history.files_[path] = {SecondsOf(entry[0]), SecondsOf(entry[1]), SecondsOf(entry[2])};
  }
  for (const auto& [node_id, seconds] : items.items()) history.items_[node_id] = SecondsOf(seconds);
  return history;
}

Result<History> History::Read(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  std::stringstream text;
  if (!stream.is_open() || !(text << stream.rdbuf())) return Error{fmt::format("{}: cannot be read", file)};
  if (text.view().starts_with(kSqlite)) {
    History history = LoadFile(file);
    return history.problem_.empty() ? Result<History>(std::move(history)) : Error{history.problem_};
  }
  return Parse(file, text.str());
}

std::string History::Text() const {
  // Six digits: the text then does not depend on how a sum came about.
  const auto rounded = [](double seconds) { return std::round(seconds * 1e6) / 1e6; };
  json files = json::object(), items = json::object();
  for (const auto& [path, file] : files_)
    files[path] = {rounded(file.seconds), rounded(file.small_seconds), file.small_items};
  for (const auto& [node_id, seconds] : items_) items[node_id] = rounded(seconds);
  const json document = {{"format", kFormat}, {"version", kVersion}, {"files", files}, {"items", items}};
  return document.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace fastest
