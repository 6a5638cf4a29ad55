#include "cli/pytest_alone.h"

#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <vector>

#include "cli/exit_code.h"
#include "cli/help_text.h"
#include "cli/installation.h"

namespace fastest {
bool IsForPytest(const Invocation& invocation) {
  return invocation.options.help || !invocation.guess.exec.empty() || invocation.guess.collect_only;
}

std::string WhyAlone(const std::string& ready) {
  const nlohmann::json answer = nlohmann::json::parse(ready, nullptr, false);
  if (!answer.is_object() || !answer.contains("alone")) return "";
  const nlohmann::json& reasons = answer["alone"];
  return reasons.is_array() && !reasons.empty() && reasons[0].is_string() ? reasons[0].get<std::string>() : "";
}

Status CanBeAlone(const Invocation& invocation, const std::string& why, bool coordinator) {
  const Options& options = invocation.options;
  std::string against;
  if (coordinator) against = "on one machine";
  if (options.handover >= 0) against = "without -p fastest -n";
  if (!options.json.empty()) against = "without --json";
  if (options.sharded()) against = "without --shard";
  if (options.retries > 0) against = "without --retries";
  if (against.empty()) return Ok();
  return Error{fmt::format("{}: the tests are run by it alone, in one process (hint: {})", why, against)};
}

int RunPytest(const Invocation& invocation) {
  const Options& options = invocation.options;
  auto python = FindPython(options.python);
  if (!python.ok()) return Fail(python.error());
  std::vector<std::string> argv = options.pytest_argv;
  if (!options.report_log.empty()) argv.insert(argv.begin(), "--report-log=" + options.report_log);
  if (options.help) {
    std::fputs(HelpText().c_str(), stdout);
    std::fputc('\n', stdout);
    argv = {"--help"};
  }
  std::fflush(stdout);
  return Fail(ExecPytest(*python, argv), kInternal);
}

}  // namespace fastest
