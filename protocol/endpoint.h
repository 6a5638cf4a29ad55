// An endpoint of the network as people write it: "tcp://HOST:PORT". Values; no name is looked up but by HasOnlyIpv6.

#pragma once

#include <string>

#include "base/result.h"

namespace fastest {

struct Endpoint {
  std::string host;  // A name or an address; one of IPv6 without its brackets.
  std::string port;  // 1 to 65535, or "*": any that is free.

  bool is_ipv6() const { return host.find(':') != std::string::npos; }
  bool is_loopback() const { return host.starts_with("127.") || host == "localhost" || host == "::1"; }
  std::string Text() const;
};

// `any_port`: "*" is allowed. An Error says what the form is, not what it is of.
Result<Endpoint> ReadEndpoint(const std::string& text, bool any_port);

// Whether the host's name stands for no address of IPv4, but for one of IPv6. Asks the system, which may take seconds.
bool HasOnlyIpv6(const std::string& host);

}  // namespace fastest
