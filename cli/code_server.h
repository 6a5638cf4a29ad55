// CodeServer: the coordinator's side of --sync. Agents fetch what they lack of one tree, read before the run began.
//
// Bundles are packed as they are sent, a piece a turn and agent, and only as far as the agent's link has room, so that
// a transfer costs little memory and keeps no result waiting. One thread: the loop's.

#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "deploy/code_bundle.h"
#include "deploy/code_tree.h"
#include "protocol/message.h"

namespace fastest {

class CodeServer {
 public:
  // `root`: where the tree's files are. `directory`: where in it the run is ("" for the root itself).
  CodeServer(CodeTree tree, std::string root, std::string directory);

  const std::string& digest() const { return digest_; }
  // What an agent with other code is answered: the tree to fetch.
  Refused Offer() const;
  // A session that said Hello with `fetch` was let in.
  void Join(AgentId agent) { fetching_[agent]; }
  bool Has(AgentId agent) const { return fetching_.contains(agent); }
  void Want(AgentId agent, const CodeWanted& wanted);
  // Whether anybody is fetching.
  bool busy() const { return !fetching_.empty(); }
  void Forget(AgentId agent) { fetching_.erase(agent); }
  // Calls `send` with the next piece for each agent that has room. Whether more could be sent at once.
  bool Pump(const std::function<bool(AgentId)>& has_room, const std::function<void(AgentId, CodeChunk)>& send);

 private:
  CodeTree tree_;
  std::string root_;
  std::string directory_;
  std::string text_;
  std::string digest_;
  std::map<Digest, BundleWriter::Source> sources_;
  std::map<AgentId, std::unique_ptr<BundleWriter>> fetching_;  // Null: nothing is to be sent (now).
};

}  // namespace fastest
