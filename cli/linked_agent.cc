#include "cli/linked_agent.h"

#include <fmt/format.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include <csignal>

#include "cli/installation.h"

namespace fastest {
namespace {

std::string Platform() {
  utsname system{};
  ::uname(&system);
  return fmt::format("{}-{}", system.sysname, system.machine);
}

// So long after a worker's end by SIGTERM the agent's own may come.
constexpr std::chrono::milliseconds kTermination{200};

// News that a SIGTERM to everybody leads to.
bool MayBeTermination(const AgentMessage& message) {
  if (const auto* lost = std::get_if<WorkerLost>(&message))
    return WIFSIGNALED(lost->status) && WTERMSIG(lost->status) == SIGTERM;
  const auto* ready = std::get_if<Ready>(&message);
  return std::holds_alternative<InternalError>(message) || (ready != nullptr && !ready->ok);
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
  agent.hang_timeout = options.hang_timeout;
  agent.max_worker_restart = options.max_worker_restart;
  agent.memory_limit = options.worker_memory_limit;
  return agent;
}

LinkedAgent::LinkedAgent(ZmqContext& context, EventLoop& loop, AgentOptions options, AgentLinkOptions link,
                         AgentLink::OnEnd on_end)
    : loop_(loop),
      workers_(options.workers),
      link_(
          context, loop, link, [this](const CoordinatorMessage& message) { agent_.Receive(message); },
          std::move(on_end)),
      agent_(loop, std::move(options), [this](AgentMessage message) { Send(std::move(message)); }) {}

void LinkedAgent::Send(AgentMessage message) {
  const bool goodbye = std::holds_alternative<Goodbye>(message);
  if (!only_goodbye_ && !goodbye && MayBeTermination(message)) {
    if (on_news_) {
      only_goodbye_ = true;
      loop_.After(Duration{}, on_news_);  // Not from within the agent.
    } else if (!std::exchange(holding_, true)) {
      loop_.After(kTermination, [this] { Release(); });
    }
  }
  if (only_goodbye_ && !goodbye) return;
  if (holding_) return held_.push_back(std::move(message));
  said_goodbye_ = said_goodbye_ || goodbye;
  link_.Send(std::move(message));
}

void LinkedAgent::Release() {
  holding_ = false;
  for (AgentMessage& message : std::exchange(held_, {})) {
    said_goodbye_ = said_goodbye_ || std::holds_alternative<Goodbye>(message);
    link_.Send(std::move(message));
  }
}

bool LinkedAgent::ExpectTermination(std::function<void()> on_news) {
  on_news_ = std::move(on_news);
  if (!std::exchange(holding_, false)) return false;
  held_.clear();
  only_goodbye_ = true;
  return true;
}

Status LinkedAgent::Connect(const std::string& endpoint, const std::string& name, const std::string& code_digest,
                            const std::string& differences) {
  Hello hello;
  hello.name = name;
  hello.workers = workers_;
  hello.code_digest = code_digest;
  hello.platform = Platform();
  hello.differences = differences;
  return link_.Connect(endpoint, std::move(hello));
}

}  // namespace fastest
