#include "cli/agent_command.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>

#include "base/machine.h"
#include "base/signals.h"
#include "cli/console.h"
#include "cli/linked_agent.h"

namespace fastest {
namespace {

int Fail(const Error& error) {
  Console().Complain(error.message);
  return 4;
}

}  // namespace

int AgentCommand(const std::vector<std::string>& words) {
  Options options;
  if (const Status scanned = ScanOptions(words, true, &options); !scanned.ok()) return Fail(scanned.error());
  if (options.connect.empty()) return Fail(Error{"agent: --connect tcp://HOST:PORT is missing"});
  if (!options.pytest_argv.empty())
    return Fail(Error{
        fmt::format("agent: unknown argument {} (pytest's arguments are the coordinator's)", options.pytest_argv[0])});
  const std::uint32_t workers =
      std::max(options.workers.value_or(options.workers_auto ? UsableProcessors() : 2 * UsableProcessors()), 1U);
  auto agent_options = MakeAgentOptions(options, workers, false);
  if (!agent_options.ok()) return Fail(agent_options.error());
  EventLoop loop;
  ZmqContext context;
  std::string lost;
  LinkedAgent* running = nullptr;
  Signals signals(loop, {SIGINT, SIGTERM, SIGHUP},
                  [&](int) { running->agent().Shutdown("the agent was told to stop"); });
  LinkedAgent agent(context, loop, std::move(*agent_options), [&](const std::string& why) {
    lost = why;
    loop.Stop();
  });
  running = &agent;
  if (const Status connected = agent.Connect(options.connect); !connected.ok()) return Fail(connected.error());
  loop.AddPump([&] {
    if (agent.finished()) loop.Stop();
    return false;
  });
  loop.Run();
  if (lost.empty()) return 0;
  Console().Complain(lost);
  return 75;  // EX_TEMPFAIL: never one of the outcomes 1 to 5.
}

}  // namespace fastest
