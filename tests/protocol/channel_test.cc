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

TEST_CASE("news of passed items and acknowledgements wait for company, until there is enough of them") {
  Sender sender;
  Receiver receiver;
  const auto passed = [](int) { return ItemReport{WorkerId{0}, LeaseId{1}, UnitId{0}, {"a.py::test", 0}, {}}; };
  sender.Queue(passed(0));
  sender.Queue(ItemFinished{});
  CHECK(sender.wants_to_send());
  CHECK_FALSE(sender.presses());
  receiver.Take(sender.NextFrame());
  CHECK(receiver.wants_to_send());
  CHECK_FALSE(receiver.presses());
  int items = 0;
  for (; !sender.presses(); ++items) sender.Queue(passed(items));
  CHECK((items > 100 && items < 1000));
  int frames = 0;
  for (; !receiver.presses(); ++frames) {
    for (int i = 0; i < 100; ++i) sender.Queue(passed(i));
    receiver.Take(sender.NextFrame());
  }
  CHECK((frames > 10 && frames < 100));
}

TEST_CASE("what opens a way to go on presses, and takes along what waits") {
  Sender sender;
  sender.Queue(ItemFinished{});
  sender.Queue(Credit{1});
  CHECK(sender.presses());
  CHECK(sender.NextFrame().messages.size() == 2);
  CHECK_FALSE(sender.presses());
  sender.Queue(ItemFinished{});
  sender.Beat();
  CHECK(sender.presses());
  (void)sender.NextFrame();
  sender.Queue(ItemFinished{});
  CHECK_FALSE(sender.presses());
  sender.Press();
  CHECK(sender.presses());
}

TEST_CASE("a failure presses when its item is finished: it may end the run") {
  Sender sender;
  ItemReport failed;
  failed.report.outcome = Outcome::kFailed;
  sender.Queue(failed);
  CHECK_FALSE(sender.presses());
  sender.Queue(ItemFinished{});
  CHECK(sender.presses());
}
