#include "cli/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

namespace fastest {
namespace {

enum class Kind : std::uint8_t { kText, kNumber, kTextOrNumber, kFlag, kGlobs };

struct Key {
  const char* option;  // That it sets.
  Kind kind;
  bool Options::*flag = nullptr;  // Of kind kFlag: what it sets.
};

const std::map<std::string, Key>& Keys() {
  static const std::map<std::string, Key> kKeys = {
      {"numprocesses", {"-n", Kind::kTextOrNumber}},
      {"maxprocesses", {"--maxprocesses", Kind::kNumber}},
      {"dist", {"--dist", Kind::kText}},
      {"optimizer", {"--optimizer", Kind::kText}},
      {"batch-size", {"--batch-size", Kind::kNumber}},
      {"parser", {"--parser", Kind::kText}},
      {"collect", {"--collect", Kind::kText}},
      {"python", {"--python", Kind::kText}},
      {"report-log", {"--report-log", Kind::kText}},
      {"json", {"--json", Kind::kText}},
      {"hang-timeout", {"--hang-timeout", Kind::kNumber}},
      {"max-worker-restart", {"--max-worker-restart", Kind::kNumber}},
      {"worker-memory-limit", {"--worker-memory-limit", Kind::kTextOrNumber}},
      {"state-dir", {"--state-dir", Kind::kText}},
      {"diff-budget", {"--diff-budget", Kind::kNumber}},
      {"retries", {"--retries", Kind::kNumber}},
      {"retry-delay", {"--retry-delay", Kind::kNumber}},
      {"annotations", {"--annotations", Kind::kText}},
      {"worker-idle-timeout", {"--worker-idle-timeout", Kind::kNumber}},
      {"warm-memory-limit", {"--warm-memory-limit", Kind::kNumber}},
      {"persistent-workers", {"", Kind::kFlag, &Options::persistent_workers}},
      {"fail-on-flaky", {"", Kind::kFlag, &Options::fail_on_flaky}},
      {"duplicate-tail", {"", Kind::kFlag, &Options::duplicate_tail}},
      {"cache", {"", Kind::kFlag, &Options::cache}},
      {"serial", {"", Kind::kGlobs}}};
  return kKeys;
}

const char* AllowedIn(Kind kind) {
  switch (kind) {
    case Kind::kText:
      return "allowed is a text that is not empty";
    case Kind::kNumber:
      return "allowed is a number";
    case Kind::kTextOrNumber:
      return "allowed are a number and a text that is not empty";
    case Kind::kFlag:
      return "allowed are true and false";
    case Kind::kGlobs:
      return "allowed is a list of globs: texts that are not empty";
  }
  return "";
}

// The value as a word of a command line; nothing where it is not of the kind.
std::optional<std::string> WordOf(const FastestSetting& setting, Kind kind) {
  if (const auto* text = std::get_if<std::string>(&setting.value))
    return kind == Kind::kNumber || text->empty() ? std::nullopt : std::optional(*text);
  if (kind == Kind::kText) return std::nullopt;
  if (const auto* number = std::get_if<std::int64_t>(&setting.value)) return std::to_string(*number);
  if (const auto* number = std::get_if<double>(&setting.value); number != nullptr && std::isfinite(*number))
    return fmt::format("{}", *number);
  return std::nullopt;
}

// Sets it, or adds its words; false where the value is not of the key's kind.
Result<bool> Apply(const std::string& key, const FastestSetting& setting, Options* options,
                   std::vector<std::string>* words) {
  const auto& [option, kind, flag] = Keys().at(key);
  if (kind == Kind::kGlobs) {
    const auto* globs = std::get_if<std::vector<std::string>>(&setting.value);
    if (globs == nullptr || std::find(globs->begin(), globs->end(), "") != globs->end()) return false;
    options->serial = *globs;
    return true;
  }
  if (kind == Kind::kFlag) {
    const auto* on = std::get_if<bool>(&setting.value);
    if (on != nullptr) options->*flag = *on;
    return on != nullptr;
  }
  const auto word = WordOf(setting, kind);
  if (!word) return false;
  const std::vector<std::string> pair = {option, *word};
  Options scratch;
  const Status valid = ScanOptions(pair, false, &scratch);
  if (!valid.ok()) return Error{fmt::format(" = {}: {}", *word, valid.error().message)};
  words->insert(words->end(), pair.begin(), pair.end());
  return true;
}

}  // namespace

Result<std::vector<std::string>> ReadSettings(const PytestConfig& config, Options* options) {
  std::vector<std::string> words, known;
  for (const auto& [key, meaning] : Keys()) known.push_back(key);
  for (const auto& [key, setting] : config.fastest) {
    const std::string place = fmt::format("{}:{}: [tool.fastest] {}", config.fastest_path, setting.line, key);
    const auto found = Keys().find(key);
    if (found == Keys().end()) {
      const std::string nearest = Nearest(key, known);
      return Error{nearest.empty() ? fmt::format("{}: no such key (allowed: {})", place, fmt::join(known, ", "))
                                   : fmt::format("{}: no such key (did you mean {}?)", place, nearest)};
    }
    const auto applied = Apply(key, setting, options, &words);
    if (!applied.ok()) return Error{place + applied.error().message};
    if (!*applied) return Error{fmt::format("{}: {}", place, AllowedIn(found->second.kind))};
  }
  return words;
}

}  // namespace fastest
