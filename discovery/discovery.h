// Static discovery: the tests of a project as a plan, without starting Python.
//
// Discover() walks the arguments in exactly pytest's collection order, reads the files in parallel, and lists what
// pytest would collect as far as source text can tell. What it cannot tell is flagged, never guessed silently: an
// unparsable or surprising file goes whole to pytest. A plan only; the worker's collection is the truth. It blocks its
// caller; everything it returns is a plain value.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "discovery/pytest_config.h"

namespace fastest {

enum class ParserKind : std::uint8_t {
  kAst,    // tree-sitter.
  kRegex,  // Lines and indents; faster.
};

struct DiscoveryRequest {
  // rootdir, python_files and so on; `config.args` are the arguments (paths, directories, "path::Class::name").
  PytestConfig config;
  std::string invocation_dir;  // Absolute.

  // pytest's options of these names, command line and addopts together.
  std::vector<std::string> ignore;
  std::vector<std::string> ignore_glob;
  std::vector<std::string> deselect;
  std::string import_mode = "prepend";
  std::string confcutdir;  // Empty: pytest's default (the configuration file's directory, else rootdir).
  bool noconftest = false;
  bool collect_in_virtualenv = false;
  bool keep_duplicates = false;
  bool pyargs = false;
  bool doctest_modules = false;
  std::vector<std::string> doctest_glob;  // Empty: pytest's default, test*.txt.
  int pytest_version = 900;  // 100 * major + minor; before 800 a directory's files come before its directories.

  ParserKind parser = ParserKind::kAst;
  bool use_cache = true;
  std::string cache_file;  // Empty: $XDG_CACHE_HOME/fastest/discovery_cache.json.
  unsigned threads = 0;    // 0: as many as the machine has cores.
};

// A test function or method. Its parameters stay together: one StaticTest stands for all its items.
struct StaticTest {
  std::string name;         // "TestA::test_x", without "[...]".
  std::uint32_t line = 0;   // From 1, of its `def`.
  std::uint32_t items = 1;  // Estimate: the product of the literal parametrize lists.
  bool parametrized = false;
  std::vector<std::string> marks;  // Names; its class's and module's too.

  bool operator==(const StaticTest&) const = default;
};

struct TestFile {
  std::string path;    // Relative to rootdir with '/'; absolute if not below it. With "::" + name a node id.
  std::string root;    // What prepend and append mode put on sys.path for it; "" in importlib mode.
  std::string module;  // The name under which pytest imports it.
  std::uint64_t size = 0;
  std::vector<StaticTest> tests;      // In pytest's order; only those that arguments and --deselect leave.
  std::vector<std::string> imports;   // Modules that it imports at module level in any case, in order, absolute where
                                      // the text says so.
  std::vector<std::string> fixtures;  // Names that it defines.
  std::vector<std::string> warnings;
  std::string surprise;        // Why the list may be wrong ("star import", …); empty: nothing unusual.
  std::string order_hint;      // Why its tests may depend on their order; empty: no hint.
  bool unparsable = false;     // pytest may well report a collection error.
  bool partial = false;        // Only some of its tests were asked for (a "::" argument, --deselect).
  bool serial = false;         // A test, class or the module is marked fastest(serial=True).
  bool doctests = false;       // --doctest-modules or a doctest text file: items besides `tests`.
  bool explicit_path = false;  // Given as an argument itself, so collected whatever its name.

  bool whole_only() const { return unparsable || !surprise.empty(); }
};

struct Conftest {
  std::string path;                         // As TestFile::path.
  std::vector<std::string> hooks;           // pytest_* functions that it defines or imports.
  std::vector<std::string> pytest_plugins;  // Literal names.
  std::vector<std::string> fixtures;
  std::vector<std::string>
      wide_param_fixtures;  // Session and package fixtures with params: core regroups items by them.
  std::vector<std::string> collect_ignore, collect_ignore_glob;  // Literal lists.
  std::vector<std::string> imports;
  std::string surprise;  // What static reading can't account for ("star import", …); empty: nothing.
};

struct Discovery {
  std::vector<TestFile> files;  // In pytest's collection order. Files without tests are left out unless whole_only().
  std::vector<Conftest> conftests;
  std::vector<std::string>
      whole_reasons;  // Why all items must be collected in one process; empty: as far as text can tell, none.
  std::vector<std::string> missing;   // Arguments that name nothing: pytest ends with a usage error.
  std::vector<std::string> warnings;  // Unreadable files, a damaged cache …; for stderr.
  std::uint32_t tests = 0;            // Functions and methods.
  std::uint32_t items = 0;            // Estimated.
  std::uint32_t read = 0;             // Files parsed now; the others came from the cache.
};

Result<Discovery> Discover(const DiscoveryRequest& request);

// Bare node ids, one a line, and a last line with counts and seconds.
std::string ListDiscovered(const Discovery& discovery, Duration spent);

}  // namespace fastest
