// IgnoreRules: what a tree's .gitignore files leave out, read without git. Pure; any thread.
//
// As gitignore(5) says: the last pattern that matches decides, those of a deeper folder after those above it; '!' takes
// back, a trailing '/' means folders only, a '/' elsewhere anchors the pattern to its folder, "**" crosses folders.
// What only git knows (the index, info/exclude, core.excludesFile) does not count: it may differ between two copies.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fastest {

// Whether `pattern` matches all of `path`: '*', '?' and '[…]' do not match '/', "**/" matches folders or none, a
// trailing "/**" everything below.
bool MatchesGlobPath(std::string_view pattern, std::string_view path);

class IgnoreRules {
 public:
  // Adds the patterns of the .gitignore in `folder` ("" the root, else "a/b"), whose text is `text`.
  void Add(std::string_view folder, std::string_view text);
  // Whether `path` (relative to the root) is left out. A file below a folder that is left out is not asked about.
  bool Ignores(std::string_view path, bool is_directory) const;
  // How many patterns there are, and back to so many: for a walk that leaves a folder.
  std::size_t size() const { return patterns_.size(); }
  void Truncate(std::size_t size) { patterns_.resize(size); }

 private:
  struct Pattern {
    std::string folder;  // "" or "a/b/".
    std::string glob;
    bool anchored = false;
    bool negated = false;
    bool directories_only = false;
  };
  std::vector<Pattern> patterns_;
};

}  // namespace fastest
