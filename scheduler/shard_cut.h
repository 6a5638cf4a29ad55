// ShardCut: which of N shards runs a test, where the shards are CI jobs that cannot talk to one another.
//
// A function of the test files, their predicted seconds and N alone: every job that knows the same computes the same
// cut, whatever the order in which it learned them, and every node id whatever belongs to exactly one shard. Files that
// nobody foresaw fall to a shard by a hash of their path. A file that alone outweighs a shard's even share is split by
// its top-level functions and classes; a class and a function's parameters stay together. Values; pure.

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fastest {

struct ShardFile {
  std::string path;        // As in node ids.
  double seconds = -1;     // Predicted; negative: unknown, presumed to be the mean of the known ones.
  bool may_split = false;  // Its functions do not lean on each other.
  std::vector<std::pair<std::string, double>> groups;  // Seconds of the top-level names that are known one by one.
};

// A 64-bit FNV-1a hash, folded to 32 bits. The workers compute the same (worker/fastest/shard.py).
std::uint32_t ShardHash(std::string_view text);

// "test_x" of "a.py::test_x[1]", "TestB" of "a.py::TestB::test_y"; "" for a node id that is a path.
std::string_view ShardGroup(std::string_view node_id);

class ShardCut {
 public:
  // `total` >= 1 shards, numbered from 0. `salt`: what else the shards must agree on, for the digest.
  ShardCut(std::vector<ShardFile> files, std::uint32_t total, std::string_view salt = "");

  // A cut that was made before, by its parts. Its loads are not known any more.
  ShardCut(std::uint32_t total, std::string digest, std::map<std::string, std::uint32_t> files,
           std::map<std::string, std::map<std::string, std::uint32_t>> split)
      : total_(total), files_(std::move(files)), split_(std::move(split)), digest_(std::move(digest)) {}

  std::uint32_t total() const { return total_; }
  bool IsSplit(const std::string& path) const { return split_.contains(path); }
  // The shard of a file that is not split.
  std::uint32_t OfFile(const std::string& path) const;
  std::uint32_t OfTest(const std::string& node_id) const;
  // Whether the shard may have tests of the file.
  bool Takes(std::uint32_t shard, const std::string& path) const { return IsSplit(path) || OfFile(path) == shard; }

  // 16 hexadecimal digits: equal where the cut is.
  const std::string& digest() const { return digest_; }
  // Predicted seconds by shard.
  const std::vector<double>& loads() const { return loads_; }
  // Foreseen files that are whole; and of each split file the foreseen names.
  const std::map<std::string, std::uint32_t>& files() const { return files_; }
  const std::map<std::string, std::map<std::string, std::uint32_t>>& split() const { return split_; }

 private:
  std::uint32_t total_;
  std::map<std::string, std::uint32_t> files_;
  std::map<std::string, std::map<std::string, std::uint32_t>> split_;
  std::string digest_;
  std::vector<double> loads_;
};

}  // namespace fastest
