#include "base/byte_size.h"

#include "tests/catch.h"

using namespace fastest;

TEST_CASE("sizes are read and written for people") {
  CHECK(*ParseSize("512M") == std::uint64_t{512} << 20);
  CHECK(*ParseSize("100000") == 100000);
  for (const char* wrong : {"", "M", "0", "-1", "1.5G", "12Q", "99999999999999999999", "99999999T"})
    CHECK_FALSE(ParseSize(wrong).ok());
  CHECK(SizeText(10) == "10 bytes");
  CHECK(SizeText(1536) == "1.5 KB");
  CHECK(SizeText(std::uint64_t{512} << 20) == "512 MB");
}
