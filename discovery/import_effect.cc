#include "discovery/import_effect.h"

#include <algorithm>

#include "discovery/source_text.h"

namespace fastest {
namespace {

// Builtin functions that stand alone at a module's top level; a star import hides none of them, as a rule.
constexpr std::string_view kBuiltins[] = {"print",   "exec",   "eval", "setattr", "delattr", "super", "open",
                                          "globals", "locals", "list", "sorted",  "dict",    "vars",  "breakpoint"};

template <std::size_t kSize>
bool IsOneOf(std::string_view text, const std::string_view (&words)[kSize]) {
  return std::find(std::begin(words), std::end(words), text) != std::end(words);
}

// Calls of other modules' functions that stand alone in many test files and change nothing that another file sees:
// the next random number depends on what ran before in any case, and what ends the process is best met where one file
// is to blame. (Filters of warnings: pytest undoes them after the last import, not after the file.)
bool IsHarmless(std::string_view call) {
  constexpr std::string_view kCalls[] = {"importorskip", "skip",       "xfail",         "unittest.main",
                                         "gc.collect",   "os._exit",   "os.abort",      "os.kill",
                                         "sys.exit",     "time.sleep", "warnings.warn", "warn"};
  return IsOneOf(call, kCalls) || LastPart(call).starts_with("assert") ||
         call.find("random.") != std::string_view::npos ||
         (call.starts_with("pytest.") && call != "pytest.register_assert_rewrite");
}

// What the name is bound to by now; after `try: import x` and `except ImportError: x = None` the import.
const Definition* Find(std::string_view name, const std::vector<Definition>& before) {
  const Definition* found = nullptr;
  for (auto definition = before.rbegin(); definition != before.rend(); ++definition) {
    if (definition->name != name) continue;
    if (found == nullptr || definition->kind == Definition::Kind::kImport) found = &*definition;
    if (!found->Is(Definition::kConditional) || found->kind != Definition::Kind::kValue) break;
  }
  return found;
}

// Whether the object that `dotted` begins with is another module's. What a call returned is taken for the module's own,
// but for AnswersForeign. A name that nothing has bound comes from a star import, where there is one.
bool IsForeign(std::string_view dotted, const std::vector<Definition>& before) {
  const Definition* known = Find(LeadingName(dotted), before);
  for (int turns = 0; known != nullptr && known->kind == Definition::Kind::kAlias; ++turns) {
    const std::string_view target = LeadingName(known->targets.front());
    if (turns == 8 || target == known->name) return false;
    known = Find(target, before);
  }
  if (known == nullptr) known = IsOneOf(LeadingName(dotted), kBuiltins) ? nullptr : Find("*", before);
  return known != nullptr && (known->kind == Definition::Kind::kImport || known->Is(Definition::kForeign));
}

// `target`: what an assignment binds, or one of several. What is nested too deep to tell may be anything.
bool ChangesForeign(std::string_view target, const std::vector<Definition>& before, int depth = 0) {
  constexpr int kDeepest = 20;
  if (depth == kDeepest) return true;
  const auto changes = [&](std::string_view part) { return ChangesForeign(part, before, depth + 1); };
  target = Trim(target.substr(0, FindTopLevel(target, ':')));
  if (target.starts_with('(') && target.ends_with(')') && SkipBrackets(target, 0) == target.size())
    return changes(target.substr(1, target.size() - 2));
  if (const auto parts = SplitTopLevel(target); parts.size() > 1)
    return std::any_of(parts.begin(), parts.end(), changes);
  const std::string_view rest = target.substr(LeadingName(target).size());
  return !rest.empty() && std::string_view(".[(").find(rest.front()) != std::string_view::npos &&
         IsForeign(target, before);
}

// `a.b += c`
bool IsAugmented(std::string_view rest) {
  return rest.size() > 2 && std::string_view("+-*/%&|^@<>").find(rest[0]) != std::string_view::npos &&
         rest.substr(1, 3).find('=') != std::string_view::npos && rest[1] != ' ';
}

// `x = os.environ.pop(…)`: a call whose answer is kept, and which by its name changes what it is asked of.
bool AsksForChange(std::string_view value, const std::vector<Definition>& before) {
  constexpr std::string_view kChanges[] = {"setdefault", "pop",    "popitem",   "update", "append",   "extend",
                                           "insert",     "remove", "clear",     "seterr", "umask",    "signal",
                                           "setlocale",  "chdir",  "patch_all", "setup",  "configure"};
  const std::string_view dotted = LeadingDottedName(value);
  const std::string_view rest = TrimLeft(value.substr(dotted.size()));
  if (!rest.starts_with('(')) return false;
  const std::string_view last = LastPart(dotted);
  const bool changes = IsOneOf(last, kChanges) || last.starts_with("set_") || rest.ends_with(".start()");
  return changes && IsForeign(dotted, before);
}

}  // namespace

bool AnswersForeign(std::string_view call, const std::vector<Definition>& before) {
  constexpr std::string_view kCalls[] = {"importorskip", "import_module", "getLogger", "getcontext"};
  const bool answers =
      IsOneOf(LastPart(call), kCalls) || LastPart(call) == "patch" || call.find("patch.") != std::string_view::npos;
  return answers && IsForeign(call, before);
}

bool ReachesOutside(std::string_view statement, const std::vector<Definition>& before, bool in_class) {
  constexpr std::string_view kNoCalls[] = {"assert", "raise", "return", "yield", "await", "print", "not"};
  if (std::string_view targets = statement; TakeWord(targets, "del")) return ChangesForeign(targets, before);
  std::string_view value = statement;
  for (std::size_t equals; (equals = FindTopLevel(value, '=')) != std::string_view::npos;) {
    if (ChangesForeign(value.substr(0, equals), before)) return true;
    value = Trim(value.substr(equals + 1));
  }
  if (value.size() != statement.size()) return AsksForChange(value, before);
  const std::string_view dotted = LeadingDottedName(statement);
  if (dotted.empty() || IsOneOf(dotted, kNoCalls)) return false;
  const std::string_view rest = TrimLeft(statement.substr(dotted.size()));
  if (rest.empty()) return false;
  if (IsAugmented(rest) || rest.front() == '[') return ChangesForeign(statement, before);
  if (rest.front() != '(' || IsHarmless(dotted)) return false;
  if (in_class) return AsksForChange(statement, before);
  if (dotted == "setattr" || dotted == "delattr") return IsForeign(Trim(rest.substr(1)), before);
  if (IsForeign(dotted, before)) return true;
  // A function or class of the module's own may do anything.
  const Definition* known = Find(dotted, before);
  return known != nullptr && (known->kind == Definition::Kind::kFunction || known->kind == Definition::Kind::kClass);
}

}  // namespace fastest
