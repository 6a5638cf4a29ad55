#include "deploy/code_bundle.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/check.h"
#include "base/file_system.h"
#include "base/unique_fd.h"

namespace fastest {
namespace {

constexpr std::size_t kPiece = std::size_t{64} << 10;

struct EndOfArchive {
  void operator()(struct archive* archive) const { archive_free(archive); }
};
using Archive = std::unique_ptr<struct archive, EndOfArchive>;

std::string Why(struct archive* archive) {
  const char* why = archive_error_string(archive);
  return why == nullptr ? "malformed" : why;
}

}  // namespace

class BundleWriter::Packing {
 public:
  explicit Packing(std::vector<Source> sources) : sources_(std::move(sources)), archive_(archive_write_new()) {
    CHECK(archive_ != nullptr);
    CHECK(archive_write_set_format_pax_restricted(archive_.get()) == ARCHIVE_OK);
    CHECK(archive_write_add_filter_zstd(archive_.get()) == ARCHIVE_OK, Why(archive_.get()));
    archive_write_set_bytes_per_block(archive_.get(), 0);
    const auto keep = [](struct archive*, void* self, const void* bytes, std::size_t size) {
      static_cast<Packing*>(self)->packed_.append(static_cast<const char*>(bytes), size);
      return static_cast<la_ssize_t>(size);
    };
    CHECK(archive_write_open(archive_.get(), this, nullptr, keep, nullptr) == ARCHIVE_OK);
  }

  Result<std::string> Next() {
    while (packed_.size() < kPiece && !closed_) {
      const Status packed = PackSome();
      if (!packed.ok()) return packed.error();
    }
    return std::exchange(packed_, {});
  }

 private:
  Status PackSome() {
    if (fd_.valid()) return PackPiece();
    if (next_ < sources_.size()) return Begin(sources_[next_]);
    closed_ = true;
    return archive_write_close(archive_.get()) == ARCHIVE_OK ? Ok() : Status(Error{Why(archive_.get())});
  }

  Status Begin(const Source& source) {
    fd_ = UniqueFd(::open(source.path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    struct stat found {};
    if (!fd_.valid() || ::fstat(fd_.get(), &found) != 0 || !S_ISREG(found.st_mode) ||
        static_cast<std::uint64_t>(found.st_size) != source.size)
      return Changed(source);
    hasher_ = Hasher();
    left_ = source.size;
    struct archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, Hex(source.digest).c_str());
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0600);
    archive_entry_set_size(entry, static_cast<la_int64_t>(source.size));
    const int written = archive_write_header(archive_.get(), entry);
    archive_entry_free(entry);
    return written == ARCHIVE_OK ? Ok() : Status(Error{Why(archive_.get())});
  }

  Status PackPiece() {
    const Source& source = sources_[next_];
    if (left_ == 0) {
      fd_.reset();
      ++next_;
      return hasher_.Finish() == source.digest ? Ok() : Changed(source);
    }
    std::array<char, kPiece> piece;
    const ssize_t got = ::read(fd_.get(), piece.data(), std::min<std::uint64_t>(piece.size(), left_));
    if (got < 0 && errno == EINTR) return Ok();
    if (got <= 0) return Changed(source);
    left_ -= static_cast<std::uint64_t>(got);
    hasher_.Add({piece.data(), static_cast<std::size_t>(got)});
    const auto written = archive_write_data(archive_.get(), piece.data(), static_cast<std::size_t>(got));
    return written == got ? Ok() : Status(Error{Why(archive_.get())});
  }

  static Status Changed(const Source& source) {
    return Error{source.path + " has changed on the coordinator since the run began"};
  }

  std::vector<Source> sources_;
  std::string packed_;  // Before archive_, which writes its end into it when it is freed.
  Archive archive_;
  std::size_t next_ = 0;
  UniqueFd fd_;  // Of sources_[next_], once begun.
  Hasher hasher_;
  std::uint64_t left_ = 0;
  bool closed_ = false;
};

BundleWriter::BundleWriter(std::vector<Source> sources) : packing_(std::make_unique<Packing>(std::move(sources))) {}
BundleWriter::~BundleWriter() = default;
Result<std::string> BundleWriter::Next() { return packing_->Next(); }

namespace {

// The content of the entry whose header was read last.
Status ReadContent(struct archive* archive, const Digest& digest, std::uint64_t size, const std::string& path) {
  const std::string draft = fmt::format("{}.{}.new", path, ::getpid());
  UniqueFd fd(::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) return Error{fmt::format("cannot write {}: {}", draft, std::strerror(errno))};
  Hasher hasher;
  std::array<char, kPiece> piece;
  la_ssize_t got = 0;
  std::string problem;
  while (problem.empty() && (got = archive_read_data(archive, piece.data(), piece.size())) > 0) {
    const std::string_view bytes(piece.data(), static_cast<std::size_t>(got));
    if (bytes.size() > size) {
      problem = "a content is larger than it was said to be";
    } else if (!WriteAll(fd.get(), bytes)) {
      problem = fmt::format("cannot write {}: {}", draft, std::strerror(errno));
    }
    size -= std::min<std::uint64_t>(bytes.size(), size);
    hasher.Add(bytes);
  }
  if (problem.empty() && got < 0) problem = "the bundle is damaged: " + Why(archive);
  if (problem.empty() && (size > 0 || hasher.Finish() != digest)) problem = "a content is not what its digest says";
  if (problem.empty() && ::rename(draft.c_str(), path.c_str()) == 0) return Ok();
  if (problem.empty()) problem = fmt::format("cannot write {}: {}", path, std::strerror(errno));
  ::unlink(draft.c_str());
  return Error{problem};
}

}  // namespace

Status ReadBundle(const std::string& file, const std::map<Digest, std::uint64_t>& wanted,
                  const std::function<std::string(const Digest&)>& place) {
  const Archive archive(archive_read_new());
  CHECK(archive != nullptr);
  // Nothing else is tried: neither other formats nor programs that unpack them.
  archive_read_support_format_tar(archive.get());
  archive_read_support_filter_zstd(archive.get());
  if (archive_read_open_filename(archive.get(), file.c_str(), kPiece) != ARCHIVE_OK)
    return Error{"the bundle is damaged: " + Why(archive.get())};
  std::map<Digest, std::uint64_t> missing = wanted;
  struct archive_entry* entry = nullptr;
  int read = ARCHIVE_OK;
  while ((read = archive_read_next_header(archive.get(), &entry)) == ARCHIVE_OK) {
    const char* name = archive_entry_pathname(entry);
    const auto digest = DigestFromHex(name == nullptr ? "" : name);
    const auto found = digest ? missing.find(*digest) : missing.end();
    if (found == missing.end() || archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) != nullptr)
      return Error{"the bundle holds something that was not asked for"};
    if (archive_entry_size(entry) != static_cast<la_int64_t>(found->second))
      return Error{"a content has another size than it was said to have"};
    const Status content = ReadContent(archive.get(), *digest, found->second, place(*digest));
    if (!content.ok()) return content;
    missing.erase(found);
  }
  if (read != ARCHIVE_EOF) return Error{"the bundle is damaged: " + Why(archive.get())};
  return missing.empty() ? Ok() : Status(Error{fmt::format("the bundle lacks {} contents", missing.size())});
}

}  // namespace fastest
