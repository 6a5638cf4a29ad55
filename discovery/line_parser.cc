#include "discovery/line_parser.h"

#include <vector>

#include "discovery/outline_builder.h"
#include "discovery/skeleton.h"
#include "discovery/source_text.h"

namespace fastest {
namespace {

class LineParser {
 public:
  explicit LineParser(std::string_view source) : skeleton_(MakeSkeleton(source)), builder_(source) {}

  Outline Parse() {
    for (const SkeletonLine& line : skeleton_.lines) {
      if (skipped_indent_ >= 0 && static_cast<int>(line.indent) > skipped_indent_) continue;
      skipped_indent_ = -1;
      CloseBlocks(line.indent);
      Line(skeleton_.Text(line), line);
    }
    CloseBlocks(0);
    if (skeleton_.broken) builder_.Unparsable();
    builder_.Rebound(std::move(skeleton_.rebound_globals));
    return builder_.Finish();
  }

 private:
  struct Block {
    std::uint32_t indent;
    bool is_class;
  };

  void CloseBlocks(std::uint32_t indent) {
    while (!open_.empty() && open_.back().indent >= indent) {
      open_.back().is_class ? builder_.EndClass() : builder_.EndBlock();
      open_.pop_back();
    }
  }

  void Line(std::string_view text, const SkeletonLine& line) {
    std::string_view rest = text;
    if (rest.starts_with('@')) return builder_.Decorator(rest.substr(1));
    if (!line.function.empty()) return builder_.Function(line.function, line.line);
    if (!line.import.empty()) return builder_.Statement(line.import, line.line);
    if (TakeWord(rest, "class")) return Class(rest, line);
    if (IsCompound(text)) return Compound(text, line);
    Simple(text, line.line);
  }

  static bool IsCompound(std::string_view text) {
    for (const std::string_view word :
         {"if", "elif", "else", "try", "except", "finally", "for", "while", "with", "async", "match", "case"})
      if (StartsWithWord(text, word)) {
        // `match` and `case` are names elsewhere.
        const std::size_t colon = FindTopLevel(text, ':');
        const bool soft = word == "match" || word == "case";
        return colon != std::string_view::npos && (!soft || colon + 1 == text.size());
      }
    return false;
  }

  void Class(std::string_view rest, const SkeletonLine& line) {
    rest = TrimLeft(rest);
    const std::string_view name = LeadingName(rest);
    rest = TrimLeft(rest.substr(name.size()));
    if (rest.starts_with('[')) rest = TrimLeft(rest.substr(SkipBrackets(rest, 0)));
    std::string_view arguments;
    if (rest.starts_with('(')) {
      const std::size_t end = SkipBrackets(rest, 0);
      arguments = rest.substr(1, end - 2);
      rest = TrimLeft(rest.substr(end));
    }
    builder_.BeginClass(name, arguments, line.line);
    if (line.opens_block) return open_.push_back({line.indent, true});
    if (rest.starts_with(':')) Simple(rest.substr(1), line.line);
    builder_.EndClass();
  }

  void Compound(std::string_view text, const SkeletonLine& line) {
    const std::size_t colon = FindTopLevel(text, ':');
    if (!builder_.BeginBlock(Trim(text.substr(0, colon)), line.line)) {
      skipped_indent_ = static_cast<int>(line.indent);
      return;
    }
    if (line.opens_block) return open_.push_back({line.indent, false});
    Simple(text.substr(colon + 1), line.line);
    builder_.EndBlock();
  }

  void Simple(std::string_view text, std::uint32_t line) {
    for (const std::string_view statement : SplitTopLevel(text, ';')) builder_.Statement(statement, line);
  }

  Skeleton skeleton_;
  OutlineBuilder builder_;
  std::vector<Block> open_;
  int skipped_indent_ = -1;
};

}  // namespace

Outline ParseLines(std::string_view source) { return LineParser(source).Parse(); }

}  // namespace fastest
