// The longest first, each to the shard that has least (LPT). Seconds are counted in whole microseconds, so that sums
// are the same on every machine.
//
// Example, 2 shards: big.py 9 s (test_a 5 s, test_b 4 s), x.py 2 s, y.py 1 s. An even share is 6 s, so big.py is split:
// test_a to shard 0 (5 s), test_b to shard 1 (4 s), x.py to shard 1 (6 s), y.py to shard 0 (6 s).

#include "scheduler/shard_cut.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "protocol/node_id.h"

namespace fastest {
namespace {

constexpr std::uint64_t kFnvStart = 14695981039346656037ULL;
constexpr std::uint64_t kFnvPrime = 1099511628211ULL;
constexpr std::int64_t kSecond = 1'000'000;

std::uint64_t Fnv(std::string_view text, std::uint64_t hash = kFnvStart) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * kFnvPrime;
  return hash;
}

// At least 1: a file always weighs something, so that files without any duration are dealt out evenly.
std::int64_t Microseconds(double seconds) {
  if (!(seconds > 0)) return 1;  // Not a number, too.
  return std::max<std::int64_t>(std::llround(std::min(seconds, 1e9) * static_cast<double>(kSecond)), 1);
}

struct Piece {
  std::int64_t weight = 0;
  std::string path;
  std::string group;  // Of a split file; else "".

  std::string Name() const { return group.empty() ? path : path + "::" + group; }
};

std::int64_t MeanOfKnown(const std::vector<ShardFile>& files) {
  std::int64_t sum = 0, known = 0;
  for (const ShardFile& file : files) {
    if (!(file.seconds >= 0)) continue;
    sum += Microseconds(file.seconds);
    ++known;
  }
  return known == 0 ? kSecond : std::max<std::int64_t>(sum / known, 1);
}

}  // namespace

std::uint32_t ShardHash(std::string_view text) {
  const std::uint64_t hash = Fnv(text);
  return static_cast<std::uint32_t>(hash ^ (hash >> 32));
}

std::string_view ShardGroup(std::string_view node_id) {
  const auto begin = node_id.find("::");
  if (begin == std::string_view::npos) return "";
  const std::string_view names = node_id.substr(begin + 2);
  return names.substr(0, std::min(names.find("::"), names.find('[')));
}

ShardCut::ShardCut(std::vector<ShardFile> files, std::uint32_t total, std::string_view salt) : total_(total) {
  CHECK(total >= 1, total);
  // One entry a path, whatever came twice and in whichever order.
  std::sort(files.begin(), files.end(), [](const ShardFile& a, const ShardFile& b) { return a.path < b.path; });
  files.erase(
      std::unique(files.begin(), files.end(), [](const ShardFile& a, const ShardFile& b) { return a.path == b.path; }),
      files.end());

  const std::int64_t mean = MeanOfKnown(files);
  std::int64_t all = 0;
  for (const ShardFile& file : files) all += file.seconds >= 0 ? Microseconds(file.seconds) : mean;
  std::vector<std::int64_t> loads(total, 0);
  std::vector<Piece> pieces;
  std::uint64_t digest = Fnv(fmt::format("fastest cut 1\n{}\n{}\n", total, salt));
  for (ShardFile& file : files) {
    const std::int64_t weight = file.seconds >= 0 ? Microseconds(file.seconds) : mean;
    const bool splits = file.may_split && total > 1 && weight > all / total;
    digest = Fnv(fmt::format("{}\n{} {}\n", file.path, weight, splits), digest);
    if (!splits) {
      pieces.push_back({weight, file.path, ""});
      continue;
    }
    split_[file.path];
    std::sort(file.groups.begin(), file.groups.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    std::int64_t rest = weight;  // Of names that nobody foresaw: anywhere, so everywhere alike.
    for (const auto& [group, seconds] : file.groups) {
      if (group.empty() || !split_[file.path].emplace(group, 0).second) continue;
      pieces.push_back({Microseconds(seconds), file.path, group});
      rest -= pieces.back().weight;
      digest = Fnv(fmt::format(" {}\n {}\n", group, pieces.back().weight), digest);
    }
    for (std::int64_t& load : loads) load += std::max<std::int64_t>(rest, 0) / total;
  }
  digest_ = fmt::format("{:016x}", digest);

  std::sort(pieces.begin(), pieces.end(), [](const Piece& a, const Piece& b) {
    return std::pair(-a.weight, a.Name()) < std::pair(-b.weight, b.Name());
  });
  for (const Piece& piece : pieces) {
    const auto least = std::min_element(loads.begin(), loads.end());
    *least += piece.weight;
    const auto shard = static_cast<std::uint32_t>(least - loads.begin());
    (piece.group.empty() ? files_[piece.path] : split_[piece.path][piece.group]) = shard;
  }
  for (const std::int64_t load : loads) loads_.push_back(static_cast<double>(load) / static_cast<double>(kSecond));
}

std::uint32_t ShardCut::OfFile(const std::string& path) const {
  const auto known = files_.find(path);
  return known != files_.end() ? known->second : ShardHash(path) % total_;
}

std::uint32_t ShardCut::OfTest(const std::string& node_id) const {
  const std::string path(FileOf(node_id));
  const auto split = split_.find(path);
  if (split == split_.end()) return OfFile(path);
  const std::string group(ShardGroup(node_id));
  const auto known = split->second.find(group);
  return known != split->second.end() ? known->second : ShardHash(path + "::" + group) % total_;
}

}  // namespace fastest
