// The file, one section a line:
//
//     [{"format":"fastest discovery cache","version":1}
//     ,{"rootdir":"/home/me/project","parser":"ast","files":{"/home/me/project/tests/test_a.py":[MTIME,SIZE,OUTLINE],…}}
//     ]
//
// The section written last comes first; the oldest fall off the end when the file grows beyond kLargest.

#include "discovery/discovery_cache.h"

#include <simdjson.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <unordered_map>

#include "discovery/outline_json.h"

namespace fastest {
namespace {

constexpr std::size_t kLargest = 32U << 20U;
constexpr std::size_t kReadSize = 128U << 10U;

std::string Header() {
  return "[{\"format\":\"fastest discovery cache\",\"version\":" + std::to_string(kOutlineVersion) + "}\n";
}

std::string SectionStart(const DiscoveryCache::Key& key) {
  std::string start = ",{\"rootdir\":";
  AppendJsonString(start, key.rootdir);
  start.append(",\"parser\":");
  AppendJsonString(start, key.parser);
  return start.append(",\"files\":");
}

constexpr std::string_view kEnd = "\n]\n";

// The section lines of a cache file; nothing if it is damaged or of another version.
std::optional<std::vector<std::string_view>> SectionLines(std::string_view text) {
  if (!text.starts_with(Header()) || !text.ends_with(kEnd)) return std::nullopt;
  std::vector<std::string_view> lines;
  for (std::size_t begin = Header().size(); begin < text.size() - 2;) {
    const std::size_t end = text.find('\n', begin);
    if (text[begin] != ',') return std::nullopt;
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

// The line that begins with `start`, without the other projects' in memory; "" if there is none; nothing as above.
std::optional<std::string> SectionLine(std::istream& in, std::string_view start) {
  std::string line(kEnd.size(), ' ');
  in.seekg(-static_cast<std::streamoff>(kEnd.size()), std::ios::end).read(line.data(), std::ssize(line));
  if (!in || line != kEnd) return std::nullopt;
  if (!std::getline(in.seekg(0), line) || line + '\n' != Header()) return std::nullopt;
  while (std::getline(in, line) && line.starts_with(','))
    if (line.starts_with(start)) return line;
  if (line != "]") return std::nullopt;
  return "";
}

void AppendEntry(std::string& out, const DiscoveryCache::Entry& entry) {
  AppendJsonString(out, entry.path);
  out.append(":[")
      .append(std::to_string(entry.stamp.changed))
      .append(",")
      .append(std::to_string(entry.stamp.size))
      .push_back(',');
  AppendJson(out, *entry.outline);
  out.push_back(']');
}

}  // namespace

// A parsed section: the parser owns what the elements point to.
struct DiscoveryCache::Section {
  simdjson::dom::parser parser;
  std::unordered_map<std::string_view, simdjson::dom::element> files;

  // `line` without its comma. False: damaged.
  bool Parse(std::string_view line, std::size_t start_size) {
    simdjson::dom::element document;
    simdjson::dom::object entries;
    const simdjson::padded_string json(line.substr(start_size, line.size() - start_size - 1));
    if (parser.parse(json).get(document) != simdjson::SUCCESS || document.get(entries) != simdjson::SUCCESS)
      return false;
    files.reserve(entries.size());
    for (const auto& field : entries) files.emplace(field.key, field.value);
    return true;
  }
};

DiscoveryCache::DiscoveryCache(std::string file, Key key)
    : file_(std::move(file)), key_(std::move(key)), section_(std::make_unique<Section>()) {
  if (!IsFile(file_)) return;
  std::ifstream in;
  std::vector<char> buffer(kReadSize);
  in.rdbuf()->pubsetbuf(buffer.data(), std::ssize(buffer));
  in.open(file_, std::ios::binary);
  if (!in) {
    warning_ = FileError("cannot read", file_, errno).message;
    return;
  }
  const std::string start = SectionStart(key_);
  const auto line = SectionLine(in, start);
  if (!line) {
    warning_ = "the discovery cache " + file_ + " is damaged or of another version; it is rebuilt";
  } else if (!line->empty() && (!line->ends_with("}}") || !section_->Parse(*line, start.size()))) {
    section_->files.clear();
    warning_ = "the discovery cache " + file_ + " is damaged; this project's part is rebuilt";
  }
}

DiscoveryCache::~DiscoveryCache() = default;

std::optional<Outline> DiscoveryCache::Find(const std::string& path, FileStamp stamp) const {
  const auto found = section_->files.find(path);
  simdjson::dom::array fields;
  if (found == section_->files.end() || found->second.get(fields) != simdjson::SUCCESS || fields.size() != 3)
    return std::nullopt;
  std::int64_t changed = 0;
  std::uint64_t size = 0;
  Outline outline;
  auto field = fields.begin();
  if ((*field).get(changed) != simdjson::SUCCESS || changed != stamp.changed) return std::nullopt;
  if ((*++field).get(size) != simdjson::SUCCESS || size != stamp.size) return std::nullopt;
  if (!ReadOutline(*++field, outline)) return std::nullopt;
  return outline;
}

Status DiscoveryCache::Merge(const std::vector<Entry>& entries) const {
  if (!simdjson::validate_utf8(key_.rootdir)) return Ok();  // JSON can't say it.
  auto lock = LockFile(file_ + ".lock");
  if (!lock) return lock.error();
  // What stands there now, another run's work included.
  const DiscoveryCache current(file_, key_);
  const std::string start = SectionStart(key_);
  std::string out = Header() + start + "{";
  std::unordered_map<std::string_view, bool> ours;
  for (const Entry& entry : entries) {
    std::string text;
    AppendEntry(text, entry);
    if (!simdjson::validate_utf8(text)) continue;
    ours.emplace(entry.path, true);
    if (out.back() != '{') out.push_back(',');
    out.append(text);
  }
  for (const auto& [path, element] : current.section_->files) {
    if (ours.contains(path) || !IsFile(std::string(path))) continue;
    if (out.back() != '{') out.push_back(',');
    AppendJsonString(out, path);
    out.append(":").append(simdjson::minify(element));
  }
  out.append("}}\n");
  const auto contents = ReadFile(file_);
  if (const auto lines = contents ? SectionLines(contents->text) : std::nullopt)
    for (const std::string_view line : *lines)
      if (!line.starts_with(start) && out.size() + line.size() < kLargest) out.append(line).push_back('\n');
  out.append("]\n");
  return WriteFileAtomically(file_, out);
}

std::string DefaultCacheFile() {
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && *cache == '/')
    return std::string(cache) + "/fastest/discovery_cache.json";
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0')
    return std::string(home) + "/.cache/fastest/discovery_cache.json";
  return "";
}

}  // namespace fastest
