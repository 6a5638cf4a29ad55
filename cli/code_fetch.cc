#include "cli/code_fetch.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/append_file.h"
#include "base/byte_size.h"
#include "base/machine.h"
#include "base/signals.h"
#include "cli/exit_code.h"
#include "deploy/code_store.h"
#include "protocol/agent_link.h"

namespace fastest {
namespace {

// So large may a bundle be beyond its contents: an entry's headers, and what zstd adds to what can't be compressed.
constexpr std::uint64_t kBundleOverhead = std::uint64_t{1} << 20;
constexpr std::uint64_t kEntryOverhead = 4096;
constexpr int kTries = 3;  // A content that is damaged here is fetched again.

FetchEnd Refuse(const std::string& why) { return {kRefused, why}; }

// One session that only fetches. Nothing: the bundle is in `path`.
class FetchSession {
 public:
  FetchSession(const Options& options, const std::optional<AgentKeys>& keys, std::map<Digest, std::uint64_t> wanted,
               AppendFile file)
      : wanted_(std::move(wanted)),
        file_(std::move(file)),
        signals_(loop_, {SIGINT, SIGTERM, SIGHUP},
                 [this](int) {
                   End({kDrained, "the agent was told to stop"});
                 }),
        link_(
            context_, loop_, {keys, std::chrono::duration_cast<Duration>(Seconds(options.network.orphan_timeout))},
            [this](const CoordinatorMessage& message) { Hear(message); },
            [this](AgentLink::End end, const std::string& why) { OnEnd(end, why); }) {
    left_ = kBundleOverhead;
    for (const auto& [digest, size] : wanted_) left_ += size + size / 64 + kEntryOverhead;
    loop_.AddPump([this] {
      if (said_goodbye_ && link_.drained()) loop_.Stop();
      return false;
    });
  }

  std::optional<FetchEnd> Run(const std::string& endpoint, const std::string& name, const std::string& digest) {
    Hello hello;
    hello.name = name;
    hello.fetch = digest;
    if (const Status connected = link_.Connect(endpoint, std::move(hello)); !connected.ok())
      return Refuse(connected.error().message);
    loop_.Run();
    return end_;
  }

 private:
  void End(FetchEnd end) {
    end_ = std::move(end);
    loop_.Stop();
  }

  void OnEnd(AgentLink::End end, const std::string& why) {
    if (said_goodbye_) return loop_.Stop();
    if (end == AgentLink::End::kExpired) return End({std::nullopt, why});
    End({end == AgentLink::End::kRefused ? kRefused : kOrphaned, why});
  }

  void Hear(const CoordinatorMessage& message) {
    if (std::holds_alternative<Welcome>(message)) {
      CodeWanted wanted;
      for (const auto& [digest, size] : wanted_) wanted.digests.push_back(digest);
      return link_.Send(std::move(wanted));
    }
    const auto* chunk = std::get_if<CodeChunk>(&message);
    if (chunk == nullptr || said_goodbye_) return;
    if (!chunk->problem.empty()) return End(Refuse("the code could not be fetched: " + chunk->problem));
    if (chunk->bytes.size() > left_) return End(Refuse("the coordinator sends more than was asked for"));
    left_ -= chunk->bytes.size();
    if (const Status written = file_.Write(chunk->bytes); !written.ok()) return End(Refuse(written.error().message));
    if (!chunk->last) return;
    said_goodbye_ = true;
    link_.Send(Goodbye{});
  }

  std::map<Digest, std::uint64_t> wanted_;
  AppendFile file_;
  std::uint64_t left_ = 0;  // Bytes that may still come.
  EventLoop loop_;
  ZmqContext context_;
  Signals signals_;
  AgentLink link_;
  bool said_goodbye_ = false;
  std::optional<FetchEnd> end_;
};

std::string StoreFolder(const Options& options) {
  if (!options.network.sync_dir.empty()) return options.network.sync_dir;
  const std::string cache = Environment("XDG_CACHE_HOME"), home = Environment("HOME");
  if (!cache.empty()) return cache + "/fastest/sync";
  return home.empty() ? "" : home + "/.cache/fastest/sync";
}

// Gets what is missing and makes the tree.
class Fetcher {
 public:
  Fetcher(const Options& options, const std::optional<AgentKeys>& keys, const CodeStore& store, const CodeTree& tree)
      : options_(options), keys_(keys), store_(store), tree_(tree) {}

  // Nothing: the tree is there.
  std::optional<FetchEnd> Make(CodeStore::Place* place) {
    for (int i = 0; i < kTries; ++i) {
      const auto missing = store_.Missing(tree_);
      if (!missing.empty())
        if (auto end = Fetch(missing)) return end;
      const Status made = store_.Make(tree_, place);
      if (made.ok()) return std::nullopt;
      problem_ = made.error().message;
    }
    return Refuse(problem_);
  }

  std::size_t files() const { return files_; }
  std::uint64_t bytes() const { return bytes_; }

 private:
  std::optional<FetchEnd> Fetch(const std::map<Digest, std::uint64_t>& missing) {
    const std::string path = store_.IncomingPath();
    auto file = AppendFile::Open(path, 0);
    if (!file.ok()) return Refuse(file.error().message);
    const NetworkWords& network = options_.network;
    auto end = FetchSession(options_, keys_, missing, std::move(*file))
                   .Run(network.connect, network.name.empty() ? HostName() : network.name, tree_.digest());
    const Status taken = store_.Take(path, missing);  // Of a bundle that was cut off, what has come.
    ::unlink(path.c_str());
    if (end) return end;
    if (!taken.ok()) return Refuse("the code could not be fetched: " + taken.error().message);
    files_ += missing.size();
    for (const auto& [digest, size] : missing) bytes_ += size;
    return std::nullopt;
  }

  const Options& options_;
  const std::optional<AgentKeys>& keys_;
  const CodeStore& store_;
  const CodeTree& tree_;
  std::size_t files_ = 0;
  std::uint64_t bytes_ = 0;
  std::string problem_;
};

}  // namespace

std::variant<FetchedCode, FetchEnd> FetchCode(const Refused& offer, const Options& options,
                                              const std::optional<AgentKeys>& keys) {
  const auto tree = CodeTree::Parse(offer.tree);
  if (!tree.ok()) return Refuse("the coordinator's code is not taken: " + tree.error().message);
  if (const std::string problem = offer.directory.empty() ? "" : PathProblem(offer.directory); !problem.empty())
    return Refuse("the coordinator's code is not taken: its directory " + problem);
  const std::string folder = StoreFolder(options);
  if (folder.empty()) return Refuse("there is no folder for code: HOME is not set (hint: --sync-dir DIR)");
  const std::uint64_t limit = options.network.sync_limit.value_or(kMostKeptCode);
  if (tree->size() > limit)
    return Refuse(fmt::format("the coordinator's code is not taken: {}, more than --sync-limit allows here ({})",
                              SizeText(tree->size()), SizeText(limit)));
  const auto store = CodeStore::Open(folder, limit);
  if (!store.ok()) return Refuse(store.error().message);
  auto place = store->Claim(*tree);
  if (!place.ok()) return Refuse(place.error().message);
  Fetcher fetcher(options, keys, *store, *tree);
  if (!place->ready)
    if (auto end = fetcher.Make(&*place)) return *end;
  store->Prune();
  const std::string directory = offer.directory.empty() ? place->path : place->path + "/" + offer.directory;
  if (::chdir(directory.c_str()) != 0)
    return Refuse(fmt::format("cannot go to {}: {}", directory, std::strerror(errno)));
  ::setenv("PWD", directory.c_str(), 1);
  std::fprintf(stderr, "fastest: code: %zu contents (%s) were fetched, it is in %s\n", fetcher.files(),
               SizeText(fetcher.bytes()).c_str(), place->path.c_str());
  return FetchedCode{tree->digest(), std::move(place->lock)};
}

}  // namespace fastest
