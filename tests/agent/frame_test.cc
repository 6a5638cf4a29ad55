#include "agent/frame.h"

#include "tests/catch.h"

using namespace fastest;

TEST_CASE("frames are read from bytes that come one by one") {
  FrameReader reader;
  std::vector<Frame> frames;
  for (const char byte : EncodeFrame(33, "{}") + EncodeFrame(5, "")) {
    reader.Append({&byte, 1});
    const auto next = reader.Next();
    REQUIRE(next.ok());
    if (*next) frames.push_back(**next);
  }
  REQUIRE(frames.size() == 2);
  CHECK(frames[0].kind == 33);
  CHECK(frames[0].body == "{}");
  CHECK(frames[1].kind == 5);
  CHECK(frames[1].body.empty());
}

TEST_CASE("several frames are read from one piece") {
  FrameReader reader;
  reader.Append(EncodeFrame(1, "a") + EncodeFrame(2, "b"));
  CHECK((*reader.Next())->body == "a");
  CHECK((*reader.Next())->body == "b");
  CHECK_FALSE((*reader.Next()).has_value());
}

TEST_CASE("a frame of no length or of too much is an error that names its kind") {
  const auto head = GENERATE(values<std::string>({std::string("\0\0\0\0\x21", 5), "\xff\xff\xff\xff\x21"}));
  FrameReader reader;
  reader.Append(head);
  const auto next = reader.Next();
  REQUIRE_FALSE(next.ok());
  CHECK(next.error().message.find("kind 33") != std::string::npos);
}
