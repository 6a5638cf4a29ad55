#include "deploy/pod_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/base64.h"

namespace fastest {
namespace {

constexpr std::string_view kPrefix = "fastest-report ";
// Container runtimes break a line at 16 KiB; kubectl joins the pieces, others may not.
constexpr std::size_t kLineBytes = 6000;

std::string_view Word(std::string_view* text) {
  const auto end = std::min(text->find(' '), text->size());
  const std::string_view word = text->substr(0, end);
  text->remove_prefix(std::min(end + 1, text->size()));
  return word;
}

}  // namespace

std::string LogLinesOf(const std::string& name, std::string_view bytes) {
  std::string text = fmt::format("{}begin {} {} {}\n", kPrefix, name, bytes.size(), Hex(Blake2b(bytes)));
  for (std::size_t at = 0; at < bytes.size(); at += kLineBytes)
    text += fmt::format("{}data {}\n", kPrefix, Base64(bytes.substr(at, kLineBytes)));
  return text + fmt::format("{}end {}\n", kPrefix, name);
}

bool IsReportName(std::string_view name) {
  const auto plain = [](char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7f && c != '/'; };
  return !name.empty() && name.size() <= 255 && name[0] != '.' && std::all_of(name.begin(), name.end(), plain);
}

void PodLogReader::Add(std::string_view bytes) {
  partial_ += bytes;
  std::size_t at = 0;
  for (auto end = partial_.find('\n'); end != std::string::npos; end = partial_.find('\n', at)) {
    TakeLine(std::string_view(partial_).substr(at, end + 1 - at));
    at = end + 1;
  }
  partial_.erase(0, at);
}

void PodLogReader::Close() {
  if (!partial_.empty()) TakeLine(partial_);
  partial_.clear();
  if (open_) heard_.damaged(open_->name);
  open_.reset();
}

void PodLogReader::TakeLine(std::string_view line) {
  std::string_view rest = line;
  if (rest.ends_with('\n')) rest.remove_suffix(1);
  if (!rest.starts_with(kPrefix)) return heard_.text(line);
  rest.remove_prefix(kPrefix.size());
  const std::string_view what = Word(&rest);
  if (what == "begin") return Begin(line, rest);
  if (!open_) return heard_.text(line);
  if (what == "data") {
    const auto bytes = BytesFromBase64(rest);
    open_->damaged |= !bytes || open_->bytes.size() + bytes->size() > open_->size;
    if (!open_->damaged) open_->bytes += *bytes;
  } else if (what == "end" && rest == open_->name) {
    End();
  }
}

void PodLogReader::Begin(std::string_view line, std::string_view rest) {
  if (open_) heard_.damaged(open_->name);
  open_.reset();
  File file;
  file.name = Word(&rest);
  const std::string_view size = Word(&rest);
  const auto digest = DigestFromHex(rest);
  const auto [end, failed] = std::from_chars(size.data(), size.data() + size.size(), file.size);
  if (!IsReportName(file.name) || !digest || failed != std::errc() || end != size.data() + size.size())
    return heard_.text(line);
  file.digest = *digest;
  open_ = std::move(file);
}

void PodLogReader::End() {
  const File file = *std::move(open_);
  open_.reset();
  if (file.damaged || file.bytes.size() != file.size || Blake2b(file.bytes) != file.digest)
    return heard_.damaged(file.name);
  heard_.file(file.name, file.bytes);
}

}  // namespace fastest
