// hostile_agent ENDPOINT JOIN_SECRET SEED SECONDS: an agent with the right key that sends what it should not: random
// bytes, bit flips of valid frames, valid frames that lie about work which is not its own, and bombs. When the
// coordinator drops it, it comes back as a new one. Ends by itself; prints how many frames it sent and what became of
// it.

#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "protocol/codec.h"
#include "protocol/socket.h"

namespace fastest {
namespace {

class Hostile {
 public:
  Hostile(const char* endpoint, const char* secret, unsigned seed, double seconds)
      : endpoint_(endpoint), keys_(AgentKeysOfJoinSecret(secret)), random_(seed) {
    Begin();
    loop_.AddPump([this] { return socket_->Pump(); });
    loop_.After(std::chrono::duration_cast<Duration>(Seconds(seconds)), [this] { loop_.Stop(); });
    loop_.After(kPace, [this] { Act(); });
  }

  void Run() {
    loop_.Run();
    std::printf("sent %llu frames, dropped %d times, %d sessions\n", static_cast<unsigned long long>(sent_), dropped_,
                sessions_);
  }

 private:
  static constexpr std::chrono::milliseconds kPace{5};

  std::uint64_t Any(std::uint64_t below) { return random_() % below; }

  void Begin() {
    session_ = "hostile " + std::to_string(random_());
    sequence_ = 1;
    ++sessions_;
    socket_ = std::make_unique<Socket>(context_, loop_, Socket::Kind::kDealer,
                                       [this](const Socket::Origin&, std::string_view frame) { OnFrame(frame); });
    socket_->Secure(keys_);
    const Status connected = socket_->Connect(endpoint_);
    if (!connected.ok()) std::exit(1);
    Send(FrameOf({Hello{kProtocolVersion, "hostile \x1b[31m", 2, "", "Linux-x86_64"}}));
  }

  void OnFrame(std::string_view frame) {
    const auto answer = DecodeFromCoordinator(frame);
    if (answer.ok() && answer->expired) expired_ = true;
  }

  std::string FrameOf(std::vector<AgentMessage> messages) {
    Envelope<AgentMessage> envelope{sequence_, Any(4), std::move(messages)};
    sequence_ += envelope.messages.size();
    envelope.session = session_;
    return Encode(envelope);
  }
  void Send(const std::string& frame) {
    ++sent_;
    socket_->Send("", frame);
  }

  // What is not its own: leases of other agents, units and workers that are not there.
  AgentMessage Lie() {
    const WorkerId worker{static_cast<std::uint32_t>(Any(8))};
    const LeaseId lease{Any(30)};
    const UnitId unit{static_cast<std::uint32_t>(Any(3) == 0 ? random_() : Any(4))};
    const ItemKey item{"test_0.py::test[" + std::to_string(Any(12)) + "]", static_cast<std::uint32_t>(Any(2))};
    switch (Any(11)) {
      case 0:
        return Credit{static_cast<std::uint32_t>(random_())};
      case 1:
        return Collected{worker, lease, unit, {"x", "x", item.node_id}, {}, {}, {0, 0, 99}, {"a"}, {"x"}, 1e300, ""};
      case 2:
        return ItemStarted{worker, lease, unit, item};
      case 3:
        return ItemReport{worker, lease, unit, item, {Phase::kCall, Outcome::kFailed, 0, 0, -1, "[[[["}};
      case 4:
        return ItemFinished{worker, lease, unit, item};
      case 5:
        return ItemsUnknown{worker, lease, unit, {item, item}};
      case 6:
        return LeaseDone{lease, worker};
      case 7:
        return Revoked{lease, {{unit, Any(2) == 0, {item}}}};
      case 8:
        return WorkerLost{worker, 1,    9,    false, WorkerState::kCall,
                          lease,  unit, item, "",    {lease, LeaseId{1}, LeaseId{2}}};
      case 9:
        return Walked{worker, {"test_9.py"}, {}};
      default:
        return Warning{worker, {R"({"when": 3, "message": [)" + std::string(Any(3) * 200'000, '[')}};
    }
  }

  std::string Bomb() {
    Envelope<AgentMessage> part;
    part.session = session_;
    switch (Any(3)) {
      case 0:  // A frame that never ends.
        part.part = {std::string(kPartBytes, 'x'), parts_++, 0xffffffff};
        return Encode(part);
      case 1:  // Larger than allowed for one message: the connection ends.
        return std::string(std::size_t{4} << 20, '\0');
      default:
        return FrameOf(std::vector<AgentMessage>(kMostMessages + 1, Credit{1}));
    }
  }

  std::string Nonsense() {
    std::string bytes(Any(4000), '\0');
    for (char& byte : bytes) byte = static_cast<char>(random_());
    return bytes;
  }

  std::string Flipped() {
    std::string frame = FrameOf({Lie(), Lie()});
    for (std::uint64_t i = 0; i < 1 + Any(8); ++i) frame[Any(frame.size())] ^= static_cast<char>(1 << Any(8));
    return frame;
  }

  void Act() {
    if (std::exchange(expired_, false) || Any(200) == 0) {
      ++dropped_;
      Begin();
    }
    const std::uint64_t kind = Any(20);
    if (kind == 0) Send(Bomb());
    if (kind == 1) Send(Nonsense());
    if (kind == 2) Send(Flipped());
    if (kind > 2) Send(FrameOf({Lie()}));
    loop_.After(kPace, [this] { Act(); });
  }

  std::string endpoint_;
  AgentKeys keys_;
  std::mt19937_64 random_;
  EventLoop loop_;
  ZmqContext context_;
  std::unique_ptr<Socket> socket_;
  std::string session_;
  std::uint64_t sequence_ = 1;
  std::uint64_t sent_ = 0;
  std::uint32_t parts_ = 0;
  int dropped_ = 0;
  int sessions_ = 0;
  bool expired_ = false;
};

}  // namespace
}  // namespace fastest

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  fastest::Hostile(argv[1], argv[2], static_cast<unsigned>(std::atoi(argv[3])), std::atof(argv[4])).Run();
  return 0;
}
