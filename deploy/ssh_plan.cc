// The tunnel (ssh -R) is what hosts reach us by unless --listen says otherwise: it needs no open port here, works from
// behind NAT, and nobody has to know which of this machine's addresses the hosts can see. The link has the run's keys
// inside the tunnel too, since its far end is open to every user of the host.

#include "deploy/ssh_plan.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <algorithm>
#include <charconv>
#include <set>

namespace fastest {
namespace {

constexpr int kMostAttempts = 4;
constexpr std::uint32_t kFirstPort = 10'000, kPorts = 22'000;  // Below those that systems give to clients.
constexpr int kSshFailed = 255;

bool IsPort(const std::string& text) {
  std::uint32_t port = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), port);
  return failed == std::errc() && end == text.data() + text.size() && port >= 1 && port <= 65'535;
}

Result<SshHost> ReadHost(const std::string& text) {
  const Error wrong{
      fmt::format("ssh: {}: no host; allowed are HOST, USER@HOST, HOST:PORT and [ADDRESS]:PORT, separated by commas",
                  text.empty() ? "an empty name" : text)};
  if (text.empty() || text[0] == '-' || text.find_first_of(" \t\n'\"") != std::string::npos) return wrong;
  SshHost host{text, text, ""};
  const auto colon = text.rfind(':'), bracket = text.rfind(']');
  const bool bracketed = bracket != std::string::npos;
  // Without brackets several colons are an IPv6 address.
  if (colon != std::string::npos && (bracketed ? colon > bracket : text.find(':') == colon)) {
    host.destination = text.substr(0, colon);
    host.port = text.substr(colon + 1);
    if (!IsPort(host.port)) return wrong;
  }
  std::erase_if(host.destination, [](char c) { return c == '[' || c == ']'; });
  if (host.destination.empty() || host.destination.ends_with('@')) return wrong;
  return host;
}

bool IsTunnelRefused(const std::string& line, std::uint32_t port) {
  return line.find(fmt::format("forwarding failed for listen port {}", port)) != std::string::npos;
}

std::string WhyHostIsGone(const SshRequest& request, const SshHost& host, int status, const std::string& last) {
  if (!WIFEXITED(status)) return "ssh was killed";
  const std::string said = last.empty() ? "" : ": " + last;
  switch (WEXITSTATUS(status)) {
    case 0:
      return "";
    case kNoFolder:
      return fmt::format("there is no folder {} (hint: --remote-dir DIR)", request.directory);
    case kNoProgram:
      return fmt::format("there is no program {} (hint: --remote-fastest PATH)", request.program);
    case 75:
      return "its agent lost the coordinator";
    case 78:
      return "its agent was refused, or could not begin" + said;
    case 143:
      return "its agent was told to stop";
    case kSshFailed:
      break;
    default:
      return fmt::format("its agent ended with exit code {}{}", WEXITSTATUS(status), said);
  }
  if (last.find("ermission denied") != std::string::npos || last.find("verification failed") != std::string::npos)
    return fmt::format("{} (hint: `ssh {}` must log in without a question)", last,
                       host.port.empty() ? host.destination : "-p " + host.port + " " + host.destination);
  return last.empty() ? "ssh failed" : last;
}

std::vector<std::string> SshWords(const SshRequest& request, const SshHost& host) {
  // BatchMode: a question for a password would wait for ever. The rest yields to the user's own words, which stand
  // before it: of an option that is given twice ssh takes the first.
  std::vector<std::string> words = {"ssh", "-T", "-o", "BatchMode=yes"};
  words.insert(words.end(), request.ssh_options.begin(), request.ssh_options.end());
  for (const char* option : {"ConnectTimeout=15", "ServerAliveInterval=15", "ServerAliveCountMax=3",
                             "RemoteCommand=none", "LogLevel=INFO"}) {
    words.emplace_back("-o");
    words.emplace_back(option);
  }
  if (!host.port.empty()) words.insert(words.end(), {"-p", host.port});
  return words;
}

std::string ForwardWord(const SshRequest& request, const std::string& endpoint, int attempt) {
  return fmt::format("127.0.0.1:{}:127.0.0.1:{}", TunnelPort(request.seed, attempt), PortOf(endpoint));
}

Launch PlanHost(const SshRequest& request, const SshHost& host) {
  Launch launch;
  launch.label = host.label;
  const bool tunnel = request.listen.empty();
  launch.command = [=](const std::string& endpoint, int attempt) {
    AgentScript script{request.directory, request.program, endpoint, {"--name", ShellQuoted(host.label)}};
    for (const std::string& word : request.agent_words) script.words.push_back(ShellQuoted(word));
    std::vector<std::string> words = SshWords(request, host);
    if (tunnel) {
      words.insert(words.end(), {"-R", ForwardWord(request, endpoint, attempt)});
      script.connect = fmt::format("tcp://127.0.0.1:{}", TunnelPort(request.seed, attempt));
    }
    // The user's login shell may be no POSIX one.
    words.insert(words.end(), {"--", host.destination, "exec sh -c " + ShellQuoted(TextOf(script))});
    return words;
  };
  launch.why = [=](int status, const std::string& last) {
    if (tunnel && IsTunnelRefused(last, TunnelPort(request.seed, kMostAttempts - 1)))
      return std::string("its sshd allows no tunnel back (hint: --listen ADDRESS: hosts connect to this machine)");
    return WhyHostIsGone(request, host, status, last);
  };
  if (!tunnel) return launch;
  launch.judge = [=](const std::string& line, int attempt) {
    if (!IsTunnelRefused(line, TunnelPort(request.seed, attempt))) return Verdict::kGoOn;
    return attempt + 1 < kMostAttempts ? Verdict::kAgain : Verdict::kGiveUp;
  };
  // With ControlMaster the tunnel belongs to the user's master connection and would stay as long as that does.
  launch.tidy = [=](const std::string& endpoint, int attempt) {
    std::vector<std::string> words = SshWords(request, host);
    words.insert(words.end(), {"-O", "cancel", "-R", ForwardWord(request, endpoint, attempt), "--", host.destination});
    return words;
  };
  return launch;
}

}  // namespace

Result<std::vector<SshHost>> ReadSshHosts(const std::string& text) {
  std::vector<SshHost> hosts;
  std::set<std::string> seen;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    auto host = ReadHost(text.substr(at, end - at));
    if (!host.ok()) return host.error();
    if (!seen.insert(host->label).second)
      return Error{fmt::format("ssh: {} stands there twice (hint: -n N gives a host more workers)", host->label)};
    hosts.push_back(*std::move(host));
    at = end + 1;
  }
  return hosts;
}

Result<std::string> ReadSshListen(const std::string& text) {
  if (text.empty()) return text;
  std::string endpoint = text.starts_with("tcp://") ? text : "tcp://" + text;
  const std::string address = endpoint.substr(6);
  if (address.starts_with("*") || address.starts_with("0.0.0.0") || address.starts_with("[::]"))
    return Error{fmt::format(
        "ssh: --listen {}: hosts can't connect to that; give the address of this machine that they reach", text)};
  const auto colon = address.rfind(':');
  const bool has_port =
      colon != std::string::npos && (address.ends_with(']') ? false : address[0] != '[' || address[colon - 1] == ']');
  if (!has_port) return endpoint + ":*";
  if (!IsPort(address.substr(colon + 1)))
    return Error{fmt::format("ssh: --listen {}: allowed are ADDRESS and ADDRESS:PORT (1 to 65535)", text)};
  return endpoint;
}

std::uint32_t TunnelPort(std::uint32_t seed, int attempt) {
  return kFirstPort + (seed % kPorts + static_cast<std::uint32_t>(attempt) * 7'919) % kPorts;
}

LaunchPlan PlanSsh(const SshRequest& request) {
  LaunchPlan plan;
  plan.listen = request.listen.empty() ? "tcp://127.0.0.1:*" : request.listen;
  plan.missing = "install the OpenSSH client";
  plan.nobody = "no host is left";
  for (std::size_t i = 0; i < request.hosts.size(); ++i) {
    SshRequest own = request;
    own.seed = request.seed + static_cast<std::uint32_t>(i);  // Two names may be one machine.
    plan.launches.push_back(PlanHost(own, request.hosts[i]));
  }
  return plan;
}

}  // namespace fastest
