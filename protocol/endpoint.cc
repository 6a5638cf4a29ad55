#include "protocol/endpoint.h"

#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>

#include <charconv>

namespace fastest {
namespace {

bool IsPort(const std::string& text) {
  int port = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), port);
  return failed == std::errc() && end == text.data() + text.size() && port >= 1 && port <= 65'535;
}

bool Resolves(const std::string& host, int family) {
  addrinfo wanted{};
  wanted.ai_family = family;
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), nullptr, &wanted, &found) != 0) return false;
  ::freeaddrinfo(found);
  return true;
}

}  // namespace

std::string Endpoint::Text() const {
  return is_ipv6() ? fmt::format("tcp://[{}]:{}", host, port) : fmt::format("tcp://{}:{}", host, port);
}

Result<Endpoint> ReadEndpoint(const std::string& text, bool any_port) {
  const Error form{any_port ? "allowed is tcp://HOST:PORT, PORT from 1 to 65535 or * for any that is free"
                            : "allowed is tcp://HOST:PORT, PORT from 1 to 65535"};
  constexpr std::string_view kScheme = "tcp://";
  const auto colon = text.rfind(':');
  if (!text.starts_with(kScheme) || colon < kScheme.size()) return form;
  Endpoint endpoint{text.substr(kScheme.size(), colon - kScheme.size()), text.substr(colon + 1)};
  if (endpoint.host.starts_with('[') && endpoint.host.ends_with(']')) {
    endpoint.host = endpoint.host.substr(1, endpoint.host.size() - 2);
    if (!endpoint.is_ipv6()) return form;
  } else if (endpoint.is_ipv6()) {
    return Error{form.message + "; an address of IPv6 stands in brackets: tcp://[::1]:PORT"};
  }
  const bool has_host = !endpoint.host.empty() && endpoint.host.find_first_of(" /[]") == std::string::npos;
  if (!has_host || !(IsPort(endpoint.port) || (any_port && endpoint.port == "*"))) return form;
  return endpoint;
}

bool HasOnlyIpv6(const std::string& host) { return !Resolves(host, AF_INET) && Resolves(host, AF_INET6); }

}  // namespace fastest
