#include "cli/planner.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/sharding.h"

namespace fastest {
namespace {

using nlohmann::json;

// Fewer predicted items than this are collected before the first runs: it costs next to nothing (2,000 in 100 files: no
// difference in the whole, 0.01 to 0.07 s until the first test). As in pytest a collection error then keeps everything
// from running, and no file is imported after tests have left something behind.
constexpr std::uint32_t kStreamFrom = 5000;
// Seconds that an item is presumed to take when only its number is known.
constexpr double kItemSeconds = 0.005;
// A file may be so many times a worker's share before it has to be cut.
constexpr double kOutweighs = 1.25;
// A file's tests share its fixtures: to cut it must save more than setting them up twice.
constexpr double kWorthCutting = 0.5;
// What pytest spends around an item.
constexpr double kOverheadSeconds = 0.0003;
// Seconds that importing a file is presumed to take.
constexpr double kFileSeconds = 0.01;

std::vector<std::string> Strings(const json& object, const char* key) {
  std::vector<std::string> strings;
  if (!object.is_object() || !object.contains(key)) return strings;
  const json& value = object.at(key);
  if (value.is_string()) strings.push_back(value.get<std::string>());
  if (!value.is_array()) return strings;
  for (const json& one : value)
    if (one.is_string()) strings.push_back(one.get<std::string>());
  return strings;
}

template <typename T>
void Take(const json& object, const char* key, T* out) {
  if (object.is_object() && object.contains(key) && !object.at(key).is_null()) {
    const json& value = object.at(key);
    if constexpr (std::is_same_v<T, bool>) {
      if (value.is_boolean()) *out = value.get<bool>();
    } else if constexpr (std::is_same_v<T, std::string>) {
      if (value.is_string()) *out = value.get<std::string>();
    }
  }
}

void TakeList(const json& object, const char* key, std::vector<std::string>* out) {
  if (object.is_object() && object.contains(key)) *out = Strings(object, key);
}

// Hooks that pytest calls for all items of the run, wherever the conftest is that has them.
constexpr const char* kHooksForAll[] = {"pytest_runtest_protocol", "pytest_runtestloop", "pytest_report_teststatus",
                                        "pytest_report_to_serializable"};

// A conftest that has one and is loaded with its folder only; "" if there is none.
std::string LateHook(const Discovery& discovery, const json& ready) {
  const json loaded = ready.is_object() ? ready.value("hooks", json::object()) : json::object();
  for (const char* hook : kHooksForAll) {
    const std::vector<std::string> early = Strings(loaded, hook);
    for (const Conftest& conftest : discovery.conftests)
      if (std::count(conftest.hooks.begin(), conftest.hooks.end(), hook) != 0 &&
          std::count(early.begin(), early.end(), conftest.path) == 0)
        return conftest.path + " defines " + hook;
  }
  return "";
}

// Why one process must collect everything; "" if nothing says so.
std::string WhyWhole(const Discovery& discovery, const std::vector<PlannedUnit>& units, const json& ready,
                     const Options& options, std::uint32_t workers) {
  if (options.collect == "whole") return "--collect whole";
  const auto reasons = Strings(ready, "whole");
  if (!reasons.empty()) return reasons.front();
  if (!discovery.whole_reasons.empty()) return discovery.whole_reasons.front();
  if (const std::string late = LateHook(discovery, ready); !late.empty()) return late;
  if (options.dist == "loadgroup" || options.dist == "loadscope") return "--dist " + options.dist;
  if (options.collect == "file") return "";  // Overrides what is only a matter of speed.
  if (units.size() < 2 && !(options.sharded() && units.empty())) return "one file";
  // A file that outweighs a worker's share has to be cut, which needs its items.
  double largest = 0, total = 0;
  for (const PlannedUnit& unit : units) {
    largest = std::max(largest, unit.seconds);
    total += unit.seconds;
  }
  if (largest < kWorthCutting) return "";
  return largest * workers > kOutweighs * total ? "one file outweighs a worker's share" : "";
}

PlannedUnit PlanFile(const TestFile& file, const History& history, std::vector<std::string>* roots) {
  PlannedUnit unit;
  unit.path = file.path;
  for (const StaticTest& test : file.tests) unit.items += test.items;
  const double known = history.FileSeconds(file.path);
  unit.seconds = kFileSeconds + (known >= 0 ? known + unit.items * kOverheadSeconds : unit.items * kItemSeconds);
  if (!file.root.empty() && std::find(roots->begin(), roots->end(), file.root) == roots->end())
    roots->push_back(file.root);
  unit.roots = static_cast<std::uint32_t>(roots->size());
  return unit;
}

// What the plan's files and conftests import, test files apart: under pytest all of it is there before the first test.
std::vector<std::string> SharedImports(const Discovery& discovery) {
  std::set<std::string> tests, names;
  for (const TestFile& file : discovery.files) tests.insert(file.module);
  std::vector<std::string> imports;
  const auto add = [&](const std::vector<std::string>& more) {
    for (const std::string& name : more)
      if (!name.starts_with('.') && !tests.contains(name) && names.insert(name).second) imports.push_back(name);
  };
  for (const Conftest& conftest : discovery.conftests) add(conftest.imports);
  for (const TestFile& file : discovery.files) add(file.imports);
  return imports;
}

// Other shards' files go; of a split one something is left.
void KeepShard(const ShardCut& cut, std::uint32_t index, std::vector<PlannedUnit>* units, json* start) {
  std::erase_if(*units, [&](const PlannedUnit& unit) { return !cut.Takes(index, unit.path); });
  for (PlannedUnit& unit : *units)
    if (cut.IsSplit(unit.path)) unit.seconds /= cut.total();
  (*start)["shard"] = json::parse(ShardMember(cut, index), nullptr, false);
}

}  // namespace

DiscoveryRequest MakeDiscoveryRequest(const PytestConfig& config, const PytestGuess& guess, const Options& options,
                                      const std::string& directory) {
  DiscoveryRequest request;
  request.config = config;
  request.invocation_dir = directory;
  request.ignore = guess.ignore;
  request.ignore_glob = guess.ignore_glob;
  request.deselect = guess.deselect;
  request.import_mode = guess.import_mode;
  request.confcutdir = guess.confcutdir;
  request.noconftest = guess.noconftest;
  request.collect_in_virtualenv = guess.collect_in_virtualenv;
  request.keep_duplicates = guess.keep_duplicates;
  request.pyargs = guess.pyargs;
  request.doctest_modules = guess.doctest_modules;
  request.doctest_glob = guess.doctest_glob;
  request.parser = options.parser == "regex" ? ParserKind::kRegex : ParserKind::kAst;
  request.use_cache = options.cache;
  return request;
}

DiscoveryRequest CorrectByReady(const DiscoveryRequest& native, const std::string& ready) {
  DiscoveryRequest request = native;
  const json answer = json::parse(ready, nullptr, false);
  if (!answer.is_object()) return request;
  const json ini = answer.value("ini", json::object());
  const json options = answer.value("options", json::object());
  Take(answer, "rootdir", &request.config.rootdir);
  TakeList(answer, "args", &request.config.args);
  TakeList(ini, "python_files", &request.config.python_files);
  TakeList(ini, "python_classes", &request.config.python_classes);
  TakeList(ini, "python_functions", &request.config.python_functions);
  TakeList(ini, "norecursedirs", &request.config.norecursedirs);
  TakeList(options, "ignore", &request.ignore);
  TakeList(options, "ignore_glob", &request.ignore_glob);
  TakeList(options, "deselect", &request.deselect);
  Take(options, "importmode", &request.import_mode);
  Take(options, "noconftest", &request.noconftest);
  Take(options, "collect_in_virtualenv", &request.collect_in_virtualenv);
  Take(options, "doctestmodules", &request.doctest_modules);
  TakeList(options, "doctestglob", &request.doctest_glob);
  return request;
}

bool SamePlan(const DiscoveryRequest& a, const DiscoveryRequest& b) {
  const auto key = [](const DiscoveryRequest& r) {
    return std::tie(r.config.rootdir, r.config.args, r.config.python_files, r.config.python_classes,
                    r.config.python_functions, r.config.norecursedirs, r.ignore, r.ignore_glob, r.deselect,
                    r.import_mode, r.noconftest, r.collect_in_virtualenv, r.doctest_modules, r.doctest_glob);
  };
  return key(a) == key(b);
}

Plan MakePlan(const Discovery& discovery, const std::string& ready_text, const Options& options, std::uint32_t workers,
              const History& history, const ShardCut* cut) {
  const json ready = json::parse(ready_text, nullptr, false);
  Plan plan;
  plan.ready = ready_text;
  plan.single = workers <= 1;
  json start = {
      {"roots", json::array()}, {"workerinput", {{"testrunuid", TestrunUid(options)}}}, {"serial", options.serial}};
  std::vector<std::string> roots;
  std::vector<PlannedUnit> units;
  for (const TestFile& file : discovery.files) units.push_back(PlanFile(file, history, &roots));
  if (cut != nullptr) {
    KeepShard(*cut, options.shard_index, &units, &start);
    plan.cut = *cut;
    plan.shard_index = options.shard_index;
    plan.shard = ShardMember(*cut, options.shard_index);
    plan.notice = DescribeShard(*cut, options.shard_index);
  }
  const std::string why_whole = plan.single ? "one worker" : WhyWhole(discovery, units, ready, options, workers);
  if (!why_whole.empty()) {
    std::vector<std::string> apart = Strings(ready, "each");
    for (const auto& reason : Strings(ready, "fresh")) apart.push_back(reason);
    plan.mode = apart.empty() || plan.single ? CollectMode::kWhole : CollectMode::kWholeEach;
    plan.why_mode = apart.empty() || plan.single ? why_whole : why_whole + "; " + apart.front();
  } else {
    plan.mode = CollectMode::kFile;
    plan.why_mode = "each file is collected by the worker that runs it";
    plan.units = std::move(units);
    start["roots"] = roots;
    start["imports"] = SharedImports(discovery);
    const bool doubtful = std::any_of(discovery.files.begin(), discovery.files.end(),
                                      [](const TestFile& file) { return file.unparsable || file.partial; });
    plan.collect_first = doubtful || discovery.items < kStreamFrom;
  }
  plan.start = start.dump(-1, ' ', false, json::error_handler_t::replace);
  return plan;
}

std::vector<std::string> UncalledHooks(const std::string& ready, bool workers_auto) {
  std::vector<std::pair<const char*, const char*>> uncalled = {
      {"pytest_xdist_make_scheduler", "--dist says how tests are grouped"},
      {"pytest_handlecrashitem", "a test that takes its worker down fails, and is not run again"}};
  if (workers_auto)
    uncalled.emplace_back("pytest_xdist_auto_num_workers", "-n N and PYTEST_XDIST_AUTO_NUM_WORKERS say how many");
  const json answer = json::parse(ready, nullptr, false);
  const json hooks = answer.is_object() ? answer.value("hooks", json::object()) : json::object();
  std::vector<std::string> lines;
  for (const auto& [hook, instead] : uncalled)
    for (const std::string& plugin : Strings(hooks, hook))
      lines.push_back(fmt::format("{}: {} is not called: {}", plugin, hook, instead));
  return lines;
}

}  // namespace fastest
