#include "cli/ci_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "base/machine.h"
#include "cli/agent_words.h"
#include "cli/exit_code.h"
#include "deploy/launch.h"
#include "protocol/endpoint.h"

namespace fastest {
namespace {

constexpr const char* kPort = "5570";
constexpr const char* kShardFolder = "fastest-shards";

struct CiOptions {
  std::string index, total, connect;
  bool dry_run = false;
  std::vector<std::string> rest;
};

bool Has(const std::vector<std::string>& words, const std::string& option) {
  return std::any_of(words.begin(), words.end(),
                     [&](const std::string& word) { return word == option || word.starts_with(option + "="); });
}

Result<CiOptions> ReadCiWords(const std::vector<std::string>& words) {
  CiOptions options;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto equals = words[i].find('=');
    const std::string name = words[i].substr(0, equals);
    std::string* value = name == "--index"     ? &options.index
                         : name == "--total"   ? &options.total
                         : name == "--connect" ? &options.connect
                                               : nullptr;
    if (words[i] == "--dry-run") {
      options.dry_run = true;
      continue;
    }
    if (value == nullptr) {
      options.rest.push_back(words[i]);
      continue;
    }
    if (equals == std::string::npos && i + 1 == words.size()) return Error{name + ": a value is missing"};
    *value = equals == std::string::npos ? words[++i] : words[i].substr(equals + 1);
    if (value->empty()) return Error{name + ": the value is empty (hint: is a variable not set?)"};
  }
  if (options.index.empty() != options.total.empty()) return Error{"ci: --index and --total go together"};
  if (Has(options.rest, "--shard"))
    return Error{"ci: --shard is what ci decides by itself (hint: --index I --total N)"};
  return options;
}

Result<ParallelJob> FindJob(const CiOptions& options, const EnvironmentLookup& lookup) {
  if (!options.index.empty()) {
    const auto given = [&](const char* name) -> std::string {
      return std::strcmp(name, "FASTEST_INDEX") == 0   ? options.index
             : std::strcmp(name, "FASTEST_TOTAL") == 0 ? options.total
                                                       : "";
    };
    auto found = FindParallelJob(given);
    if (!found.ok())
      return Error{fmt::format("ci --index {} --total {}: allowed are indexes from 0 below the total", options.index,
                               options.total)};
    return **found;
  }
  auto found = FindParallelJob(lookup);
  if (!found.ok()) return found.error();
  if (*found) return **found;
  return Error{
      "ci: no CI system says which job this is (hint: --index I --total N, or FASTEST_INDEX and FASTEST_TOTAL; I "
      "counts "
      "from 0)"};
}

// "HOST", "HOST:PORT" or "tcp://HOST:PORT" as the last of these.
std::string WithPort(const std::string& text) {
  const std::string place = text.starts_with("tcp://") ? text : "tcp://" + text;
  const bool has_port = place.rfind(':') > 3 && !place.ends_with(']');
  return has_port ? place : fmt::format("{}:{}", place, kPort);
}

}  // namespace

Result<std::vector<std::string>> CiWords(const std::vector<std::string>& words, const EnvironmentLookup& lookup) {
  const auto options = ReadCiWords(words);
  if (!options.ok()) return options.error();
  const auto job = FindJob(*options, lookup);
  if (!job.ok()) return job.error();
  const std::string coordinator = options->connect.empty() ? lookup("FASTEST_COORDINATOR") : options->connect;
  std::vector<std::string> command;
  const auto add = [&](const std::vector<std::string>& more) {
    command.insert(command.end(), more.begin(), more.end());
  };
  if (coordinator.empty()) {
    add({"--shard", fmt::format("{}/{}", job->index + 1, job->total)});
    if (!Has(options->rest, "--shard-report")) add({"--shard-report", kShardFolder});
    add(options->rest);
    return command;
  }
  const auto endpoint = ReadEndpoint(WithPort(coordinator), false);
  if (!endpoint.ok())
    return Error{fmt::format("ci --connect {}: allowed are HOST and HOST:PORT, PORT from 1 to 65535", coordinator)};
  if (job->index > 0) {
    add({"agent", "--connect", endpoint->Text()});
    add(AgentWords(options->rest));
    return command;
  }
  add({"coordinator", "--listen", Endpoint{"*", endpoint->port}.Text(), "--with-agent", "--expect-agents",
       std::to_string(job->total)});
  if (!Has(options->rest, "--min-agents")) add({"--min-agents", "1"});  // A job that is lost or waits stops nobody.
  add(options->rest);
  return command;
}

int CiCommand(const std::vector<std::string>& words) {
  const auto command = CiWords(words, [](const char* name) { return Environment(name); });
  if (!command.ok()) return Fail(command.error());
  std::fputs(fmt::format("fastest {}\n", ShellLine(*command)).c_str(), stdout);
  std::fflush(stdout);
  if (std::find(words.begin(), words.end(), "--dry-run") != words.end()) return 0;
  std::error_code error;
  std::string self = std::filesystem::read_symlink("/proc/self/exe", error).string();
  std::vector<std::string> all = *command;
  std::vector<char*> argv = {self.data()};
  for (std::string& word : all) argv.push_back(word.data());
  argv.push_back(nullptr);
  ::execv(self.c_str(), argv.data());
  return Fail(Error{fmt::format("cannot start {}: {}", self, std::strerror(errno))}, kInternal);
}

}  // namespace fastest
