#include "base/digest.h"

#include "tests/catch.h"

using namespace fastest;

TEST_CASE("a digest of bytes that come in pieces is that of the whole") {
  Hasher hasher;
  hasher.Add("ab");
  hasher.Add("");
  hasher.Add("c");
  CHECK(hasher.Finish() == Blake2b("abc"));
}

TEST_CASE("a digest is BLAKE2b-256's") {
  CHECK(Hex(Blake2b("")) == "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
  CHECK(Blake2b("a") != Blake2b("b"));
  CHECK(Blake2b("a", "key") != Blake2b("a"));
}

TEST_CASE("hexadecimal text is read back, and nothing else is") {
  const Digest digest = RandomDigest();
  CHECK(DigestFromHex(Hex(digest)) == digest);
  CHECK_FALSE(DigestFromHex(Hex(digest).substr(1)));
  CHECK_FALSE(DigestFromHex(std::string(64, 'g')));
  CHECK_FALSE(DigestFromHex(std::string(64, 'A')));
}
