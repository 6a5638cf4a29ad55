#include "protocol/channel.h"

#include "tests/catch.h"

using namespace fastest;

namespace {

using Sender = Channel<AgentMessage, CoordinatorMessage>;
using Receiver = Channel<CoordinatorMessage, AgentMessage>;

std::vector<std::uint32_t> Credits(const std::vector<AgentMessage>& messages) {
  std::vector<std::uint32_t> credits;
  for (const auto& message : messages) credits.push_back(std::get<Credit>(message).batches);
  return credits;
}

}  // namespace

TEST_CASE("messages arrive in order and leave when acknowledged") {
  Sender sender;
  Receiver receiver;
  sender.Queue(Credit{1});
  sender.Queue(Credit{2});
  CHECK(Credits(receiver.Take(sender.NextFrame())) == std::vector<std::uint32_t>{1, 2});
  CHECK(sender.has_unacknowledged());
  REQUIRE(receiver.wants_to_send());
  sender.Take(receiver.NextFrame());
  CHECK_FALSE(sender.has_unacknowledged());
  CHECK_FALSE(receiver.wants_to_send());
}

TEST_CASE("a frame that comes twice is taken once") {
  Sender sender;
  Receiver receiver;
  sender.Queue(Credit{1});
  const auto frame = sender.NextFrame();
  CHECK(receiver.Take(frame).size() == 1);
  CHECK(receiver.Take(frame).empty());
}

TEST_CASE("after a lost frame the next one brings nothing until all is sent again") {
  Sender sender;
  Receiver receiver;
  sender.Queue(Credit{1});
  (void)sender.NextFrame();  // Lost.
  sender.Queue(Credit{2});
  CHECK(receiver.Take(sender.NextFrame()).empty());
  sender.Resend();
  CHECK(Credits(receiver.Take(sender.NextFrame())) == std::vector<std::uint32_t>{1, 2});
}

TEST_CASE("sent again, the known part of a frame is skipped") {
  Sender sender;
  Receiver receiver;
  sender.Queue(Credit{1});
  (void)receiver.Take(sender.NextFrame());
  sender.Queue(Credit{2});
  sender.Resend();
  CHECK(Credits(receiver.Take(sender.NextFrame())) == std::vector<std::uint32_t>{2});
}

TEST_CASE("no more than the window is on its way, the rest follows the acknowledgements") {
  Sender sender;
  Receiver receiver;
  for (int i = 0; i < 64; ++i) sender.Queue(Output{WorkerId{0}, std::string(Sender::kWindowBytes / 16, 'x')});
  std::size_t taken = 0;
  int rounds = 0;
  for (; taken < 64 && rounds < 100; ++rounds) {
    std::size_t on_the_way = 0;
    while (sender.wants_to_send()) {
      auto frame = sender.NextFrame();
      for (const auto& message : frame.messages) on_the_way += ApproximateSize(message);
      taken += receiver.Take(std::move(frame)).size();
    }
    CHECK(on_the_way <= Sender::kWindowBytes + Sender::kFrameBytes);
    sender.Take(receiver.NextFrame());
  }
  CHECK(taken == 64);
  CHECK(rounds >= 4);
  CHECK(sender.kept_bytes() == 0);
}

TEST_CASE("a sign of life is a frame without messages, and none is owed for it") {
  Sender sender;
  Receiver receiver;
  sender.Beat();
  REQUIRE(sender.wants_to_send());
  CHECK(receiver.Take(sender.NextFrame()).empty());
  CHECK_FALSE(receiver.wants_to_send());
}
