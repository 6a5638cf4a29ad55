// What `fastest ssh` does on which host: the ssh commands, and what their ends mean. Pure.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "deploy/launch.h"

namespace fastest {

struct SshHost {
  std::string label;        // As the user wrote it, which is also the agent's name.
  std::string destination;  // "host", "user@host" or an alias of ~/.ssh/config.
  std::string port;         // "": ssh's own choice.
};

// "build1,me@build2:2222,[::1]:22". An Error names what is no host or stands there twice.
Result<std::vector<SshHost>> ReadSshHosts(const std::string& text);

// The address of this machine that hosts connect to, of --listen ("10.0.0.1", "10.0.0.1:5570", "tcp://…"), as an
// endpoint to listen on; "": none is given, there is a tunnel.
Result<std::string> ReadSshListen(const std::string& text);

struct SshRequest {
  std::vector<SshHost> hosts;
  std::vector<std::string> ssh_options;  // Words for ssh, in front of ours.
  std::string listen;                    // "": each host reaches us through a tunnel of its own ssh.
  std::string directory;                 // At the hosts.
  std::string program;                   // At the hosts.
  std::vector<std::string> agent_words;  // Further options of the agents.
  std::uint32_t seed = 0;                // Chooses the tunnels' ports at the hosts.
};

// The tunnel's port at a host: another one for each attempt, since somebody else may have it.
std::uint32_t TunnelPort(std::uint32_t seed, int attempt);

LaunchPlan PlanSsh(const SshRequest& request);

}  // namespace fastest
