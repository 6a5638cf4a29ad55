// CodeStore: an agent's folder of code that coordinators gave it: contents by digest, and trees made of them.
//
//   DIR/blobs/ab/ab12…      a content
//   DIR/trees/DIGEST-0      a tree, and beside it DIGEST-0.lock, which all that use it hold shared, and who makes it
//   alone
//
// Several agents may use one folder, on a shared file system too, if it has flock(2). A tree that tests have changed is
// made anew from its contents; while another agent is in it, a second one is made (DIGEST-1). Blocks; one thread.

#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "deploy/code_tree.h"

namespace fastest {

class CodeStore {
 public:
  // A place for a tree, in use as long as `lock` is open.
  struct Place {
    std::string path;
    UniqueFd lock;
    bool ready = false;  // The tree is there, and as it should be; else it is ours alone, to be made.
  };

  // Makes the folder. An Error where others may write into it.
  static Result<CodeStore> Open(const std::string& folder, std::uint64_t limit);

  // Waits while another agent makes the same tree.
  Result<Place> Claim(const CodeTree& tree) const;
  // The contents that are not here, with their sizes. What is here is kept for an hour at least.
  std::map<Digest, std::uint64_t> Missing(const CodeTree& tree) const;
  // Where a bundle may be kept while it comes.
  std::string IncomingPath() const;
  // Takes what the bundle brings; what was good before an Error is kept.
  Status Take(const std::string& bundle, const std::map<Digest, std::uint64_t>& wanted) const;
  // Makes the tree, whole or not at all. An Error: a content is missing or damaged (then it is gone from here).
  Status Make(const CodeTree& tree, Place* place) const;
  // Removes what was longest unused until the folder is within its limit: trees that nobody is in, old contents.
  void Prune() const;
  std::uint64_t limit() const { return limit_; }

 private:
  CodeStore(std::string folder, std::uint64_t limit) : folder_(std::move(folder)), limit_(limit) {}
  std::string BlobPath(const Digest& digest) const;
  Status MakeFile(const CodeEntry& entry, const std::string& path) const;

  std::string folder_;
  std::uint64_t limit_;
};

// Whether the files below `root` are those of the tree, apart from caches of Python and pytest.
bool MatchesTree(const CodeTree& tree, const std::string& root);

}  // namespace fastest
