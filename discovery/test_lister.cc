#include "discovery/test_lister.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "discovery/fnmatch.h"

namespace fastest {
namespace {

using Kind = Definition::Kind;

constexpr int kDeepestClass = 20;  // Classes in classes and bases of bases; more are a cycle.

// What `__test__ = …` in a class body, or its bases', says: kTrue, kFalse or neither.
std::uint32_t TestAttribute(Namespaces& namespaces, const ClassFacts& facts) {
  for (const ClassFacts::Member& member : facts.mro) {
    if (member.definition->Is(Definition::kNotTest)) return Definition::kFalse;
    if (member.definition->Is(Definition::kIsTest)) return Definition::kTrue;
    for (const Bound& bound : namespaces.Names(member.definition->body))
      if (bound.name == "__test__") return bound.definition->flags & (Definition::kTrue | Definition::kFalse);
  }
  return 0;
}

// Whether a word of `text` is or begins with "test", or is "unittest" and the like; "shortest" and "latest" are not.
bool LooksLikeTests(std::string_view text) {
  if (text.find("Test") != std::string_view::npos) return true;
  for (std::size_t at = text.find("test"); at != std::string_view::npos; at = text.find("test", at + 1)) {
    const std::string_view before = text.substr(0, at);
    if (before.empty() || !std::islower(static_cast<unsigned char>(before.back()))) return true;
    if (before.ends_with("unit") || before.ends_with("py") || before.ends_with("my")) return true;
  }
  return false;
}

}  // namespace

void TestLister::Surprise(const std::string& what) {
  if (file_->surprise.empty()) file_->surprise = what;
}

bool TestLister::IsTestFunction(std::string_view name, const Definition& definition) const {
  if (definition.Is(Definition::kFixture) || definition.Is(Definition::kNotCallable) ||
      definition.Is(Definition::kNotTest))
    return false;
  return definition.Is(Definition::kIsTest) || NameMatches(name, config_.python_functions);
}

void TestLister::AddTest(std::string_view name, const Definition& definition, const Context& context,
                         std::vector<StaticTest>& into) {
  StaticTest& test = into.emplace_back();
  test.name.reserve(context.prefix.size() + name.size());
  test.name.append(context.prefix).append(name);
  test.line = definition.line;
  test.items = definition.items;
  test.parametrized = definition.Is(Definition::kParametrized);
  test.marks = definition.marks;
  test.marks.insert(test.marks.end(), context.marks.begin(), context.marks.end());
  if (definition.Is(Definition::kSerial)) file_->serial = true;
  if (definition.Is(Definition::kAltered)) Surprise("tests made by a decorator: " + test.name);
  if (definition.Is(Definition::kConditional)) Surprise("conditional definition of " + test.name);
}

void TestLister::ListFunction(const Bound& bound, const Definition& function, const Context& context,
                              std::vector<StaticTest>& into) {
  if (IsTestFunction(bound.name, function)) AddTest(bound.name, function, context, into);
}

// A name bound to something that is neither def nor class.
void TestLister::ListValue(const Bound& bound, const Context& context, std::vector<StaticTest>& into) {
  const Definition& value = *bound.definition;
  const bool function_name = NameMatches(bound.name, config_.python_functions);
  if (!function_name && !NameMatches(bound.name, config_.python_classes)) return;
  if (value.Is(Definition::kLambda) && function_name) AddTest(bound.name, value, context, into);
  if (value.Is(Definition::kCall)) Surprise(std::string(bound.name) + " is the result of a call");
}

// To look into every import would read half the project; a test class has "test" in its name or its module's.
bool TestLister::MayHoldTests(const Definition& definition) const {
  const std::string& name = definition.name;
  if (NameMatches(name, config_.python_functions) || NameMatches(name, config_.python_classes)) return true;
  return definition.targets[0].find('.') == 0 || LooksLikeTests(definition.targets[0]) || LooksLikeTests(name);
}

// Whether a class that is no test class by its name may be one by a base or by `__test__`.
bool TestLister::MayInheritTests(const std::string& file, const Definition& definition, int depth) {
  if (depth > kDeepestClass || definition.Is(Definition::kIsTest)) return true;
  for (const Bound& bound : namespaces_.Names(definition.body))
    if (bound.name == "__test__") return true;
  return std::any_of(definition.targets.begin(), definition.targets.end(), [&](const std::string& base) {
    if (LooksLikeTests(base)) return true;
    const Meaning meaning = namespaces_.LookupNear(file, base);
    if (meaning.kind == Meaning::Kind::kClass) return MayInheritTests(meaning.file, *meaning.definition, depth + 1);
    return LooksLikeTests(meaning.external);
  });
}

void TestLister::ListName(const std::string& file, const Bound& bound, const Context& context,
                          std::vector<StaticTest>& into) {
  const Definition& definition = *bound.definition;
  if (definition.kind == Kind::kFunction) return ListFunction(bound, definition, context, into);
  if (definition.kind == Kind::kClass)
    return ListClass(bound.name, {Meaning::Kind::kClass, &definition, file, {}}, context, into);
  if (definition.kind == Kind::kValue) return ListValue(bound, context, into);
  const bool likely = MayHoldTests(definition);
  const bool import = definition.kind == Kind::kImport;
  if (import && (definition.targets[1].empty() || definition.targets[1] == "*" || !likely)) return;
  const Meaning meaning =
      likely ? namespaces_.Follow(file, definition) : namespaces_.LookupNear(file, definition.targets[0]);
  if (meaning.kind == Meaning::Kind::kFunction || meaning.kind == Meaning::Kind::kClass) {
    if (meaning.file != file && !config_.collect_imported_tests) return;
    if (meaning.kind == Meaning::Kind::kClass) return ListClass(bound.name, meaning, context, into);
    return ListFunction(bound, *meaning.definition, context, into);
  }
  if (meaning.kind == Meaning::Kind::kExternal && NameMatches(bound.name, config_.python_functions))
    Surprise(std::string(bound.name) + " comes from outside the project");
}

void TestLister::ListClass(std::string_view name, const Meaning& meaning, const Context& context,
                           std::vector<StaticTest>& into) {
  const Definition& definition = *meaning.definition;
  if (!NameMatches(name, config_.python_classes) && !MayInheritTests(meaning.file, definition, 0)) return;
  const ClassFacts& facts = namespaces_.Facts(meaning.file, definition);
  const std::uint32_t attribute = TestAttribute(namespaces_, facts);
  if (facts.abstract || context.depth > kDeepestClass) return;
  if (!facts.unittest && attribute != Definition::kTrue && !NameMatches(name, config_.python_classes)) return;
  if (attribute == Definition::kFalse || (!facts.unittest && facts.constructor)) return;
  Context inside{context.prefix + std::string(name) + "::", context.marks, context.depth + 1};
  for (const ClassFacts::Member& member : facts.mro) {
    inside.marks.insert(inside.marks.end(), member.definition->marks.begin(), member.definition->marks.end());
    if (member.definition->Is(Definition::kSerial)) file_->serial = true;
    if (member.definition->Is(Definition::kAltered))
      Surprise("a decorator may change the class " + member.definition->name);
    if (member.definition->Is(Definition::kMetaclass))
      Surprise("a metaclass may change the class " + member.definition->name);
  }
  if (definition.Is(Definition::kConditional)) Surprise("conditional definition of " + std::string(name));
  if (!facts.unknown_base.empty())
    Surprise("the base " + facts.unknown_base + " of " + std::string(name) + " is not in the project");
  facts.unittest ? ListUnittest(facts, inside, into) : ListMethods(facts, inside, into);
}

// Methods of bases come first; an overridden one stands where the class that overrides it stands.
void TestLister::ListMethods(const ClassFacts& facts, const Context& context, std::vector<StaticTest>& into) {
  std::set<std::string_view> seen;
  std::vector<std::vector<StaticTest>> groups;
  for (const ClassFacts::Member& member : facts.mro) {
    std::vector<StaticTest>& group = groups.emplace_back();
    const std::vector<Bound>& names = namespaces_.Names(member.definition->body);
    for (const Bound& bound : names)
      if (seen.insert(bound.name).second) ListName(member.file, bound, context, group);
  }
  for (auto group = groups.rbegin(); group != groups.rend(); ++group)
    std::move(group->begin(), group->end(), std::back_inserter(into));
}

// unittest's loader: what begins with "test", sorted; "runTest" if there is none.
void TestLister::ListUnittest(const ClassFacts& facts, const Context& context, std::vector<StaticTest>& into) {
  std::map<std::string_view, const Definition*> methods;
  for (const ClassFacts::Member& member : facts.mro)
    for (const Bound& bound : namespaces_.Names(member.definition->body)) methods.emplace(bound.name, bound.definition);
  bool found = false;
  for (const auto& [name, definition] : methods) {
    const bool callable = definition->kind != Kind::kValue || definition->Is(Definition::kLambda);
    if (!name.starts_with("test") || !callable || definition->Is(Definition::kNotTest) ||
        definition->Is(Definition::kNotCallable))
      continue;
    AddTest(name, *definition, context, into);
    found = true;
  }
  const auto run_test = methods.find("runTest");
  if (!found && run_test != methods.end()) AddTest("runTest", *run_test->second, context, into);
}

void TestLister::FindOrderHint(const Outline& outline) {
  if (!outline.rebound.empty()) file_->order_hint = "functions rebind the module global " + outline.rebound.front();
  for (const StaticTest& test : file_->tests)
    for (const std::string& mark : test.marks)
      if (mark == "order" || mark == "run" || mark == "dependency" || mark == "xdist_group" || mark == "incremental")
        file_->order_hint = "mark " + mark + " on " + test.name;
}

void TestLister::ListModule(const Source& source) {
  const Outline& outline = source.outline;
  const std::vector<Bound>& names = namespaces_.Names(outline.definitions);
  for (const Bound& bound : names) {
    const Definition& definition = *bound.definition;
    if (definition.Is(Definition::kFixture)) file_->fixtures.emplace_back(bound.name);
    if (bound.name == "*") Surprise("star import in line " + std::to_string(definition.line));
    if (bound.name == "__test__" && definition.Is(Definition::kFalse)) {
      file_->tests.clear();
      return;
    }
  }
  const Context context{"", outline.marks, 0};
  for (const Bound& bound : names) ListName(source.path, bound, context, file_->tests);
}

void TestLister::List(const Source& source, TestFile& file) {
  file_ = &file;
  file.size = source.stamp.size;
  file.unparsable = source.outline.unparsable;
  file.surprise = source.outline.surprise;
  file.serial = source.outline.serial;
  if (!source.problem.empty()) file.warnings.push_back(source.problem);
  ListModule(source);
  FindOrderHint(source.outline);
}

}  // namespace fastest
