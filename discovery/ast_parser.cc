#include "discovery/ast_parser.h"

#include <tree_sitter/api.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "discovery/outline_builder.h"
#include "discovery/skeleton.h"

extern "C" const TSLanguage* tree_sitter_python(void);

namespace fastest {
namespace {

struct FreeParser {
  void operator()(TSParser* parser) const { ts_parser_delete(parser); }
};
struct FreeTree {
  void operator()(TSTree* tree) const { ts_tree_delete(tree); }
};
using Tree = std::unique_ptr<TSTree, FreeTree>;

// The grammar's numbers for the words that we ask for: comparing numbers, not names, halves the walk.
struct Words {
  TSSymbol function, klass, decorated, decorator, block, comment;
  TSSymbol compound[8];
  TSFieldId name, superclasses, body, definition;
};

TSSymbol Symbol(std::string_view name) {
  return ts_language_symbol_for_name(tree_sitter_python(), name.data(), static_cast<std::uint32_t>(name.size()), true);
}
TSFieldId Field(std::string_view name) {
  return ts_language_field_id_for_name(tree_sitter_python(), name.data(), static_cast<std::uint32_t>(name.size()));
}

const Words& GrammarWords() {
  static const Words words{
      Symbol("function_definition"),
      Symbol("class_definition"),
      Symbol("decorated_definition"),
      Symbol("decorator"),
      Symbol("block"),
      Symbol("comment"),
      {Symbol("if_statement"), Symbol("for_statement"), Symbol("while_statement"), Symbol("try_statement"),
       Symbol("with_statement"), Symbol("match_statement"), Symbol("case_clause"), Symbol("ERROR")},
      Field("name"),
      Field("superclasses"),
      Field("body"),
      Field("definition")};
  return words;
}

Tree ParseText(std::string_view text) {
  // Parsers are not shared between threads; making one costs little, but not nothing.
  thread_local const std::unique_ptr<TSParser, FreeParser> parser([] {
    TSParser* made = ts_parser_new();
    ts_parser_set_language(made, tree_sitter_python());
    return made;
  }());
  return Tree(ts_parser_parse_string(parser.get(), nullptr, text.data(), static_cast<std::uint32_t>(text.size())));
}

class Walker {
 public:
  // `skeleton`: what `text` is, to find line numbers; null where it is the file itself.
  Walker(std::string_view text, const Skeleton* skeleton, OutlineBuilder& builder)
      : text_(text), skeleton_(skeleton), builder_(builder) {}

  void Body(TSNode parent) {
    const std::uint32_t count = ts_node_child_count(parent);
    TSTreeCursor cursor = ts_tree_cursor_new(parent);
    if (count > 0 && ts_tree_cursor_goto_first_child(&cursor)) {
      do {
        const TSNode child = ts_tree_cursor_current_node(&cursor);
        if (ts_node_is_named(child)) Statement(child);
      } while (ts_tree_cursor_goto_next_sibling(&cursor));
    }
    ts_tree_cursor_delete(&cursor);
  }

 private:
  std::string_view Text(TSNode node) const {
    const std::uint32_t begin = ts_node_start_byte(node);
    return text_.substr(begin, ts_node_end_byte(node) - begin);
  }

  // The skeleton's line that holds `row`; null where there is none.
  const SkeletonLine* SkeletonLineOf(std::uint32_t row) const {
    if (skeleton_ == nullptr) return nullptr;
    const auto& lines = skeleton_->lines;
    const auto after =
        std::upper_bound(lines.begin(), lines.end(), row,
                         [](std::uint32_t wanted, const SkeletonLine& line) { return wanted < line.row; });
    return after == lines.begin() ? nullptr : &*std::prev(after);
  }

  std::uint32_t Line(TSNode node) const {
    const std::uint32_t row = ts_node_start_point(node).row;
    const SkeletonLine* const line = SkeletonLineOf(row);
    return line == nullptr ? row + 1 : line->line + (row - line->row);
  }

  void Statement(TSNode node) {
    const TSSymbol symbol = ts_node_symbol(node);
    const Words& words = GrammarWords();
    if (symbol == words.comment) return;
    if (symbol == words.function) {
      const TSNode name = ts_node_child_by_field_id(node, words.name);
      return builder_.Function(Text(name), Line(node));
    }
    if (symbol == words.klass) return Class(node);
    if (symbol == words.decorated) return Decorated(node);
    if (std::find(std::begin(words.compound), std::end(words.compound), symbol) != std::end(words.compound))
      return Compound(node);
    if (const SkeletonLine* line = SkeletonLineOf(ts_node_start_point(node).row)) {
      if (!line->function.empty()) return builder_.Function(line->function, line->line);
      if (!line->import.empty()) return builder_.Statement(line->import, line->line);
    }
    builder_.Statement(Text(node), Line(node));
  }

  void Decorated(TSNode node) {
    const std::uint32_t count = ts_node_named_child_count(node);
    for (std::uint32_t index = 0; index < count; ++index) {
      const TSNode child = ts_node_named_child(node, index);
      if (ts_node_symbol(child) == GrammarWords().decorator) {
        builder_.Decorator(Text(child).substr(1));
      } else {
        Statement(child);
      }
    }
  }

  void Class(TSNode node) {
    const Words& words = GrammarWords();
    const TSNode bases = ts_node_child_by_field_id(node, words.superclasses);
    std::string_view arguments;
    if (!ts_node_is_null(bases)) {
      arguments = Text(bases);
      if (arguments.size() >= 2) arguments = arguments.substr(1, arguments.size() - 2);
    }
    builder_.BeginClass(Text(ts_node_child_by_field_id(node, words.name)), arguments, Line(node));
    const TSNode body = ts_node_child_by_field_id(node, words.body);
    if (!ts_node_is_null(body)) Body(body);
    builder_.EndClass();
  }

  // An if, for, try …: its header runs to its first block, and so on for each of its clauses.
  void Compound(TSNode node) {
    std::uint32_t header = ts_node_start_byte(node);
    const std::uint32_t count = ts_node_child_count(node);
    for (std::uint32_t index = 0; index < count; ++index) {
      const TSNode child = ts_node_child(node, index);
      if (ts_node_symbol(child) == GrammarWords().block) {
        std::string_view text = text_.substr(header, ts_node_start_byte(child) - header);
        text = text.substr(0, text.rfind(':'));
        if (builder_.BeginBlock(text, Line(node))) {
          Body(child);
          builder_.EndBlock();
        }
        header = ts_node_end_byte(child);
      } else if (IsClause(child)) {
        Compound(child);
      }
    }
  }

  static bool IsClause(TSNode node) {
    const std::string_view type = ts_node_type(node);
    return type.ends_with("_clause") || type == "with_item" || type == "case_clause" || type == "block";
  }

  const std::string_view text_;
  const Skeleton* const skeleton_;
  OutlineBuilder& builder_;
};

}  // namespace

Outline ParseAst(std::string_view source) {
  Skeleton skeleton = MakeSkeleton(source);
  OutlineBuilder builder(source);
  builder.Rebound(std::move(skeleton.rebound_globals));
  if (!skeleton.broken) {
    const Tree tree = ParseText(skeleton.text);
    const TSNode root = ts_tree_root_node(tree.get());
    if (!ts_node_has_error(root)) {
      Walker(skeleton.text, &skeleton, builder).Body(root);
      return builder.Finish();
    }
  }
  const Tree tree = ParseText(source);
  const TSNode root = ts_tree_root_node(tree.get());
  if (ts_node_has_error(root)) builder.Unparsable();
  Walker(source, nullptr, builder).Body(root);
  return builder.Finish();
}

}  // namespace fastest
