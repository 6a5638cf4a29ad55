// OutlineBuilder makes an Outline of the statements that a parser finds.
//
// Both parsers call it with the same pieces of text in the same order, and all meaning (marks, fixtures, parametrize,
// __test__ …) is found here, once; so the parsers can differ only in how they cut a file into statements.
// Single-threaded; views need to live for the call only.

#pragma once

#include <string_view>
#include <vector>

#include "discovery/outline.h"

namespace fastest {

class OutlineBuilder {
 public:
  explicit OutlineBuilder(std::string_view source);

  // `@…` before the next class or function; the text after '@'.
  void Decorator(std::string_view expression) { decorators_.push_back(expression); }
  void Function(std::string_view name, std::uint32_t line);
  // `arguments`: the text between the brackets after the name.
  void BeginClass(std::string_view name, std::string_view arguments, std::uint32_t line);
  void EndClass();

  // A compound statement other than class and def: `header` is "if x", "else", "try" … without the colon. False: its
  // block never runs, so skip it, without EndBlock.
  [[nodiscard]] bool BeginBlock(std::string_view header, std::uint32_t line);
  void EndBlock() {
    if (conditional_ == guarded_) guarded_ = 0;
    if (conditional_ == catching_) catching_ = 0;
    if (conditional_ == within_) within_ = 0;
    if (conditional_-- == old_python_) old_python_ = 0;
  }

  // Any simple statement, its text whole.
  void Statement(std::string_view text, std::uint32_t line);

  void Unparsable() { outline_.unparsable = true; }
  // Names in `global` statements.
  void Rebound(std::vector<std::string> names) { outline_.rebound = std::move(names); }
  Outline Finish();

 private:
  Definition& Add(Definition::Kind kind, std::string_view name, std::uint32_t line);
  std::vector<Definition>& Scope();
  bool at_module() const { return open_classes_.empty(); }

  void NoteImport(std::uint32_t line);
  void NoteEffect(std::string_view statement, std::uint32_t line);
  void Import(std::string_view names, std::uint32_t line);
  void FromImport(std::string_view text, std::uint32_t line);
  void Delete(std::string_view names, std::uint32_t line);
  void Assign(std::string_view target, std::string_view value, std::uint32_t line);
  void AssignName(std::string_view name, std::string_view value, std::uint32_t line);
  bool AssignModuleWord(std::string_view name, std::string_view value);
  void Attribute(std::string_view target, std::string_view value);
  void ApplyDecorator(std::string_view expression, Definition& definition);
  void ApplyMark(std::string_view name, std::string_view arguments, Definition& definition);
  void ApplyFixture(std::string_view arguments, Definition& definition);
  void AddMarks(std::string_view value, Definition& into);
  void Surprise(std::string_view what, std::uint32_t line);

  Outline outline_;
  std::vector<Definition> open_classes_;
  std::vector<std::string_view> decorators_;
  int conditional_ = 0;
  int old_python_ = 0;    // `conditional_` of the outermost block for old interpreters (back-ports); 0: in none.
  int guarded_ = 0;       // Likewise of the outermost block that may well not run.
  int within_ = 0;        // Likewise of the outermost `with` that imports may depend on.
  int catching_ = 0;      // Likewise of the outermost block that puts the filters of warnings back.
  bool may_end_ = false;  // What came may have skipped the rest of the module.
};

}  // namespace fastest
