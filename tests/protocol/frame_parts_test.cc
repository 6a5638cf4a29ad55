#include "protocol/frame_parts.h"

#include "tests/catch.h"

using namespace fastest;

namespace {

// What a receiver makes of the frames, in order; "!" where the joiner refuses.
std::vector<std::string> Join(PartJoiner& joiner, const std::vector<std::string>& frames) {
  std::vector<std::string> whole;
  for (const std::string& frame : frames) {
    auto envelope = DecodeFromAgent(frame);
    REQUIRE(envelope.ok());
    auto joined = joiner.Add(std::move(envelope->part));
    if (!joined.ok()) whole.push_back("!");
    if (joined.ok() && !joined->empty()) whole.push_back(*joined);
  }
  return whole;
}

std::string Large() {
  std::string frame;
  for (std::size_t i = 0; i < 3 * kPartBytes; ++i) frame += static_cast<char>('a' + i % 23);
  return frame + "end";
}

}  // namespace

TEST_CASE("a small frame stays as it is") {
  CHECK(SplitFrame<AgentMessage>("small", "s") == std::vector<std::string>{"small"});
}

TEST_CASE("a large frame travels in parts that say whose they are, and comes out the same") {
  const auto frames = SplitFrame<AgentMessage>(Large(), "s");
  REQUIRE(frames.size() == 4);
  CHECK(DecodeFromAgent(frames[2])->session == "s");
  PartJoiner joiner;
  CHECK(Join(joiner, frames) == std::vector<std::string>{Large()});
}

TEST_CASE("parts without those before them bring nothing, the frame sent again does") {
  auto frames = SplitFrame<AgentMessage>(Large(), "");
  PartJoiner joiner;
  CHECK(Join(joiner, {frames[2], frames[3]}).empty());
  CHECK(Join(joiner, frames).size() == 1);
  CHECK(Join(joiner, {frames[0], frames[1], frames[3]}).empty());
  CHECK(Join(joiner, frames).size() == 1);
}

TEST_CASE("a frame that never ends is refused before it takes more memory than allowed") {
  PartJoiner joiner;
  const std::string bytes(kPartBytes, 'x');
  std::uint32_t index = 0;
  while (index < 1000 && joiner.Add({bytes, index, 1'000'000}).ok()) ++index;
  CHECK(index == kMaxFrame / kPartBytes);
}
