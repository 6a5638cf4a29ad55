#include "protocol/endpoint.h"

#include "tests/catch.h"

using namespace fastest;

TEST_CASE("an endpoint is a host and a port, whichever way its address is written") {
  struct Case {
    std::string text, host, port;
    bool ipv6, loopback;
  };
  const auto c = GENERATE(values<Case>({{"tcp://build1:5570", "build1", "5570", false, false},
                                        {"tcp://127.0.0.1:*", "127.0.0.1", "*", false, true},
                                        {"tcp://localhost:1", "localhost", "1", false, true},
                                        {"tcp://*:65535", "*", "65535", false, false},
                                        {"tcp://[::1]:80", "::1", "80", true, true},
                                        {"tcp://[fe80::1%eth0]:80", "fe80::1%eth0", "80", true, false}}));
  const auto read = ReadEndpoint(c.text, true);
  REQUIRE(read.ok());
  CHECK(read->host == c.host);
  CHECK(read->port == c.port);
  CHECK(read->is_ipv6() == c.ipv6);
  CHECK(read->is_loopback() == c.loopback);
  CHECK(read->Text() == c.text);
}

TEST_CASE("what is no endpoint is answered with the form") {
  for (const char* text : {"", "foo", "tcp://127.0.0.1", "tcp://127.0.0.1:", "tcp://h:0", "tcp://h:99999", "tcp://h:0x",
                           "tcp://:80", "udp://h:80", "h:80", "tcp://[h]:80", "tcp://h h:80", "tcp://h/:80"}) {
    const auto read = ReadEndpoint(text, true);
    INFO(text);
    REQUIRE_FALSE(read.ok());
    CHECK(read.error().message.starts_with("allowed is tcp://HOST:PORT, PORT from 1 to 65535 or *"));
  }
  CHECK(ReadEndpoint("tcp://::1:80", false).error().message.ends_with("in brackets: tcp://[::1]:PORT"));
  CHECK_FALSE(ReadEndpoint("tcp://h:*", false).ok());
}
