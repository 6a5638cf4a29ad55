// CodeManifest: the files of a tree by content, so that two machines can tell whether they have the same code.
//
// Left out: what .gitignore files name, .git and its kin, what tests and their tools leave behind (.fastest,
// .pytest_cache, __pycache__, *.pyc, .coverage, .tox …), virtual environments, and links to folders. The reading
// blocks; one thread.

#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/digest.h"

namespace fastest {

struct CodeManifest {
  std::map<std::string, Digest> files;  // By path relative to the root.

  // One line a file: "HEX PATH\n".
  std::string Text() const;
  // What stands for the whole: BLAKE2b of Text(), hex.
  std::string digest() const;
};

// `cache_path`: where digests are kept by size and time of change, "" for nowhere; a cache that can't be read or
// written is no error. `skip`: absolute paths that are left out too. A file that can't be read counts as empty.
CodeManifest ReadCodeManifest(const std::string& root, const std::string& cache_path,
                              const std::set<std::string>& skip = {});

// What of `theirs` (a manifest's text) is missing or different in `ours`, and the code files (Python, configuration,
// extension modules) that only `ours` has: one line each for a person. Other files that only we have do no harm: a
// shared checkout gets reports and caches while the run is on.
std::vector<std::string> CompareManifests(const std::string& theirs, const CodeManifest& ours);

// A code file that is not what it was.
struct CodeChange {
  enum class What { kChanged, kGone, kNew };
  std::string path;
  What what{};
};
// `before`: a manifest's text.
std::vector<CodeChange> CodeChanges(const std::string& before, const CodeManifest& now);

}  // namespace fastest
