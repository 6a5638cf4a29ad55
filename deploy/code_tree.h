// CodeTree: the files of a project by content, as `fastest coordinator --sync` gives them to agents. Pure values.
//
// What stands in a tree that Parse() accepts can be put below any folder without leaving it: paths are relative,
// without "." and "..", nothing lies below a link or a file, links stay inside, modes are rwx bits. A tree from the
// network is only ever made by Parse(). Its text is one line an entry, sorted, ASCII whatever the names are
// (docs/protocol.md).

#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/result.h"

namespace fastest {

struct CodeEntry {
  enum class Kind : std::uint8_t { kFile, kLink, kFolder };
  Kind kind = Kind::kFile;
  std::uint32_t mode = 0;  // kFile: rwx bits.
  std::uint64_t size = 0;  // kFile.
  Digest digest{};         // kFile: of its content.
  std::string target;      // kLink.
};

class CodeTree {
 public:
  // By path relative to the root, in bytes. Folders stand here only if they are empty.
  std::map<std::string, CodeEntry> entries;

  // Reads Text(). An Error names the line's path and what is wrong with it.
  static Result<CodeTree> Parse(std::string_view text);
  std::string Text() const;
  // What stands for the whole: BLAKE2b of Text(), hex.
  std::string digest() const;
  // Bytes of all its files.
  std::uint64_t size() const;
  // "1.2 GB data/a.bin, 300 MB …": for a person.
  std::string BiggestFiles(std::size_t count) const;
  // The contents that `have` lacks, each once.
  std::vector<Digest> Missing(const std::set<Digest>& have) const;
};

// Why an entry may not stand in a tree, or "". `path`: relative to the root.
std::string PathProblem(std::string_view path);
// Of a link at `path` to `target`.
std::string LinkProblem(std::string_view path, std::string_view target);

}  // namespace fastest
