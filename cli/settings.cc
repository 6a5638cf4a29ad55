#include "cli/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace fastest {
namespace {

// Key -> the option that it sets.
const std::map<std::string, std::string>& Keys() {
  static const std::map<std::string, std::string> kKeys = {{"numprocesses", "-n"},
                                                           {"maxprocesses", "--maxprocesses"},
                                                           {"dist", "--dist"},
                                                           {"optimizer", "--optimizer"},
                                                           {"batch-size", "--batch-size"},
                                                           {"parser", "--parser"},
                                                           {"collect", "--collect"},
                                                           {"python", "--python"},
                                                           {"report-log", "--report-log"},
                                                           {"json", "--json"},
                                                           {"hang-timeout", "--hang-timeout"},
                                                           {"max-worker-restart", "--max-worker-restart"},
                                                           {"worker-memory-limit", "--worker-memory-limit"},
                                                           {"state-dir", "--state-dir"},
                                                           {"diff-budget", "--diff-budget"},
                                                           {"retries", "--retries"},
                                                           {"retry-delay", "--retry-delay"},
                                                           {"annotations", "--annotations"},
                                                           {"worker-idle-timeout", "--worker-idle-timeout"},
                                                           {"warm-memory-limit", "--warm-memory-limit"},
                                                           {"persistent-workers", ""},
                                                           {"fail-on-flaky", ""},
                                                           {"cache", ""},
                                                           {"serial", ""}};
  return kKeys;
}

std::string TextOf(const FastestSetting& setting) {
  struct Visitor {
    std::string operator()(bool value) const { return value ? "true" : "false"; }
    std::string operator()(std::int64_t value) const { return std::to_string(value); }
    std::string operator()(double value) const { return fmt::format("{}", value); }
    std::string operator()(const std::string& value) const { return value; }
    std::string operator()(const std::vector<std::string>&) const { return ""; }
  };
  return std::visit(Visitor{}, setting.value);
}

// What the key sets, if it is true or false.
bool* FlagOf(const std::string& key, Options* options) {
  if (key == "cache") return &options->cache;
  if (key == "fail-on-flaky") return &options->fail_on_flaky;
  return key == "persistent-workers" ? &options->persistent_workers : nullptr;
}

}  // namespace

Result<std::vector<std::string>> ReadSettings(const PytestConfig& config, Options* options) {
  std::vector<std::string> words, known;
  for (const auto& [key, option] : Keys()) known.push_back(key);
  for (const auto& [key, setting] : config.fastest) {
    const std::string place = fmt::format("{}:{}: [tool.fastest] {}", config.fastest_path, setting.line, key);
    const auto found = Keys().find(key);
    if (found == Keys().end()) {
      const std::string nearest = Nearest(key, known);
      return Error{nearest.empty() ? fmt::format("{}: no such key (allowed: {})", place, fmt::join(known, ", "))
                                   : fmt::format("{}: no such key (did you mean {}?)", place, nearest)};
    }
    if (key == "serial") {
      const auto* globs = std::get_if<std::vector<std::string>>(&setting.value);
      if (globs == nullptr) return Error{place + ": allowed is a list of globs"};
      options->serial = *globs;
    } else if (bool* flag = FlagOf(key, options)) {
      const auto* on = std::get_if<bool>(&setting.value);
      if (on == nullptr) return Error{place + ": allowed are true and false"};
      *flag = *on;
    } else {
      if (std::holds_alternative<std::vector<std::string>>(setting.value))
        return Error{place + ": a list is not allowed"};
      Options scratch;
      std::vector<std::string> pair = {found->second, TextOf(setting)};
      const Status valid = ScanOptions(pair, false, &scratch);
      if (!valid.ok()) return Error{fmt::format("{} = {}: {}", place, pair[1], valid.error().message)};
      words.insert(words.end(), pair.begin(), pair.end());
    }
  }
  return words;
}

}  // namespace fastest
