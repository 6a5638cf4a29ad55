#include "cli/persistent.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>

#include "base/digest.h"
#include "base/file_system.h"
#include "base/inheritance.h"
#include "base/local_socket.h"
#include "base/machine.h"

extern char** environ;

namespace fastest {
namespace {

using nlohmann::json;

constexpr std::size_t kNameLength = 20;  // Of the digest's hexadecimal digits.

const std::set<std::string>& Differing() {
  static const std::set<std::string> kNames = {"_", "SHLVL", "OLDPWD", "COLUMNS", "LINES", "PYTEST_CURRENT_TEST"};
  return kNames;
}

// Sorted, without what may differ.
std::string FixedEnvironment() {
  std::vector<std::string> fixed;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text(*entry);
    if (!MayDiffer(text.substr(0, text.find('=')))) fixed.push_back(text);
  }
  std::sort(fixed.begin(), fixed.end());
  std::string joined;
  for (const std::string& one : fixed) joined += one + '\0';
  return joined;
}

// The options of pytest's that the loading of plugins depends on, from all places where a run has them.
std::vector<std::string> AllPluginWords(const Invocation& invocation) {
  std::vector<std::string> words = {"--rootdir", invocation.config.rootdir};
  if (!invocation.config.inipath.empty()) words.insert(words.end(), {"-c", invocation.config.inipath});
  const std::vector<std::string> own = PluginWords(invocation.options.pytest_argv);
  words.insert(words.end(), own.begin(), own.end());
  return words;
}

std::string Place(const std::string& folder, const std::string& identity) {
  return folder + '/' + Hex(Blake2b(identity)).substr(0, kNameLength);
}

}  // namespace

bool MayDiffer(const std::string& name) { return Differing().contains(name); }

std::vector<std::string> PluginWords(const std::vector<std::string>& words) {
  static const std::set<std::string> kValued = {"-p", "--assert", "-o", "--override-ini"};
  std::vector<std::string> kept;
  for (std::size_t i = 0; i < words.size() && words[i] != "--"; ++i) {
    const std::string& word = words[i];
    const bool joined_long = word.starts_with("--assert=") || word.starts_with("--override-ini=");
    const bool joined_short = word.size() > 2 && (word.starts_with("-p") || word.starts_with("-o"));
    if (kValued.contains(word) && i + 1 < words.size()) {
      kept.insert(kept.end(), {word, words[++i]});
    } else if (joined_long || joined_short || word == "--disable-plugin-autoload") {
      kept.push_back(word);
    }
  }
  return kept;
}

Result<std::string> WarmFolder() {
  const std::string runtime = Environment("XDG_RUNTIME_DIR");
  const bool usable = runtime.starts_with('/') && IsDirectory(runtime) && ::access(runtime.c_str(), W_OK | X_OK) == 0;
  std::string folder = usable ? runtime + "/fastest" : fmt::format("/tmp/fastest-{}", ::geteuid());
  if (const Status made = MakePrivateFolder(folder); !made.ok()) return made.error();
  return folder;
}

Result<WarmOptions> MakeWarmOptions(const Invocation& invocation, const PythonOptions& process,
                                    const std::string& setup, std::function<void(const std::string&)> tell) {
  auto folder = WarmFolder();
  if (!folder.ok()) return Error{"--persistent-workers: " + folder.error().message};
  WarmOptions warm;
  warm.launch.project = invocation.config.rootdir;
  warm.launch.plugin_words = AllPluginWords(invocation);
  warm.launch.idle_timeout = std::chrono::duration_cast<Duration>(Seconds(invocation.options.worker_idle_timeout));
  warm.launch.memory_limit = std::uint64_t{invocation.options.warm_memory_limit} << 20;
  for (const std::string& name : Differing()) {
    const char* value = ::getenv(name.c_str());
    warm.launch.environment.emplace_back(name, value != nullptr ? std::optional<std::string>(value) : std::nullopt);
  }
  json lasting = json::parse(setup, nullptr, false);
  for (const char* name : {"run_id", "testrun_uid", "columns"}) lasting.erase(name);
  warm.launch.setup = lasting.dump();
  std::error_code failed;
  std::string identity = fmt::format("{}\n{}\n{}\n{}\n{}\ncache {}\n", FASTEST_VERSION, process.python,
                                     std::filesystem::canonical(process.python, failed).string(), process.worker_dir,
                                     invocation.directory, invocation.options.cache);
  identity += InheritedState() + FixedEnvironment();
  for (const std::string& word : warm.launch.plugin_words) identity += word + '\0';
  warm.place = Place(*folder, identity);
  warm.launch.exact = Place(*folder, identity + warm.launch.setup);
  warm.tell = std::move(tell);
  return warm;
}

Status UseWarmProcess(const Invocation& invocation, const std::string& setup, bool attached, Console& console,
                      AgentOptions* agent) {
  if (!invocation.options.persistent_workers) return Ok();
  const bool tells = invocation.guess.verbosity > 0;
  const auto tell = [&console, tells](const std::string& text) {
    if (tells) console.Write("fastest: persistent workers: " + text + "\n");
  };
  if (attached) {  // Not in the terminal's foreground.
    tell("cold start: the tests have the terminal (-s, --pdb, --trace)");
    return Ok();
  }
  auto warm = MakeWarmOptions(invocation, agent->process, setup, tell);
  if (!warm.ok()) return warm.error();
  agent->warm = std::move(*warm);
  return Ok();
}

}  // namespace fastest
