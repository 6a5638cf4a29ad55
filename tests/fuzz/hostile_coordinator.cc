// hostile_coordinator TREE_FILE BUNDLE_FILE [DIRECTORY]: refuses each agent with that list of files, and whoever
// fetches gets that bundle, whatever is in them. Prints where it listens; ends by itself after half a minute.

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include "protocol/codec.h"
#include "protocol/socket.h"

namespace fastest {
namespace {

std::string Read(const char* path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class HostileCoordinator {
 public:
  HostileCoordinator(const char* tree, const char* bundle, std::string directory)
      : tree_(Read(tree)), bundle_(Read(bundle)), directory_(std::move(directory)) {}

  int Run() {
    const auto bound = socket_.Bind("tcp://127.0.0.1:*");
    if (!bound.ok()) return 1;
    std::printf("%s\n", bound->c_str());
    std::fflush(stdout);
    loop_.AddPump([this] { return socket_.Pump(); });
    loop_.After(std::chrono::seconds(30), [this] { loop_.Stop(); });
    loop_.Run();
    return 0;
  }

 private:
  void Hear(const std::string& route, std::string_view bytes) {
    const auto frame = DecodeFromAgent(bytes);
    if (!frame.ok()) return;
    for (const AgentMessage& message : frame->messages) {
      const auto* hello = std::get_if<Hello>(&message);
      if (hello != nullptr && hello->fetch.empty()) Say(route, {1, 1, {Refused{"other code", "", tree_, directory_}}});
      if (hello != nullptr && !hello->fetch.empty()) Say(route, {1, 1, {Welcome{"run", AgentId{1}, WorkerId{}, ""}}});
      if (std::holds_alternative<CodeWanted>(message))
        Say(route, {2, 2, {CodeChunk{bundle_, false, ""}, CodeChunk{"", true, ""}}});
      if (std::holds_alternative<Goodbye>(message)) Say(route, {0, 3, {}});
    }
  }

  void Say(const std::string& route, const Envelope<CoordinatorMessage>& what) { socket_.Send(route, Encode(what)); }

  std::string tree_, bundle_, directory_;
  EventLoop loop_;
  ZmqContext context_;
  Socket socket_{context_, loop_, Socket::Kind::kRouter,
                 [this](const Socket::Origin& origin, std::string_view bytes) { Hear(origin.route, bytes); }};
};

}  // namespace
}  // namespace fastest

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  return fastest::HostileCoordinator(argv[1], argv[2], argc > 3 ? argv[3] : "").Run();
}
