#include "discovery/outline_builder.h"

#include <algorithm>

#include "discovery/import_effect.h"
#include "discovery/source_text.h"

namespace fastest {
namespace {

// "a.b.c(x, y)" is the name a.b.c, called with the arguments "x, y".
struct Call {
  std::string_view name;
  std::string_view arguments;
  bool called = false;
  bool whole = false;  // Nothing follows.
};

Call ReadCall(std::string_view expression) {
  expression = Trim(expression);
  Call call;
  call.name = LeadingDottedName(expression);
  const std::string_view rest = TrimLeft(expression.substr(call.name.size()));
  if (rest.empty()) {
    call.whole = !call.name.empty();
  } else if (rest.front() == '(') {
    const std::size_t end = SkipBrackets(rest, 0);
    if (end == std::string_view::npos) return call;
    call.called = true;
    call.whole = end == rest.size();
    call.arguments = rest.substr(1, end - 2);
  }
  return call;
}

// The value of the keyword argument `name`, or "".
std::string_view Keyword(std::string_view arguments, std::string_view name) {
  for (const std::string_view part : SplitTopLevel(arguments)) {
    const std::size_t equals = FindTopLevel(part, '=');
    if (equals != std::string_view::npos && Trim(part.substr(0, equals)) == name) return Trim(part.substr(equals + 1));
  }
  return {};
}

// "pytest.mark.x", "mark.x" -> "x"; "" if it is no mark. Aliases of mark are rare enough to be passed over.
std::string_view MarkName(std::string_view dotted) {
  for (const std::string_view prefix : {"pytest.mark.", "mark.", "py.test.mark.", "_pytest.mark."})
    if (dotted.starts_with(prefix)) return dotted.substr(prefix.size());
  return {};
}

bool IsOneOf(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

// Decorators of classes that leave the tests in them alone.
bool IsHarmlessOnClass(std::string_view name) {
  return IsOneOf(LastPart(name), {"skip", "skipIf", "skipUnless", "expectedFailure", "final", "runtime_checkable",
                                  "total_ordering", "usefixtures", "filterwarnings", "patch", "unique"});
}

// Decorators that make several tests of one, under names that only running them tells.
bool MakesTests(std::string_view name) {
  return name.find("parameterized") != std::string_view::npos || name.find("ddt") != std::string_view::npos ||
         LastPart(name) == "expand";
}

bool MentionsDynamicNames(std::string_view text) {
  for (const std::string_view word : {"globals()", "locals()", "vars()", "setattr(", "exec(", "__dict__"})
    if (text.find(word) != std::string_view::npos) return true;
  return false;
}

// A condition that is false wherever pytest collects.
bool NeverTrue(std::string_view condition) {
  condition = Trim(condition);
  while (condition.size() > 2 && condition.front() == '(' && SkipBrackets(condition, 0) == condition.size())
    condition = Trim(condition.substr(1, condition.size() - 2));
  if (IsOneOf(condition, {"False", "0", "TYPE_CHECKING", "typing.TYPE_CHECKING", "t.TYPE_CHECKING"})) return true;
  std::string_view rest = condition;
  if (!TakeWord(rest, "__name__")) return false;
  return TrimLeft(rest).starts_with("==") && rest.find("__main__") != std::string_view::npos &&
         rest.find(" or ") == std::string_view::npos;
}

// An import below may be watched, or find what is there for it only: it must be the first of its module, in its place.
bool SetsTheScene(std::string_view header) {
  if (LeadingName(header) != "with" || header.find("suppress") != std::string_view::npos) return false;
  return header.find("catch_warnings") == std::string_view::npos || header.find(" as ") != std::string_view::npos;
}

}  // namespace

OutlineBuilder::OutlineBuilder(std::string_view source) {
  outline_.doctests = source.find(">>>") != std::string_view::npos;
  outline_.session_items =
      source.find("session.items") != std::string_view::npos || source.find("testscollected") != std::string_view::npos;
}

std::vector<Definition>& OutlineBuilder::Scope() {
  return at_module() ? outline_.definitions : open_classes_.back().body;
}

Definition& OutlineBuilder::Add(Definition::Kind kind, std::string_view name, std::uint32_t line) {
  Definition& added = Scope().emplace_back();
  added.kind = kind;
  added.name = name;
  added.line = line;
  if (conditional_ > 0) added.flags |= Definition::kConditional;
  if (kind == Definition::Kind::kImport && (guarded_ > 0 || may_end_)) added.flags |= Definition::kGuarded;
  return added;
}

void OutlineBuilder::Surprise(std::string_view what, std::uint32_t line) {
  if (outline_.surprise.empty()) outline_.surprise = std::string(what) + " in line " + std::to_string(line);
}

void OutlineBuilder::Function(std::string_view name, std::uint32_t line) {
  Definition& function = Add(Definition::Kind::kFunction, name, line);
  for (const std::string_view decorator : decorators_) ApplyDecorator(decorator, function);
  decorators_.clear();
}

void OutlineBuilder::BeginClass(std::string_view name, std::string_view arguments, std::uint32_t line) {
  Definition opened;
  opened.kind = Definition::Kind::kClass;
  opened.name = name;
  opened.line = line;
  if (conditional_ > 0) opened.flags |= Definition::kConditional;
  for (const std::string_view decorator : decorators_) ApplyDecorator(decorator, opened);
  decorators_.clear();
  for (std::string_view base : SplitTopLevel(arguments)) {
    const std::size_t equals = FindTopLevel(base, '=');
    if (equals != std::string_view::npos) {
      if (Trim(base.substr(0, equals)) != "metaclass") continue;
      const bool abc = LastPart(Trim(base.substr(equals + 1))) == "ABCMeta";
      opened.flags |= abc ? Definition::kAbstractBase : Definition::kMetaclass;
      continue;
    }
    const std::string_view dotted = LeadingDottedName(base);
    const std::string_view rest = TrimLeft(base.substr(dotted.size()));
    // Base[T] is Base.
    const bool generic = !rest.empty() && rest.front() == '[' && SkipBrackets(rest, 0) == rest.size();
    opened.targets.emplace_back(!dotted.empty() && (rest.empty() || generic) ? dotted : "?");
  }
  open_classes_.push_back(std::move(opened));
}

void OutlineBuilder::EndClass() {
  Definition closed = std::move(open_classes_.back());
  open_classes_.pop_back();
  Scope().push_back(std::move(closed));
}

bool OutlineBuilder::BeginBlock(std::string_view header, std::uint32_t line) {
  std::string_view condition = header;
  if ((TakeWord(condition, "if") || TakeWord(condition, "elif")) && NeverTrue(condition)) return false;
  if (MentionsDynamicNames(header)) Surprise("names made at run time", line);
  ++conditional_;
  if (guarded_ == 0 && !IsOneOf(LeadingName(header), {"try", "finally", "with"})) guarded_ = conditional_;
  if (catching_ == 0 && header.find("catch_warnings") != std::string_view::npos) catching_ = conditional_;
  if (within_ == 0 && SetsTheScene(header)) within_ = conditional_;
  if (old_python_ == 0 && header.find("sys.version_info <") != std::string_view::npos) old_python_ = conditional_;
  return true;
}

void OutlineBuilder::Statement(std::string_view text, std::uint32_t line) {
  text = Trim(text);
  std::string_view rest = text;
  if (TakeWord(rest, "import")) return Import(rest, line);
  if (TakeWord(rest, "from")) return FromImport(rest, line);
  NoteEffect(text, line);
  if (TakeWord(rest, "del")) return Delete(rest, line);
  if (at_module() && (StartsWithWord(text, "raise") || LastPart(ReadCall(text).name) == "skip")) may_end_ = true;
  // The last target of `a = b = value` is bound last; each is a binding.
  std::vector<std::string_view> targets;
  std::string_view value = text;
  for (std::size_t equals;
       !StartsWithWord(value, "lambda") && (equals = FindTopLevel(value, '=')) != std::string_view::npos;) {
    targets.push_back(Trim(value.substr(0, equals)));
    value = Trim(value.substr(equals + 1));
  }
  if (MentionsDynamicNames(text)) Surprise("names made at run time", line);
  for (const std::string_view target : targets) Assign(target, value, line);
}

void OutlineBuilder::NoteImport(std::uint32_t line) {
  if (within_ > 0 && outline_.effect.empty())
    outline_.effect = "line " + std::to_string(line) + " imports within a with statement";
}

void OutlineBuilder::NoteEffect(std::string_view statement, std::uint32_t line) {
  if (catching_ > 0 && IsOneOf(LastPart(LeadingDottedName(statement)), {"simplefilter", "filterwarnings"})) return;
  if (old_python_ == 0 && outline_.effect.empty() && ReachesOutside(statement, outline_.definitions, !at_module()))
    outline_.effect = "line " + std::to_string(line) + " changes what other modules see";
}

void OutlineBuilder::Import(std::string_view names, std::uint32_t line) {
  NoteImport(line);
  for (const std::string_view part : SplitTopLevel(names)) {
    const std::string_view module = LeadingDottedName(part);
    std::string_view rest = TrimLeft(part.substr(module.size()));
    const bool renamed = TakeWord(rest, "as");
    Definition& added = Add(Definition::Kind::kImport, renamed ? Trim(rest) : module.substr(0, module.find('.')), line);
    // `import a.b` binds a; the path below it is found through the name a.
    added.targets = {std::string(module), ""};
  }
}

void OutlineBuilder::FromImport(std::string_view text, std::uint32_t line) {
  NoteImport(line);
  text = TrimLeft(text);
  std::size_t end = 0;
  while (end < text.size() && (text[end] == '.' || IsNameByte(text[end]))) ++end;
  const std::string_view module = text.substr(0, end);
  std::string_view names = TrimLeft(text.substr(end));
  if (!TakeWord(names, "import")) return;
  names = Trim(names);
  if (names.starts_with('(') && names.ends_with(')')) names = names.substr(1, names.size() - 2);
  for (const std::string_view part : SplitTopLevel(names)) {
    const std::string_view name = part.starts_with('*') ? part.substr(0, 1) : LeadingName(part);
    std::string_view rest = TrimLeft(part.substr(name.size()));
    const bool renamed = TakeWord(rest, "as");
    Definition& added = Add(Definition::Kind::kImport, renamed ? Trim(rest) : name, line);
    added.targets = {std::string(module), std::string(name)};
  }
}

void OutlineBuilder::Delete(std::string_view names, std::uint32_t line) {
  names = Trim(names);
  if (names.starts_with('(') && names.ends_with(')')) names = names.substr(1, names.size() - 2);
  for (const std::string_view name : SplitTopLevel(names))
    if (LeadingName(name).size() == name.size()) Add(Definition::Kind::kDelete, name, line);
}

void OutlineBuilder::Assign(std::string_view target, std::string_view value, std::uint32_t line) {
  if (const std::size_t colon = FindTopLevel(target, ':'); colon != std::string_view::npos)
    target = Trim(target.substr(0, colon));
  const bool tuple = FindTopLevel(target, ',') != std::string_view::npos || target.starts_with('(');
  if (tuple) {
    if (target.starts_with('(') && target.ends_with(')')) target = target.substr(1, target.size() - 2);
    for (const std::string_view name : SplitTopLevel(target)) AssignName(name, "()", line);
    return;
  }
  const std::string_view name = LeadingName(target);
  if (name.empty()) return;
  if (name.size() == target.size()) return AssignName(name, value, line);
  if (IsDottedName(target)) Attribute(target, value);
}

void OutlineBuilder::AssignName(std::string_view name, std::string_view value, std::uint32_t line) {
  if (LeadingName(name).size() != name.size() || name.empty()) return;
  if (name == "pytestmark") {
    Definition marked;
    AddMarks(value, marked);
    const bool serial = marked.Is(Definition::kSerial);
    if (at_module()) {
      outline_.marks.insert(outline_.marks.end(), marked.marks.begin(), marked.marks.end());
      outline_.serial = outline_.serial || serial;
    } else {
      Definition& owner = open_classes_.back();
      owner.marks.insert(owner.marks.end(), marked.marks.begin(), marked.marks.end());
      owner.flags |= marked.flags & Definition::kSerial;
    }
    return;
  }
  if (at_module() && AssignModuleWord(name, value)) return;
  const bool dotted = IsDottedName(value);
  const bool constant = IsOneOf(value, {"True", "False", "None"});
  const Call call = ReadCall(value);
  const bool foreign = call.called && AnswersForeign(call.name, outline_.definitions);
  Definition& added = Add(dotted && !constant ? Definition::Kind::kAlias : Definition::Kind::kValue, name, line);
  if (dotted && !constant) added.targets = {std::string(value)};
  if (value == "True") added.flags |= Definition::kTrue;
  if (value == "False") added.flags |= Definition::kFalse;
  if (StartsWithWord(value, "lambda")) added.flags |= Definition::kLambda;
  if (call.called) added.flags |= Definition::kCall;
  if (foreign) added.flags |= Definition::kForeign;
}

// pytest_plugins, collect_ignore, collect_ignore_glob. A value that is no literal is a surprise.
bool OutlineBuilder::AssignModuleWord(std::string_view name, std::string_view value) {
  std::vector<std::string>* words = name == "pytest_plugins"        ? &outline_.pytest_plugins
                                    : name == "collect_ignore"      ? &outline_.collect_ignore
                                    : name == "collect_ignore_glob" ? &outline_.collect_ignore_glob
                                                                    : nullptr;
  if (words == nullptr) return false;
  if (auto values = StringList(value); values && conditional_ == 0) {
    *words = *std::move(values);
  } else if (outline_.surprise.empty()) {
    outline_.surprise = std::string(name) + " is computed";
  }
  return true;
}

// `Thing.__test__ = False` after the definition of Thing.
void OutlineBuilder::Attribute(std::string_view target, std::string_view value) {
  if (!target.ends_with(".__test__")) return;
  const std::string_view owner = target.substr(0, target.size() - 9);
  for (Definition& definition : Scope())
    if (definition.name == owner)
      definition.flags |= value == "False" ? Definition::kNotTest : value == "True" ? Definition::kIsTest : 0U;
}

void OutlineBuilder::ApplyDecorator(std::string_view expression, Definition& definition) {
  const Call call = ReadCall(expression);
  const std::string_view mark = MarkName(call.name);
  const std::string_view last = LastPart(call.name);
  if (!mark.empty()) return ApplyMark(mark, call.arguments, definition);
  if (MakesTests(call.name)) definition.flags |= Definition::kAltered;
  if (definition.kind == Definition::Kind::kClass) {
    if (last == "dataclass" || call.name == "attr.s" || call.name == "attrs.define" || call.name == "define") {
      definition.flags |= Definition::kConstructor;
    } else if (!IsHarmlessOnClass(call.name)) {
      definition.flags |= Definition::kAltered;
    }
    return;
  }
  if (last == "fixture" || last == "yield_fixture" || call.name == "pytest_asyncio.fixture")
    ApplyFixture(call.arguments, definition);
  if (IsOneOf(last, {"property", "cached_property", "setter", "getter", "deleter"}))
    definition.flags |= Definition::kNotCallable;
  if (last.starts_with("abstract")) definition.flags |= Definition::kAbstract;
  if (IsOneOf(last, {"nottest"})) definition.flags |= Definition::kNotTest;
}

void OutlineBuilder::ApplyFixture(std::string_view arguments, Definition& definition) {
  definition.flags |= Definition::kFixture;
  if (arguments.empty()) return;
  const std::string_view params = Keyword(arguments, "params");
  const auto scope = StringValue(Keyword(arguments, "scope"));
  if (!scope || (*scope != "session" && *scope != "package")) return;
  if (!params.empty() && params != "None") definition.flags |= Definition::kWideParams;
  if (Keyword(arguments, "autouse") == "True") definition.flags |= Definition::kWideAutouse;
}

void OutlineBuilder::ApplyMark(std::string_view name, std::string_view arguments, Definition& definition) {
  definition.marks.emplace_back(name.substr(0, name.find('.')));
  if (name == "fastest" && Keyword(arguments, "serial") == "True") definition.flags |= Definition::kSerial;
  if (name != "parametrize") return;
  definition.flags |= Definition::kParametrized;
  std::string_view values = Keyword(arguments, "argvalues");
  if (values.empty()) {
    const std::vector<std::string_view> parts = SplitTopLevel(arguments);
    if (parts.size() > 1) values = parts[1];
  }
  if (const auto length = LiteralLength(values))
    definition.items = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(std::uint64_t{definition.items} * std::max(*length, 1U), 1000000));
}

// pytestmark's value: a mark, or a list of them.
void OutlineBuilder::AddMarks(std::string_view value, Definition& into) {
  value = Trim(value);
  std::vector<std::string_view> parts{value};
  if (!value.empty() && (value.front() == '[' || value.front() == '(') && SkipBrackets(value, 0) == value.size())
    parts = SplitTopLevel(value.substr(1, value.size() - 2));
  for (const std::string_view part : parts) {
    const Call call = ReadCall(part);
    const std::string_view mark = MarkName(call.name);
    if (!mark.empty()) ApplyMark(mark, call.arguments, into);
  }
}

Outline OutlineBuilder::Finish() {
  while (!open_classes_.empty()) EndClass();
  return std::move(outline_);
}

}  // namespace fastest
