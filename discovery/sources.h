// Sources: the outlines of files, read, parsed or taken from the cache, each once.
//
// Load() reads many in parallel; Find() reads one that nobody asked for before (a base class's module). Owns the
// outlines; pointers stay good for its life. One thread uses it (Load() uses more within).

#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/file_system.h"
#include "discovery/discovery.h"
#include "discovery/discovery_cache.h"
#include "discovery/outline.h"

namespace fastest {

struct Source {
  std::string path;
  FileStamp stamp;
  Outline outline;
  std::string problem;  // Why it could not be read; its outline is empty then.
  bool parsed = false;  // In this run; else it came from the cache.
};

class Sources {
 public:
  // `cache` may be null.
  Sources(ParserKind parser, unsigned threads, const DiscoveryCache* cache)
      : parser_(parser), threads_(threads), cache_(cache) {}

  void Load(const std::vector<std::string>& paths);
  // Null if there is no such file.
  const Source* Find(const std::string& path);

  // Those parsed in this run, for the cache.
  std::vector<DiscoveryCache::Entry> Parsed() const;
  std::vector<std::string> Problems() const;

 private:
  std::unique_ptr<Source> Read(const std::string& path) const;

  const ParserKind parser_;
  const unsigned threads_;
  const DiscoveryCache* const cache_;
  std::unordered_map<std::string, std::unique_ptr<Source>> sources_;
};

}  // namespace fastest
