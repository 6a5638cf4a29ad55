// A scanner of Python's lexical structure: strings, brackets, comments, continuations, indentation.
//
// It finds where each logical line begins and ends. A `def` header at indentation N is followed by its body: all
// logical lines indented deeper. They are skipped, but scanned, because a string or bracket in a body may hold lines
// that look like anything. For example
//
//     def test_a(tmp_path):
//         text = """
//     def not_a_test(): ...
//     """
//
// is one header, the function test_a in the skeleton, and one body line, whose string spans three physical lines.
// The hot loop reads one table entry a byte.

#include "discovery/skeleton.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "discovery/source_text.h"

namespace fastest {
namespace {

enum Class : std::uint8_t { kPlain, kNewline, kHash, kQuote, kOpen, kClose, kBackslash };

constexpr std::array<std::uint8_t, 256> MakeClasses() {
  std::array<std::uint8_t, 256> classes{};
  classes['\n'] = kNewline;
  classes['#'] = kHash;
  classes['"'] = classes['\''] = kQuote;
  classes['('] = classes['['] = classes['{'] = kOpen;
  classes[')'] = classes[']'] = classes['}'] = kClose;
  classes['\\'] = kBackslash;
  return classes;
}
constexpr std::array<std::uint8_t, 256> kClasses = MakeClasses();

class Scanner {
 public:
  explicit Scanner(std::string_view source) : source_(source) {}

  Skeleton Scan();

 private:
  // A logical line of the source.
  struct Logical {
    std::size_t begin = 0;
    std::size_t code_end = 0;  // After the last character that is neither space nor comment.
    std::uint32_t indent = 0;
  };

  bool NextLogical(Logical& line);
  bool SkipIndent(std::uint32_t& indent);
  bool ScanToEnd(Logical& line);
  std::size_t LineEnd(std::size_t at) const;
  std::uint32_t LineNumber(std::size_t at);
  void KeepGlobals(std::string_view statement);
  void Keep(const Logical& line);
  void Emit(std::string_view text, const Logical& line, bool opens_block);
  bool EmitFunction(const Logical& line, std::string_view text);

  const std::string_view source_;
  std::size_t at_ = 0;
  Skeleton skeleton_;
  std::uint32_t row_ = 0;
  std::size_t counted_to_ = 0;
  std::uint32_t lines_before_ = 0;
};

std::size_t Scanner::LineEnd(std::size_t at) const {
  const void* found = at < source_.size() ? std::memchr(source_.data() + at, '\n', source_.size() - at) : nullptr;
  return found == nullptr ? source_.size() : static_cast<std::size_t>(static_cast<const char*>(found) - source_.data());
}

// Asked in ascending order.
std::uint32_t Scanner::LineNumber(std::size_t at) {
  lines_before_ += static_cast<std::uint32_t>(std::count(source_.begin() + static_cast<std::ptrdiff_t>(counted_to_),
                                                         source_.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
  counted_to_ = at;
  return lines_before_ + 1;
}

// Skips blank and comment lines and the indentation of the next other one. False at the end of the source.
bool Scanner::SkipIndent(std::uint32_t& indent) {
  indent = 0;
  while (at_ < source_.size()) {
    const char c = source_[at_];
    if (c == ' ') {
      ++indent;
    } else if (c == '\t') {
      indent = (indent / 8 + 1) * 8;
    } else if (c == '\n' || c == '\f' || c == '\r') {
      indent = 0;
    } else if (c == '#') {
      at_ = LineEnd(at_);
      continue;
    } else {
      return true;
    }
    ++at_;
  }
  return false;
}

// False if a string or a bracket does not close.
bool Scanner::ScanToEnd(Logical& line) {
  int depth = 0;
  line.code_end = at_;
  while (at_ < source_.size()) {
    const char c = source_[at_];
    switch (kClasses[static_cast<unsigned char>(c)]) {
      case kPlain:
        ++at_;
        if (c != ' ' && c != '\r' && c != '\t') line.code_end = at_;
        continue;
      case kNewline:
        ++at_;
        if (depth == 0) return true;
        continue;
      case kHash:
        at_ = LineEnd(at_);
        continue;
      case kQuote:
        at_ = SkipString(source_, at_);
        if (at_ == std::string_view::npos) return false;
        break;
      case kOpen:
        ++depth;
        ++at_;
        break;
      case kClose:
        if (--depth < 0) return false;
        ++at_;
        break;
      default:  // A backslash: the line goes on.
        at_ = std::min(at_ + 1, source_.size());
        if (at_ < source_.size() && source_[at_] == '\r') ++at_;
        if (at_ < source_.size()) ++at_;
        break;
    }
    line.code_end = at_;
  }
  return depth == 0;
}

bool Scanner::NextLogical(Logical& line) {
  if (!SkipIndent(line.indent)) return false;
  line.begin = at_;
  if (ScanToEnd(line)) return true;
  skeleton_.broken = true;
  return false;
}

void Scanner::KeepGlobals(std::string_view statement) {
  if (!statement.starts_with("global ")) return;
  for (const std::string_view name : SplitTopLevel(statement.substr(7))) skeleton_.rebound_globals.emplace_back(name);
}

void Scanner::Emit(std::string_view text, const Logical& line, bool opens_block) {
  skeleton_.text.append(line.indent, ' ');
  SkeletonLine kept;
  kept.begin = static_cast<std::uint32_t>(skeleton_.text.size());
  skeleton_.text.append(text);
  kept.end = static_cast<std::uint32_t>(skeleton_.text.size());
  kept.row = row_;
  kept.line = LineNumber(line.begin);
  kept.indent = line.indent;
  kept.opens_block = opens_block;
  skeleton_.text.push_back('\n');
  row_ += 1 + static_cast<std::uint32_t>(std::count(text.begin(), text.end(), '\n'));
  skeleton_.lines.push_back(kept);
}

// `def name(…) -> …:` becomes `def name(): pass` or 0. False if it is not a function's header.
bool Scanner::EmitFunction(const Logical& line, std::string_view text) {
  std::string_view rest = text;
  if (TakeWord(rest, "async")) rest = TrimLeft(rest);
  if (!TakeWord(rest, "def")) return false;
  rest = TrimLeft(rest);
  const std::string_view name = LeadingName(rest);
  rest = TrimLeft(rest.substr(name.size()));
  if (name.empty() || rest.empty() || (rest.front() != '(' && rest.front() != '[')) return false;
  const bool decorated = !skeleton_.lines.empty() && skeleton_.Text(skeleton_.lines.back()).starts_with('@');
  if (decorated) {
    std::string header = "def ";
    header.append(name).append("(): pass");
    Emit(header, line, false);
  } else {
    Emit("0", line, false);
  }
  skeleton_.lines.back().function = name;
  return true;
}

void Scanner::Keep(const Logical& line) {
  const std::string_view text = source_.substr(line.begin, line.code_end - line.begin);
  const bool opens_block = !text.empty() && text.back() == ':';
  const char first = text.front();
  const bool import = StartsWithWord(text, "from") || StartsWithWord(text, "import");
  if ((first == '"' || first == '\'') && SkipString(text, 0) == text.size()) {
    // A docstring. It may be a block's only statement.
    Emit("0", line, false);
  } else if (first == '@') {
    Emit(CollapseBrackets(text, 3), line, opens_block);
  } else if (import && FindTopLevel(text, ';') == std::string_view::npos) {
    Emit("0", line, false);
    skeleton_.lines.back().import = text;
  } else if (import || StartsWithWord(text, "class") || StartsWithWord(text, "pytestmark") ||
             StartsWithWord(text, "pytest_plugins") || StartsWithWord(text, "setattr") ||
             text.starts_with("collect_ignore")) {
    Emit(text, line, opens_block);
  } else {
    Emit(CollapseBrackets(text, 1), line, opens_block);
  }
}

Skeleton Scanner::Scan() {
  if (source_.starts_with("\xEF\xBB\xBF")) at_ = 3;
  Logical line;
  bool pending = NextLogical(line);
  while (pending) {
    const std::string_view text = source_.substr(line.begin, line.code_end - line.begin);
    if (!EmitFunction(line, text)) {
      Keep(line);
      pending = NextLogical(line);
      continue;
    }
    const std::uint32_t header = line.indent;
    while ((pending = NextLogical(line)) && line.indent > header)
      KeepGlobals(source_.substr(line.begin, line.code_end - line.begin));
  }
  return std::move(skeleton_);
}

}  // namespace

Skeleton MakeSkeleton(std::string_view source) { return Scanner(source).Scan(); }

}  // namespace fastest
