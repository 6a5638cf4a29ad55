#include "discovery/walk.h"

#include <algorithm>
#include <set>
#include <unordered_map>

#include "base/file_system.h"
#include "discovery/fnmatch.h"

namespace fastest {
namespace {

constexpr int kDeepest = 200;  // Directories within directories.

// One argument, as pytest resolves it.
struct Argument {
  std::string path;       // Absolute.
  std::string selection;  // "TestA::test_x", or "".
  std::size_t index = 0;
  bool directory = false;
};

// The names and ignore lists that hold in a directory.
struct Rules {
  std::string directory;  // Of the conftest that said it.
  const std::vector<std::string>* paths = nullptr;
  std::string glob_directory;
  const std::vector<std::string>* globs = nullptr;
};

class Walker {
 public:
  Walker(const DiscoveryRequest& request, Sources& sources) : request_(request), sources_(sources) {}

  Walk Run();

 private:
  std::vector<Argument> ReadArguments();
  std::vector<Argument> Normalize(std::vector<Argument> arguments) const;
  bool InConfcutdir(std::string_view directory) const {
    return !IsWithin(confcutdir_, directory) || directory == confcutdir_;
  }
  Rules RulesAbove(const std::string& directory);
  Rules Enter(const std::string& directory, Rules rules, bool has_conftest);
  bool Ignored(const std::string& path, bool directory, const Rules& rules) const;
  bool IsVirtualEnvironment(const std::string& directory, const std::vector<DirectoryEntry>& entries) const;
  bool IsLoop(const std::string& directory) const;
  void Directory(const std::string& directory, Rules rules, bool initial, int depth);
  void Entries(const std::string& directory, const std::vector<DirectoryEntry>& entries, const Rules& rules, int depth);
  void File(const std::string& path, const Argument* argument);
  bool IsDoctestText(const std::string& path, bool initial) const;
  void AddFile(WalkedFile file, const Argument* argument);

  const DiscoveryRequest& request_;
  Sources& sources_;
  Walk walk_;
  std::string confcutdir_;
  std::vector<std::string> ignored_paths_, ignored_globs_;
  std::set<std::string> initial_;          // Arguments' paths.
  std::set<std::string> initial_parents_;  // And what is above them.
  std::set<std::string> seen_conftests_, seen_directories_;
  std::unordered_map<std::string, std::size_t> file_index_;
};

// "tests/test_a.py::TestA::test_x[1]" without its parameters.
std::vector<Argument> Walker::ReadArguments() {
  std::vector<Argument> arguments;
  for (const std::string& word : request_.config.args) {
    const std::string base = word.substr(0, word.find("::") == std::string::npos ? std::string::npos : word.find('['));
    const std::size_t colons = base.find("::");
    Argument argument;
    argument.path = AbsolutePath(request_.invocation_dir, base.substr(0, colons));
    if (colons != std::string::npos) argument.selection = base.substr(colons + 2);
    argument.index = arguments.size();
    argument.directory = IsDirectory(argument.path);
    if (!Exists(argument.path) || (argument.directory && !argument.selection.empty())) {
      request_.pyargs ? walk_.whole_reasons.push_back("--pyargs " + word + " names a module")
                      : walk_.missing.push_back(word);
      continue;
    }
    arguments.push_back(std::move(argument));
  }
  return arguments;
}

// pytest 9: what another argument holds already is left out; order is kept.
std::vector<Argument> Walker::Normalize(std::vector<Argument> arguments) const {
  std::vector<Argument> kept;
  const auto within = [](const Argument& inner, const Argument& outer) {
    if (outer.path != inner.path) return outer.selection.empty() && IsWithin(inner.path, outer.path);
    return outer.selection.empty() || inner.selection == outer.selection ||
           inner.selection.starts_with(outer.selection + "::");
  };
  std::stable_sort(arguments.begin(), arguments.end(), [](const Argument& a, const Argument& b) {
    // '/' sorts below all else, so that a directory stands right before what it holds.
    const bool less = std::lexicographical_compare(
        a.path.begin(), a.path.end(), b.path.begin(), b.path.end(),
        [](unsigned char x, unsigned char y) { return (x == '/' ? 0 : x) < (y == '/' ? 0 : y); });
    return a.path == b.path ? a.selection < b.selection : less;
  });
  for (Argument& argument : arguments)
    if (kept.empty() || !within(argument, kept.back())) kept.push_back(std::move(argument));
  std::sort(kept.begin(), kept.end(), [](const Argument& a, const Argument& b) { return a.index < b.index; });
  return kept;
}

Rules Walker::Enter(const std::string& directory, Rules rules, bool has_conftest) {
  if (request_.noconftest || !has_conftest || !InConfcutdir(directory)) return rules;
  const std::string path = directory + "/conftest.py";
  const Source* source = sources_.Find(path);
  if (source == nullptr) return rules;
  if (seen_conftests_.insert(path).second) walk_.conftests.push_back(path);
  if (!source->outline.collect_ignore.empty()) {
    rules.directory = directory;
    rules.paths = &source->outline.collect_ignore;
  }
  if (!source->outline.collect_ignore_glob.empty()) {
    rules.glob_directory = directory;
    rules.globs = &source->outline.collect_ignore_glob;
  }
  return rules;
}

// Of the conftests in the directories above `directory`.
Rules Walker::RulesAbove(const std::string& directory) {
  if (directory == "/") return {};
  const std::string parent(ParentPath(directory));
  const Rules above = RulesAbove(parent);
  return Enter(parent, above, InConfcutdir(parent) && IsFile(parent + "/conftest.py"));
}

bool Walker::Ignored(const std::string& path, bool directory, const Rules& rules) const {
  if (BaseName(path) == "__pycache__") return true;
  const auto is = [&](const std::string& ignored) { return ignored == path; };
  const auto matches = [&](const std::string& glob) { return FnMatch(path, glob); };
  if (std::any_of(ignored_paths_.begin(), ignored_paths_.end(), is)) return true;
  if (std::any_of(ignored_globs_.begin(), ignored_globs_.end(), matches)) return true;
  if (rules.paths != nullptr)
    for (const std::string& word : *rules.paths)
      if (is(AbsolutePath(rules.directory, word))) return true;
  if (rules.globs != nullptr)
    for (const std::string& word : *rules.globs)
      if (matches(AbsolutePath(rules.glob_directory, word))) return true;
  return directory && AnyPathMatches(path, request_.config.norecursedirs);
}

bool Walker::IsVirtualEnvironment(const std::string& directory, const std::vector<DirectoryEntry>& entries) const {
  if (request_.collect_in_virtualenv) return false;
  for (const DirectoryEntry& entry : entries) {
    if (entry.name == "pyvenv.cfg" && entry.kind == DirectoryEntry::Kind::kFile) return true;
    if (entry.name == "conda-meta" && request_.pytest_version >= 803 && IsFile(directory + "/conda-meta/history"))
      return true;
    if (entry.name == "bin" && request_.pytest_version < 803 && IsFile(directory + "/bin/activate")) return true;
  }
  return false;
}

// Whether a directory above is the same one.
bool Walker::IsLoop(const std::string& directory) const {
  const auto identity = IdentityOf(directory);
  for (std::string_view above = directory; identity && above != "/";) {
    above = ParentPath(above);
    if (IdentityOf(std::string(above)) == identity) return true;
  }
  return false;
}

void Walker::Directory(const std::string& directory, Rules rules, bool initial, int depth) {
  auto listed = ListDirectory(directory);
  if (!listed) {
    walk_.warnings.push_back(listed.error().message);
    return;
  }
  if (!initial && IsVirtualEnvironment(directory, *listed)) return;
  const auto named = [&](std::string_view name) {
    return std::any_of(listed->begin(), listed->end(), [&](const DirectoryEntry& entry) {
      return entry.name == name && entry.kind == DirectoryEntry::Kind::kFile;
    });
  };
  rules = Enter(directory, rules, named("conftest.py"));
  const bool package = named("__init__.py");
  const bool files_first = request_.pytest_version < 800;
  std::sort(listed->begin(), listed->end(), [&](const DirectoryEntry& a, const DirectoryEntry& b) {
    const auto rank = [&](const DirectoryEntry& entry) {
      if (package && entry.name == "__init__.py") return 0;
      return files_first && entry.kind == DirectoryEntry::Kind::kDirectory ? 2 : 1;
    };
    return rank(a) != rank(b) ? rank(a) < rank(b) : a.name < b.name;
  });
  Entries(directory, *listed, rules, depth);
}

void Walker::Entries(const std::string& directory, const std::vector<DirectoryEntry>& entries, const Rules& rules,
                     int depth) {
  std::vector<std::string>& names = walk_.listings[directory];
  for (const DirectoryEntry& entry : entries) {
    const std::string path = (directory == "/" ? "" : directory) + "/" + entry.name;
    if (entry.kind == DirectoryEntry::Kind::kDirectory) {
      names.push_back(entry.name + "/");
      const bool initial = initial_parents_.contains(path);
      if (!initial && Ignored(path, true, rules)) continue;
      if ((entry.link && IsLoop(path)) || depth > kDeepest) {
        walk_.whole_reasons.push_back("the link " + path + " leads back to a directory above it");
        continue;
      }
      Directory(path, rules, initial, depth + 1);
    } else if (entry.kind == DirectoryEntry::Kind::kFile) {
      if (entry.name.ends_with(".py")) names.push_back(entry.name);
      if (!initial_.contains(path) && Ignored(path, false, rules)) continue;
      File(path, nullptr);
    }
  }
}

bool Walker::IsDoctestText(const std::string& path, bool initial) const {
  if (path.ends_with(".py")) return false;
  if (initial && (path.ends_with(".txt") || path.ends_with(".rst"))) return true;
  static const std::vector<std::string> otherwise{"test*.txt"};
  return AnyPathMatches(path, request_.doctest_glob.empty() ? otherwise : request_.doctest_glob);
}

// `argument`: the file was given itself.
void Walker::File(const std::string& path, const Argument* argument) {
  WalkedFile file;
  file.path = path;
  file.explicit_path = argument != nullptr || initial_.contains(path);
  file.doctest_text = IsDoctestText(path, file.explicit_path);
  if (!file.doctest_text) {
    if (!path.ends_with(".py")) return;
    const bool wanted =
        file.explicit_path || request_.doctest_modules || AnyPathMatches(path, request_.config.python_files);
    if (!wanted) return;
  }
  AddFile(std::move(file), argument);
}

void Walker::AddFile(WalkedFile file, const Argument* argument) {
  const bool selects = argument != nullptr && !argument->selection.empty();
  const auto [known, is_new] = file_index_.emplace(file.path, walk_.files.size());
  if (is_new) {
    if (selects) file.selections.push_back(argument->selection);
    walk_.files.push_back(std::move(file));
    return;
  }
  // Several arguments give one file: the order of its items, or their number, is pytest's own affair.
  WalkedFile& before = walk_.files[known->second];
  if (!selects) {
    before.selections.clear();
  } else if (!before.selections.empty()) {
    before.selections.push_back(argument->selection);
  }
  walk_.whole_reasons.push_back(file.path + " is given by several arguments");
}

Walk Walker::Run() {
  const PytestConfig& config = request_.config;
  confcutdir_ = !request_.confcutdir.empty() ? AbsolutePath(request_.invocation_dir, request_.confcutdir)
                : !config.inipath.empty()    ? std::string(ParentPath(config.inipath))
                                             : config.rootdir;
  for (const std::string& path : request_.ignore) ignored_paths_.push_back(AbsolutePath(request_.invocation_dir, path));
  for (const std::string& glob : request_.ignore_glob)
    ignored_globs_.push_back(AbsolutePath(request_.invocation_dir, glob));
  std::vector<Argument> arguments = ReadArguments();
  if (!request_.keep_duplicates) arguments = Normalize(std::move(arguments));
  for (const Argument& argument : arguments) {
    initial_.insert(argument.path);
    for (std::string_view path = argument.path; initial_parents_.emplace(path).second && path != "/";)
      path = ParentPath(path);
  }
  for (const Argument& argument : arguments) {
    const Rules rules = RulesAbove(argument.path);
    if (!argument.directory) {
      File(argument.path, &argument);
    } else if (seen_directories_.insert(argument.path).second) {
      Directory(argument.path, rules, true, 0);
    }
  }
  return std::move(walk_);
}

}  // namespace

Walk WalkArguments(const DiscoveryRequest& request, Sources& sources) { return Walker(request, sources).Run(); }

}  // namespace fastest
