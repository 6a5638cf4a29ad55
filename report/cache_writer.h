// CacheWriter: keeps pytest's own cache (lastfailed, nodeids, stepwise) as a pytest run would have left it.
//
// Reads the old files at RunStarted and writes at RunFinished, with pytest's format and only what pytest would write:
// nothing with -p no:cacheprovider or --cache-show, no node ids with --collect-only. A failure to write is told to
// `complain`.

#pragma once

#include <functional>
#include <memory>
#include <string>

#include "protocol/event.h"

namespace fastest {

class CacheWriter : public Reporter {
 public:
  explicit CacheWriter(std::function<void(const std::string&)> complain);
  ~CacheWriter() override;

  void OnEvent(const Event& event) override;

 private:
  class Cache;
  std::unique_ptr<Cache> cache_;
  std::function<void(const std::string&)> complain_;
};

}  // namespace fastest
