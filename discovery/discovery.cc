#include "discovery/discovery.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <optional>
#include <set>

#include "base/file_system.h"
#include "discovery/discovery_cache.h"
#include "discovery/fnmatch.h"
#include "discovery/module_finder.h"
#include "discovery/namespaces.h"
#include "discovery/sources.h"
#include "discovery/test_lister.h"
#include "discovery/walk.h"

namespace fastest {
namespace {

// Hooks that see the list of all items: no worker that collects only its own files can call them.
constexpr const char* kWholeListHooks[] = {"pytest_collection_modifyitems", "pytest_collection_finish",
                                           "pytest_collection", "pytest_report_collectionfinish"};

bool Contains(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

class Discoverer {
 public:
  Discoverer(const DiscoveryRequest& request, Sources& sources)
      : request_(request),
        sources_(sources),
        finder_(SearchPath(request)),
        namespaces_(sources, finder_),
        lister_(request.config, namespaces_) {}

  Discovery Run();

 private:
  static std::vector<std::string> SearchPath(const DiscoveryRequest& request);
  std::string Relative(const std::string& path) const;
  void AddFile(const WalkedFile& walked);
  void Select(const WalkedFile& walked, TestFile& file) const;
  void NameModule(const std::string& path, TestFile& file);
  std::vector<std::string> Imports(const Source& source);
  bool IsLoadedFirst(const std::string& conftest) const;
  void AddConftest(const std::string& path);
  void FindWholeReasons();
  void FindModuleConflicts();
  void FindRootConflicts();
  void Reason(std::string why) {
    if (!Contains(found_.whole_reasons, why)) found_.whole_reasons.push_back(std::move(why));
  }

  const DiscoveryRequest& request_;
  Sources& sources_;
  ModuleFinder finder_;
  Namespaces namespaces_;
  TestLister lister_;
  Walk walk_;
  std::vector<std::string> effects_;       // Of importing test files.
  std::vector<std::string> wide_autouse_;  // Autouse fixtures of session and package scope.
  Discovery found_;
};

// Where imports of tests' helpers and bases may be found, besides each file's own root.
std::vector<std::string> Discoverer::SearchPath(const DiscoveryRequest& request) {
  const std::string& rootdir = request.config.rootdir;
  std::vector<std::string> roots;
  if (const auto paths = request.config.ini.find("pythonpath"); paths != request.config.ini.end())
    if (const auto words = paths->second.Words())
      for (const std::string& word : *words) roots.push_back(AbsolutePath(rootdir, word));
  for (const std::string& root : {request.invocation_dir, rootdir, rootdir + "/src", rootdir + "/lib"})
    if (!Contains(roots, root)) roots.push_back(root);
  return roots;
}

std::string Discoverer::Relative(const std::string& path) const {
  const std::string& rootdir = request_.config.rootdir;
  if (rootdir != "/" && IsWithin(path, rootdir) && path != rootdir) return path.substr(rootdir.size() + 1);
  return path;
}

void Discoverer::NameModule(const std::string& path, TestFile& file) {
  if (request_.import_mode == "importlib") {
    file.module = Relative(path).substr(0, Relative(path).rfind('.'));
    std::replace(file.module.begin(), file.module.end(), '/', '.');
    return;
  }
  ModuleFinder::ModuleName name = finder_.NameOf(path);
  file.root = std::move(name.root);
  file.module = std::move(name.module);
}

// In order of the text: what the first of them does may be meant for the second.
std::vector<std::string> Discoverer::Imports(const Source& source) {
  std::vector<std::string> imports;
  std::set<std::string> known;
  for (const Definition& definition : source.outline.definitions) {
    if (definition.kind != Definition::Kind::kImport || definition.Is(Definition::kGuarded)) continue;
    const std::string& module = definition.targets[0];
    std::string name = finder_.Absolute(source.path, module);
    // `from . import a`: a is a module, as a rule.
    if (!module.empty() && module.find_first_not_of('.') == std::string::npos && definition.targets[1] != "*")
      name = finder_.Absolute(source.path, module + definition.targets[1]);
    if (!name.empty() && known.insert(name).second) imports.push_back(std::move(name));
  }
  return imports;
}

// Applies "::" arguments and --deselect.
void Discoverer::Select(const WalkedFile& walked, TestFile& file) const {
  if (!walked.selections.empty()) {
    file.partial = true;
    std::erase_if(file.tests, [&](const StaticTest& test) {
      return std::none_of(walked.selections.begin(), walked.selections.end(), [&](const std::string& selection) {
        return test.name == selection || test.name.starts_with(selection + "::");
      });
    });
  }
  for (const std::string& prefix : request_.deselect) {
    if (!prefix.starts_with(file.path) && !file.path.starts_with(prefix)) continue;
    file.partial = true;
    std::erase_if(file.tests,
                  [&](const StaticTest& test) { return (file.path + "::" + test.name).starts_with(prefix); });
  }
}

void Discoverer::AddFile(const WalkedFile& walked) {
  TestFile file;
  file.path = Relative(walked.path);
  file.explicit_path = walked.explicit_path;
  if (walked.doctest_text) {
    file.doctests = true;
    file.size = StampOf(walked.path).value_or(FileStamp{}).size;
    file.module = BaseName(walked.path);
    found_.files.push_back(std::move(file));
    return;
  }
  const Source* source = sources_.Find(walked.path);
  if (source == nullptr) return;  // Gone since the walk.
  NameModule(walked.path, file);
  file.doctests = request_.doctest_modules && source->outline.doctests;
  const bool tests_wanted = walked.explicit_path || AnyPathMatches(walked.path, request_.config.python_files);
  if (tests_wanted) lister_.List(*source, file);
  Select(walked, file);
  file.imports = Imports(*source);
  if (source->outline.session_items && tests_wanted) Reason(file.path + " reads session.items or testscollected");
  if (tests_wanted)
    for (const Definition& definition : source->outline.definitions)
      if (definition.Is(Definition::kWideAutouse)) wide_autouse_.push_back(file.path + ": " + definition.name);
  if (!source->outline.effect.empty()) effects_.push_back(file.path + ": " + source->outline.effect);
  if (!file.tests.empty() || file.whole_only() || file.doctests) found_.files.push_back(std::move(file));
}

// Whether pytest loads it before it collects: those of the arguments' folders, of these folders' parents and of test*
// in them.
bool Discoverer::IsLoadedFirst(const std::string& conftest) const {
  const std::string_view folder = ParentPath(conftest);
  const std::vector<std::string> here{request_.invocation_dir};
  const std::vector<std::string>& arguments = request_.config.args.empty() ? here : request_.config.args;
  return std::any_of(arguments.begin(), arguments.end(), [&](const std::string& argument) {
    std::string place = AbsolutePath(request_.invocation_dir, argument.substr(0, argument.find("::")));
    if (IsFile(place)) place = ParentPath(place);
    return IsWithin(place, folder) || (ParentPath(folder) == place && BaseName(folder).starts_with("test"));
  });
}

void Discoverer::AddConftest(const std::string& path) {
  const Source* source = sources_.Find(path);
  if (source == nullptr) return;
  const Outline& outline = source->outline;
  Conftest conftest;
  conftest.path = Relative(path);
  conftest.pytest_plugins = outline.pytest_plugins;
  conftest.collect_ignore = outline.collect_ignore;
  conftest.collect_ignore_glob = outline.collect_ignore_glob;
  conftest.imports = Imports(*source);
  conftest.surprise = outline.surprise;
  if (outline.unparsable) conftest.surprise = "it does not parse";
  for (const Bound& bound : namespaces_.Names(outline.definitions)) {
    const Definition& definition = *bound.definition;
    if (bound.name == "*") conftest.surprise = "star import in line " + std::to_string(definition.line);
    if (bound.name.starts_with("pytest_")) conftest.hooks.emplace_back(bound.name);
    if (definition.Is(Definition::kFixture)) conftest.fixtures.emplace_back(bound.name);
    if (definition.Is(Definition::kWideParams)) conftest.wide_param_fixtures.emplace_back(bound.name);
    if (definition.Is(Definition::kWideAutouse))
      wide_autouse_.push_back(conftest.path + ": " + std::string(bound.name));
  }
  if (!source->problem.empty()) conftest.surprise = source->problem;
  if (!outline.effect.empty() && !IsLoadedFirst(path)) effects_.push_back(conftest.path + ": " + outline.effect);
  if (!conftest.surprise.empty()) Reason(conftest.path + ": " + conftest.surprise);
  for (const char* hook : kWholeListHooks)
    if (Contains(conftest.hooks, hook)) Reason(conftest.path + " defines " + hook);
  for (const std::string& fixture : conftest.wide_param_fixtures)
    Reason(conftest.path + ": the fixture " + fixture + " of session or package scope has params");
  if (outline.session_items) Reason(conftest.path + " reads session.items or testscollected");
  found_.conftests.push_back(std::move(conftest));
}

// Two files under one module name: pytest reports a mismatch for the second, two workers would not.
void Discoverer::FindModuleConflicts() {
  std::map<std::string, std::string> path_of_module;
  for (const TestFile& file : found_.files) {
    if (file.root.empty()) continue;
    const auto [first, is_new] = path_of_module.emplace(file.module, file.path);
    if (!is_new) Reason(first->second + " and " + file.path + " share the module name " + file.module);
  }
}

// Roots that hold equal top-level names: which one an import means depends on which roots are on sys.path already.
void Discoverer::FindRootConflicts() {
  std::set<std::string> roots;
  for (const TestFile& file : found_.files)
    if (!file.root.empty()) roots.insert(file.root);
  if (roots.size() < 2) return;
  std::map<std::string, std::string> root_of_name;
  for (const std::string& root : roots) {
    for (const std::string& name : walk_.listings[root]) {
      const bool directory = name.ends_with('/');
      if (name == "conftest.py" || name == "setup.py" || (directory && !IsFile(root + "/" + name + "__init__.py")))
        continue;
      const std::string module = name.substr(0, name.find_first_of("/."));
      const auto [first, is_new] = root_of_name.emplace(module, root);
      if (!is_new && first->second != root)
        Reason("the directories " + Relative(first->second) + " and " + Relative(root) + " both hold a module " +
               module);
    }
  }
}

void Discoverer::FindWholeReasons() {
  for (const std::string& reason : walk_.whole_reasons) Reason(reason);
  if (!effects_.empty() && found_.files.size() > 1) Reason(effects_.front());
  // It is set up with the first test, and pytest has imported all files by then.
  if (!wide_autouse_.empty() && found_.files.size() > 1)
    Reason(wide_autouse_.front() + " is an autouse fixture of session or package scope");
  if (request_.keep_duplicates) Reason("--keep-duplicates");
  if (request_.import_mode == "importlib") return;
  FindModuleConflicts();
  FindRootConflicts();
}

Discovery Discoverer::Run() {
  walk_ = WalkArguments(request_, sources_);
  std::vector<std::string> paths;
  for (const WalkedFile& file : walk_.files)
    if (!file.doctest_text) paths.push_back(file.path);
  sources_.Load(paths);
  for (const std::string& path : walk_.conftests) finder_.AddRoot(finder_.NameOf(path).root);
  for (const std::string& path : paths) finder_.AddRoot(finder_.NameOf(path).root);
  for (const WalkedFile& file : walk_.files) AddFile(file);
  for (const std::string& path : walk_.conftests) AddConftest(path);
  FindWholeReasons();
  found_.missing = std::move(walk_.missing);
  found_.warnings = std::move(walk_.warnings);
  for (std::string& problem : sources_.Problems()) found_.warnings.push_back(std::move(problem));
  for (const TestFile& file : found_.files) {
    found_.tests += static_cast<std::uint32_t>(file.tests.size());
    for (const StaticTest& test : file.tests) found_.items += test.items;
  }
  return std::move(found_);
}

}  // namespace

Result<Discovery> Discover(const DiscoveryRequest& request) {
  std::optional<DiscoveryCache> cache;
  const std::string file = request.cache_file.empty() ? DefaultCacheFile() : request.cache_file;
  if (request.use_cache && !file.empty())
    cache.emplace(file,
                  DiscoveryCache::Key{request.config.rootdir, request.parser == ParserKind::kAst ? "ast" : "regex"});
  Sources sources(request.parser, request.threads, cache ? &*cache : nullptr);
  Discovery found = Discoverer(request, sources).Run();
  const std::vector<DiscoveryCache::Entry> parsed = sources.Parsed();
  found.read = static_cast<std::uint32_t>(parsed.size());
  if (cache) {
    if (!cache->warning().empty()) found.warnings.push_back(cache->warning());
    if (!parsed.empty())
      if (const Status merged = cache->Merge(parsed); !merged) found.warnings.push_back(merged.error().message);
  }
  return found;
}

std::string ListDiscovered(const Discovery& discovery, Duration spent) {
  std::string out;
  for (const TestFile& file : discovery.files) {
    for (const StaticTest& test : file.tests) out.append(file.path).append("::").append(test.name).push_back('\n');
    if (file.doctests && file.tests.empty()) out.append(file.path).push_back('\n');
  }
  char seconds[32];
  std::snprintf(seconds, sizeof seconds, "%.3f", std::chrono::duration<double>(spent).count());
  out.append("\n")
      .append(std::to_string(discovery.tests))
      .append(" tests in ")
      .append(std::to_string(discovery.files.size()));
  out.append(" files found in ").append(seconds).append("s\n");
  return out;
}

}  // namespace fastest
