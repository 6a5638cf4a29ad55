#include "cli/linked_agent.h"

#include <fmt/format.h>
#include <sys/utsname.h>

#include "cli/installation.h"

namespace fastest {
namespace {

std::string Platform() {
  utsname system{};
  ::uname(&system);
  return fmt::format("{}-{}", system.sysname, system.machine);
}

}  // namespace

Result<AgentOptions> MakeAgentOptions(const Options& options, std::uint32_t workers, bool attached) {
  auto python = FindPython(options.python);
  if (!python.ok()) return python.error();
  auto folder = FindWorkerFolder();
  if (!folder.ok()) return folder.error();
  AgentOptions agent;
  agent.process.python = *python;
  agent.process.worker_dir = *folder;
  agent.process.attached = attached;
  agent.process.bytecode_cache = options.cache;
  agent.workers = workers;
  agent.hang_timeout = std::chrono::duration_cast<Duration>(Seconds(options.hang_timeout));
  agent.max_worker_restart = options.max_worker_restart;
  return agent;
}

LinkedAgent::LinkedAgent(ZmqContext& context, EventLoop& loop, AgentOptions options, AgentLinkOptions link,
                         AgentLink::OnEnd on_end)
    : workers_(options.workers),
      link_(
          context, loop, link, [this](const CoordinatorMessage& message) { agent_.Receive(message); },
          std::move(on_end)),
      agent_(loop, std::move(options), [this](AgentMessage message) {
        said_goodbye_ = said_goodbye_ || std::holds_alternative<Goodbye>(message);
        link_.Send(std::move(message));
      }) {}

Status LinkedAgent::Connect(const std::string& endpoint, const std::string& name, const std::string& code_digest) {
  Hello hello;
  hello.name = name;
  hello.workers = workers_;
  hello.code_digest = code_digest;
  hello.platform = Platform();
  return link_.Connect(endpoint, std::move(hello));
}

}  // namespace fastest
