// The walk: which files pytest would collect for its arguments, in its order.
//
// pytest's rules: normalised arguments, sorted entries (Package: __init__.py first), norecursedirs, virtual
// environments,
// --ignore and --ignore-glob, and conftests' literal collect_ignore lists; an explicit argument passes all of them.
// Links are followed; a loop is not walked twice but told of. One thread.

#pragma once

#include <map>
#include <string>
#include <vector>

#include "discovery/discovery.h"
#include "discovery/sources.h"

namespace fastest {

// A file that pytest would collect.
struct WalkedFile {
  std::string path;  // Absolute.
  bool explicit_path = false;
  bool doctest_text = false;            // Not Python: collected by the doctest plugin.
  std::vector<std::string> selections;  // "TestA::test_x" of "::" arguments; empty: all of it.
};

struct Walk {
  std::vector<WalkedFile> files;
  std::vector<std::string> conftests;  // Absolute, in order of loading.
  std::vector<std::string> missing;
  std::vector<std::string> whole_reasons;
  std::vector<std::string> warnings;
  // By directory: the names of Python files and of sub-directories, for sys.path conflicts.
  std::map<std::string, std::vector<std::string>> listings;
};

Walk WalkArguments(const DiscoveryRequest& request, Sources& sources);

}  // namespace fastest
