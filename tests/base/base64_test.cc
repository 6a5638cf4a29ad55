#include "base/base64.h"

#include "tests/catch.h"

using namespace fastest;

TEST_CASE("bytes and their text, as RFC 4648 lists them") {
  for (const auto& [bytes, text] : {std::pair("", ""), std::pair("f", "Zg=="), std::pair("fo", "Zm8="),
                                    std::pair("foo", "Zm9v"), std::pair("foob", "Zm9vYg==")}) {
    CHECK(Base64(bytes) == text);
    CHECK(BytesFromBase64(text) == std::string(bytes));
  }
}

TEST_CASE("all bytes survive") {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  CHECK(BytesFromBase64(Base64(bytes)) == bytes);
}

TEST_CASE("what is no such text is refused") {
  for (const char* text : {"Zg", "Zg=", "Z===", "Zm9v\n", "Zm9v ", "*m9v", "Zm9vY"}) CHECK(!BytesFromBase64(text));
}
