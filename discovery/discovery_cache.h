// DiscoveryCache: the outlines of earlier runs, by path; an entry holds while the file's ctime and size stay the same.
//
// One JSON file for all projects: a header line, then one line for each (rootdir, parser, version), so that one
// project's section is found and parsed without parsing the others. Replaced atomically; written only when something
// changed, under a lock, merged with what another run wrote meanwhile. A damaged or outdated file is told of and
// rebuilt, never an error. Find() may be called from several threads at once.

#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.h"
#include "discovery/outline.h"

namespace fastest {

class DiscoveryCache {
 public:
  // `key` names the section: rootdir and parser.
  struct Key {
    std::string rootdir;
    std::string parser;
  };

  DiscoveryCache(std::string file, Key key);
  ~DiscoveryCache();
  DiscoveryCache(const DiscoveryCache&) = delete;
  DiscoveryCache& operator=(const DiscoveryCache&) = delete;

  // The outline of the file at `path` if it is known for this stamp.
  std::optional<Outline> Find(const std::string& path, FileStamp stamp) const;

  struct Entry {
    std::string path;
    FileStamp stamp;
    const Outline* outline;
  };
  // Adds or replaces these entries. Entries of files that are gone are dropped.
  Status Merge(const std::vector<Entry>& entries) const;

  // Why what was there could not be used; empty: nothing to say.
  const std::string& warning() const { return warning_; }

 private:
  struct Section;

  const std::string file_;
  const Key key_;
  std::unique_ptr<Section> section_;
  std::string warning_;
};

// $XDG_CACHE_HOME/fastest/discovery_cache.json, else ~/.cache/fastest/discovery_cache.json; "" without a home.
std::string DefaultCacheFile();

}  // namespace fastest
