#include "discovery/import_effect.h"

#include <algorithm>

#include "discovery/source_text.h"

namespace fastest {
namespace {

template <std::size_t kSize>
bool IsOneOf(std::string_view text, const std::string_view (&words)[kSize]) {
  return std::find(std::begin(words), std::end(words), text) != std::end(words);
}

// Calls of other modules' functions that stand alone in many test files and change nothing that another file sees:
// the next random number depends on what ran before in any case, pytest itself undoes what a file does to the filters
// of warnings, and what ends the process is best met where one file is to blame.
bool IsHarmless(std::string_view call) {
  constexpr std::string_view kCalls[] = {"importorskip", "skip",     "xfail",   "unittest.main", "gc.collect",
                                         "os._exit",     "os.abort", "os.kill", "sys.exit",      "time.sleep"};
  return IsOneOf(call, kCalls) || call.starts_with("warnings.") || call.find("random.") != std::string_view::npos ||
         (call.starts_with("pytest.") && call != "pytest.register_assert_rewrite");
}

const Definition* Find(std::string_view name, const std::vector<Definition>& before) {
  const auto found = std::find_if(before.rbegin(), before.rend(),
                                  [&](const Definition& definition) { return definition.name == name; });
  return found == before.rend() ? nullptr : &*found;
}

// Whether the object that `dotted` begins with is another module's. What a call returned is taken for the module's own.
bool IsForeign(std::string_view dotted, const std::vector<Definition>& before) {
  const Definition* known = Find(LeadingName(dotted), before);
  if (known != nullptr && known->kind == Definition::Kind::kAlias)
    known = Find(LeadingName(known->targets.front()), before);
  return known != nullptr && known->kind == Definition::Kind::kImport;
}

bool ChangesForeign(std::string_view target, const std::vector<Definition>& before) {
  const std::string_view rest = target.substr(LeadingName(target).size());
  return !rest.empty() && (rest.front() == '.' || rest.front() == '[') && IsForeign(target, before);
}

// `a.b += c`
bool IsAugmented(std::string_view rest) {
  return rest.size() > 2 && std::string_view("+-*/%&|^@<>").find(rest[0]) != std::string_view::npos &&
         rest.substr(1, 3).find('=') != std::string_view::npos && rest[1] != ' ';
}

}  // namespace

bool ReachesOutside(std::string_view statement, const std::vector<Definition>& before) {
  constexpr std::string_view kNoCalls[] = {"assert", "raise", "return", "yield", "await", "del", "print", "not"};
  const std::size_t equals = FindTopLevel(statement, '=');
  if (equals != std::string_view::npos) {
    const std::string_view target = Trim(statement.substr(0, equals));
    return FindTopLevel(target, ':') == std::string_view::npos && ChangesForeign(target, before);
  }
  const std::string_view dotted = LeadingDottedName(statement);
  if (dotted.empty() || IsOneOf(dotted, kNoCalls)) return false;
  const std::string_view rest = TrimLeft(statement.substr(dotted.size()));
  if (rest.empty()) return false;
  if (IsAugmented(rest) || rest.front() == '[') return ChangesForeign(statement, before);
  if (rest.front() != '(' || IsHarmless(dotted)) return false;
  if (IsForeign(dotted, before)) return true;
  // A function of the module's own may do anything.
  const Definition* known = Find(dotted, before);
  return known != nullptr && known->kind == Definition::Kind::kFunction;
}

}  // namespace fastest
