// The skeleton of a Python file: what discovery needs of its text, as a shorter text, and nothing else.
//
// Function bodies, docstrings, comments and the insides of long literals are left out; headers, decorators, imports and
// module and class level statements stay. Both parsers read the skeleton, not the file: test files are bodies for the
// most part (networkx: nine tenths), and tree-sitter reads 7.5 MB/s where this scanner reads hundreds. What the scanner
// reads itself, imports and functions' names, is the shortest statement there is, "0" ("def name(): pass" below a
// decorator, where the grammar wants a definition).
// Pure; any thread.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fastest {

// One logical line of the skeleton: a statement, or the header of a compound one.
struct SkeletonLine {
  std::uint32_t begin = 0;  // In Skeleton::text, without indentation.
  std::uint32_t end = 0;
  std::uint32_t row = 0;   // Of `begin` in Skeleton::text, from 0.
  std::uint32_t line = 0;  // In the file, from 1.
  std::uint32_t indent = 0;
  bool opens_block = false;  // Ends with ':' and its block follows. Never so for functions: their body is gone.
  // What the scanner has read already, in the file's text, or empty: the name of the function that it defines; the
  // whole import statement.
  std::string_view function, import;
};

struct Skeleton {
  std::string text;
  std::vector<SkeletonLine> lines;
  std::vector<std::string> rebound_globals;  // Names in `global` statements of function bodies.
  bool broken = false;                       // Brackets or strings don't close: the skeleton ends early.

  std::string_view Text(const SkeletonLine& line) const {
    return std::string_view(text).substr(line.begin, line.end - line.begin);
  }
};

// `source` must outlive it.
Skeleton MakeSkeleton(std::string_view source);

}  // namespace fastest
