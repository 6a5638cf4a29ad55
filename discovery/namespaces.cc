#include "discovery/namespaces.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "discovery/source_text.h"

namespace fastest {
namespace {

constexpr int kDeepest = 20;      // Chains of imports and aliases; longer ones are cycles.
constexpr std::size_t kFew = 16;  // Names that a linear search finds as fast as a hash table.
using Kind = Definition::Kind;
using Members = std::vector<ClassFacts::Member>;

template <std::size_t N>
bool IsOneOf(std::string_view text, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

constexpr std::array<std::string_view, 12> kPlainBases{"object",      "Generic",  "Protocol", "ABC",
                                                       "SupportsInt", "Hashable", "Sized",    "Iterable",
                                                       "Mapping",     "Sequence", "Callable", "type"};
// Bases that bring a constructor: pytest does not collect such classes.
constexpr std::array<std::string_view, 17> kConstructedBases{
    "dict", "list",    "tuple",   "set",  "frozenset",  "str",       "bytes",  "int",     "float",
    "Enum", "IntEnum", "StrEnum", "Flag", "NamedTuple", "TypedDict", "Thread", "UserDict"};

bool HasConstructor(std::string_view last) {
  return IsOneOf(last, kConstructedBases) || last.ends_with("Error") || last.ends_with("Exception") ||
         last.ends_with("Warning");
}

// Joins a base's dotted name and the rest of an expression.
std::string Join(std::string_view left, std::string_view right) {
  std::string joined(left);
  if (!left.empty() && !right.empty()) joined.push_back('.');
  return joined.append(right);
}

// The C3 rule: the first class that stands behind none in another order comes next. Where there is no such class
// (Python would refuse it) the first one left is taken.
Members Merge(std::vector<Members> orders) {
  Members merged;
  const auto behind = [&](const Definition* wanted) {
    return std::any_of(orders.begin(), orders.end(), [&](const Members& order) {
      return std::any_of(order.begin() + (order.empty() ? 0 : 1), order.end(),
                         [&](const auto& member) { return member.definition == wanted; });
    });
  };
  for (;;) {
    std::erase_if(orders, [](const Members& order) { return order.empty(); });
    if (orders.empty()) return merged;
    auto chosen = std::find_if(orders.begin(), orders.end(),
                               [&](const Members& order) { return !behind(order.front().definition); });
    if (chosen == orders.end()) chosen = orders.begin();
    const ClassFacts::Member next = chosen->front();
    merged.push_back(next);
    for (Members& order : orders)
      std::erase_if(order, [&](const auto& member) { return member.definition == next.definition; });
  }
}

}  // namespace

const Definition* Namespaces::Scope::Find(std::string_view name) const {
  if (!by_name.empty()) {
    const auto found = by_name.find(name);
    return found == by_name.end() ? nullptr : found->second;
  }
  const auto found = std::find_if(names.begin(), names.end(), [&](const Bound& bound) { return bound.name == name; });
  return found == names.end() ? nullptr : found->definition;
}

const Namespaces::Scope& Namespaces::ScopeOf(const std::vector<Definition>& body) {
  const auto [found, is_new] = scopes_.try_emplace(&body);
  Scope& scope = found->second;
  if (!is_new) return scope;
  scope.names.reserve(body.size());
  const bool many = body.size() > kFew;
  std::unordered_map<std::string_view, std::size_t> places;
  if (many) places.reserve(body.size());
  const auto place_of = [&](std::string_view name) {
    if (many) {
      const auto place = places.find(name);
      return place == places.end() ? scope.names.size() : place->second;
    }
    const auto same = [&](const Bound& bound) { return bound.definition != nullptr && bound.name == name; };
    return static_cast<std::size_t>(std::find_if(scope.names.begin(), scope.names.end(), same) - scope.names.begin());
  };
  for (const Definition& definition : body) {
    const std::size_t place = place_of(definition.name);
    const bool known = place < scope.names.size();
    if (definition.kind == Kind::kDelete) {
      if (!known || definition.Is(Definition::kConditional)) continue;
      scope.names[place].definition = nullptr;
      places.erase(definition.name);
    } else if (!known) {
      if (many) places.emplace(definition.name, place);
      scope.names.push_back({definition.name, &definition});
    } else if (!(definition.kind == Kind::kValue && definition.Is(Definition::kConditional))) {
      // `except ImportError: thing = None` is the exception, not the rule.
      scope.names[place].definition = &definition;
    }
  }
  std::erase_if(scope.names, [](const Bound& bound) { return bound.definition == nullptr; });
  if (many)
    for (const Bound& bound : scope.names) scope.by_name.emplace(bound.name, bound.definition);
  return scope;
}

const std::vector<Bound>& Namespaces::Names(const std::vector<Definition>& body) { return ScopeOf(body).names; }

Meaning Namespaces::Lookup(const std::string& file, std::string_view dotted, int depth) {
  Meaning meaning = LookupIn(file, dotted, depth);
  if (meaning.kind == Meaning::Kind::kUnknown) {
    meaning.kind = Meaning::Kind::kExternal;
    meaning.external = dotted;
  }
  return meaning;
}

Meaning Namespaces::LookupNear(const std::string& file, std::string_view dotted) {
  near_ = true;
  Meaning meaning = Lookup(file, dotted);
  near_ = false;
  return meaning;
}

// The project's files whose names a file takes with `import *`, the last one first, all read: a package may take those
// of a hundred modules, which are read faster together.
const std::vector<std::string>& Namespaces::StarFiles(const Source& source) {
  const auto [found, is_new] = star_files_.try_emplace(&source);
  std::vector<std::string>& files = found->second;
  if (!is_new) return files;
  const std::vector<Definition>& definitions = source.outline.definitions;
  for (auto star = definitions.rbegin(); star != definitions.rend(); ++star) {
    if (star->kind != Kind::kImport || star->targets[1] != "*") continue;
    std::string from = finder_.FileOf(finder_.Absolute(source.path, star->targets[0]), source.path);
    if (!from.empty()) files.push_back(std::move(from));
  }
  sources_.Load(files);
  return files;
}

// kUnknown: the file has no such name.
Meaning Namespaces::LookupIn(const std::string& file, std::string_view dotted, int depth) {
  const Source* source = depth > kDeepest ? nullptr : sources_.Find(file);
  if (source == nullptr) return {};
  const std::size_t dot = dotted.find('.');
  const std::string_view first = dotted.substr(0, dot);
  const std::string_view rest = dot == std::string_view::npos ? std::string_view() : dotted.substr(dot + 1);
  const Scope& scope = ScopeOf(source->outline.definitions);
  if (const Definition* found = scope.Find(first)) {
    const Definition& definition = *found;
    // `import a.b` binds a, but the whole expression a.b.C tells the module.
    if (definition.kind == Kind::kImport && definition.targets[1].empty()) {
      const bool renamed = definition.name != definition.targets[0].substr(0, definition.targets[0].find('.'));
      return InModule(renamed ? definition.targets[0] : definition.name, file, rest, depth + 1);
    }
    return Attribute(Follow(file, definition, depth + 1), rest, depth + 1);
  }
  if (first.starts_with('_') || (near_ && depth > 0)) return {};
  for (const std::string& from : StarFiles(*source)) {
    Meaning meaning = LookupIn(from, dotted, depth + 1);
    if (meaning.kind != Meaning::Kind::kUnknown) return meaning;
  }
  return {};
}

Meaning Namespaces::Follow(const std::string& file, const Definition& definition, int depth) {
  switch (definition.kind) {
    case Kind::kFunction:
      return {Meaning::Kind::kFunction, &definition, file, {}};
    case Kind::kClass:
      return {Meaning::Kind::kClass, &definition, file, {}};
    case Kind::kAlias:
      return definition.targets[0] == definition.name ? Meaning{} : Lookup(file, definition.targets[0], depth + 1);
    case Kind::kImport: {
      const std::string module = finder_.Absolute(file, definition.targets[0]);
      return InModule(module, file, definition.targets[1], depth + 1);
    }
    default:
      return {Meaning::Kind::kValue, &definition, file, {}};
  }
}

// `dotted` in the module of that name; "" is the module itself.
Meaning Namespaces::InModule(const std::string& module, const std::string& from, std::string_view dotted, int depth) {
  const Meaning external{Meaning::Kind::kExternal, nullptr, {}, Join(module, dotted)};
  if (depth > kDeepest) return external;
  const std::string file = finder_.FileOf(module, from);
  if (dotted.empty()) return file.empty() ? external : Meaning{Meaning::Kind::kModule, nullptr, file, {}};
  if (!file.empty()) {
    Meaning meaning = LookupIn(file, dotted, depth + 1);
    if (meaning.kind != Meaning::Kind::kUnknown) return meaning;
  }
  // A submodule; perhaps of a namespace package, which has no file.
  const std::size_t dot = dotted.find('.');
  const std::string submodule = Join(module, dotted.substr(0, dot));
  if (finder_.FileOf(submodule, from).empty() && dot == std::string_view::npos) return external;
  return InModule(submodule, from, dot == std::string_view::npos ? std::string_view() : dotted.substr(dot + 1),
                  depth + 1);
}

Meaning Namespaces::Attribute(Meaning of, std::string_view dotted, int depth) {
  if (dotted.empty() || depth > kDeepest) return of;
  const std::size_t dot = dotted.find('.');
  const std::string_view rest = dot == std::string_view::npos ? std::string_view() : dotted.substr(dot + 1);
  if (of.kind == Meaning::Kind::kExternal) return {Meaning::Kind::kExternal, nullptr, {}, Join(of.external, dotted)};
  if (of.kind == Meaning::Kind::kModule) {
    Meaning meaning = LookupIn(of.file, dotted, depth + 1);
    if (meaning.kind != Meaning::Kind::kUnknown) return meaning;
    return InModule(finder_.NameOf(of.file).module, of.file, dotted, depth + 1);
  }
  if (of.kind == Meaning::Kind::kClass) {
    for (const ClassFacts::Member& member : ClassFacts(Facts(of.file, *of.definition)).mro) {
      const Definition* found = ScopeOf(member.definition->body).Find(dotted.substr(0, dot));
      if (found != nullptr) return Attribute(Follow(member.file, *found, depth + 1), rest, depth + 1);
    }
  }
  return {Meaning::Kind::kValue, nullptr, of.file, {}};
}

void Namespaces::AddBase(const std::string& file, const std::string& base, ClassFacts& facts,
                         std::vector<Members>& orders) {
  const Meaning meaning = base == "?" ? Meaning{} : Lookup(file, base);
  if (meaning.kind == Meaning::Kind::kClass) {
    const ClassFacts& inherited = Facts(meaning.file, *meaning.definition);
    orders.push_back(inherited.mro);
    facts.unittest = facts.unittest || inherited.unittest;
    facts.constructor = facts.constructor || inherited.constructor;
    if (facts.unknown_base.empty()) facts.unknown_base = inherited.unknown_base;
    return;
  }
  const std::string_view last = LastPart(meaning.external);
  if (meaning.external.starts_with("unittest.") && last.ends_with("TestCase")) {
    facts.unittest = true;
  } else if (last.ends_with("TestCase")) {
    facts.unittest = true;
    if (facts.unknown_base.empty()) facts.unknown_base = meaning.external;
  } else if (HasConstructor(last)) {
    facts.constructor = true;
  } else if (meaning.kind != Meaning::Kind::kExternal || !IsOneOf(last, kPlainBases)) {
    if (facts.unknown_base.empty()) facts.unknown_base = base == "?" ? "an expression" : base;
  }
}

// Whether constructors and abstract methods are left in the whole class.
void Namespaces::FindMethods(ClassFacts& facts, bool abstract_base) {
  std::set<std::string_view> seen;
  for (const ClassFacts::Member& member : facts.mro) {
    if (member.definition->Is(Definition::kConstructor)) facts.constructor = true;
    for (const Bound& bound : Names(member.definition->body)) {
      if (!seen.insert(bound.name).second) continue;
      if (bound.name == "__init__" || bound.name == "__new__") facts.constructor = true;
      if (abstract_base && bound.definition->Is(Definition::kAbstract)) facts.abstract = true;
    }
  }
}

const ClassFacts& Namespaces::Facts(const std::string& file, const Definition& definition) {
  const auto [found, is_new] = facts_.try_emplace(&definition);
  if (!is_new) return found->second;  // Also while it is made: a class that inherits from itself.
  const bool near = std::exchange(near_, false);
  ClassFacts facts;
  std::vector<Members> orders;
  for (const std::string& base : definition.targets) AddBase(file, base, facts, orders);
  Members direct;
  for (const Members& order : orders)
    if (!order.empty()) direct.push_back(order.front());
  orders.push_back(std::move(direct));
  facts.mro = Merge(std::move(orders));
  facts.mro.insert(facts.mro.begin(), {&definition, file});
  const auto has_abc = [](const ClassFacts::Member& member) {
    const auto& bases = member.definition->targets;
    return member.definition->Is(Definition::kAbstractBase) ||
           std::any_of(bases.begin(), bases.end(), [](const auto& base) { return LastPart(base) == "ABC"; });
  };
  FindMethods(facts, std::any_of(facts.mro.begin(), facts.mro.end(), has_abc));
  ClassFacts& kept = facts_[&definition];
  kept = std::move(facts);
  near_ = near;
  return kept;
}

}  // namespace fastest
