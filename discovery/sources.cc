#include "discovery/sources.h"

#include <algorithm>

#include "base/thread_pool.h"
#include "discovery/ast_parser.h"
#include "discovery/line_parser.h"

namespace fastest {
namespace {

// Files a thread must have before another thread is worth its start.
constexpr std::size_t kGrain = 2;

}  // namespace

std::unique_ptr<Source> Sources::Read(const std::string& path) const {
  const auto stamp = StampOf(path);
  if (!stamp) return nullptr;
  auto source = std::make_unique<Source>();
  source->path = path;
  source->stamp = *stamp;
  if (cache_ != nullptr) {
    if (auto known = cache_->Find(path, *stamp)) {
      source->outline = *std::move(known);
      return source;
    }
  }
  auto contents = ReadFile(path);
  if (!contents) {
    source->problem = contents.error().message;
    source->outline.unparsable = true;
    return source;
  }
  source->stamp = contents->stamp;
  source->outline = parser_ == ParserKind::kAst ? ParseAst(contents->text) : ParseLines(contents->text);
  source->parsed = true;
  return source;
}

void Sources::Load(const std::vector<std::string>& paths) {
  std::vector<std::string> wanted;
  for (const std::string& path : paths)
    if (!sources_.contains(path)) wanted.push_back(path);
  std::vector<std::unique_ptr<Source>> read(wanted.size());
  ParallelFor(wanted.size(), threads_, kGrain, [&](std::size_t index) { read[index] = Read(wanted[index]); });
  for (std::size_t index = 0; index < wanted.size(); ++index) sources_.emplace(wanted[index], std::move(read[index]));
}

const Source* Sources::Find(const std::string& path) {
  auto found = sources_.find(path);
  if (found == sources_.end()) found = sources_.emplace(path, Read(path)).first;
  return found->second.get();
}

std::vector<DiscoveryCache::Entry> Sources::Parsed() const {
  std::vector<DiscoveryCache::Entry> parsed;
  for (const auto& [path, source] : sources_)
    if (source != nullptr && source->parsed) parsed.push_back({path, source->stamp, &source->outline});
  std::sort(parsed.begin(), parsed.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  return parsed;
}

std::vector<std::string> Sources::Problems() const {
  std::vector<std::string> problems;
  for (const auto& [path, source] : sources_)
    if (source != nullptr && !source->problem.empty()) problems.push_back(source->problem);
  std::sort(problems.begin(), problems.end());
  return problems;
}

}  // namespace fastest
