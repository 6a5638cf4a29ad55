// Python's fnmatch and glob, and pytest's own way to match a path with them. Pure but for ExpandGlob; any thread.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fastest {

// fnmatch.fnmatch on a POSIX system: *, ?, [seq], [!seq]; '*' matches '/' too.
bool FnMatch(std::string_view name, std::string_view pattern);

// pytest's rule for python_files and norecursedirs: a pattern without '/' is for the last part of `path`, one with '/'
// for the whole of it, wherever it begins.
bool PathMatches(std::string_view absolute_path, std::string_view pattern);
bool AnyPathMatches(std::string_view absolute_path, const std::vector<std::string>& patterns);

// pytest's rule for python_classes and python_functions: a prefix, or a pattern.
bool NameMatches(std::string_view name, const std::vector<std::string>& patterns);

// sorted(glob.glob(pattern, recursive=True)) in `directory`; the answers are relative if the pattern is.
std::vector<std::string> ExpandGlob(const std::string& directory, std::string_view pattern);

}  // namespace fastest
