// A bundle: contents of files on their way to an agent, a tar archive in zstd's format with one entry a content.
//
// An entry's name is the digest of its content, in hex: where files lie is the tree's business (deploy/code_tree.h), so
// that a bundle can't name a place. One thread.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/result.h"

namespace fastest {

// Packs piece by piece, with memory for a few of them, whatever the files' sizes.
class BundleWriter {
 public:
  struct Source {
    Digest digest;
    std::uint64_t size = 0;
    std::string path;
  };
  explicit BundleWriter(std::vector<Source> sources);
  ~BundleWriter();
  BundleWriter(const BundleWriter&) = delete;
  BundleWriter& operator=(const BundleWriter&) = delete;

  // The next piece, some 64 KiB; "": the bundle is at its end. An Error: a file is not (any more) what `sources` say.
  Result<std::string> Next();

 private:
  class Packing;
  std::unique_ptr<Packing> packing_;
};

// Reads the bundle in `file`: each content of `wanted` (by digest: its size) goes into the file that `place` names,
// which is there whole or not at all. Anything else in the bundle is an Error, as is a content that is not what its
// name says. What was read before an Error stays.
Status ReadBundle(const std::string& file, const std::map<Digest, std::uint64_t>& wanted,
                  const std::function<std::string(const Digest&)>& place);

}  // namespace fastest
