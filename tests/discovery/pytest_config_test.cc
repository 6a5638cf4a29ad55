#include "discovery/pytest_config.h"

#include "tests/discovery/tree.h"

using fastest::ConfigRequest;
using fastest::PytestConfig;
using fastest::ReadPytestConfig;
using fastest::ShlexSplit;
using fastest::Tree;
using Words = std::vector<std::string>;

namespace {

ConfigRequest In(const Tree& tree, const std::string& below = "", Words args = {}) {
  ConfigRequest request;
  request.invocation_dir = below.empty() ? tree.root() : tree.root() + "/" + below;
  request.args = std::move(args);
  return request;
}

}  // namespace

TEST_CASE("the nearest file that configures pytest makes the rootdir") {
  const Tree tree{{"pytest.ini", "[pytest]\n"},
                  {"a/tox.ini", "[tox]\n"},
                  {"a/b/setup.cfg", "[tool:pytest]\naddopts = -v\n"},
                  {"a/b/c/x.py", ""}};
  CHECK(ReadPytestConfig(In(tree, "a"))->rootdir == tree.root());
  const PytestConfig inner = ReadPytestConfig(In(tree, "", {"a/b/c/x.py::test_a"})).value();
  CHECK(inner.rootdir == tree.root() + "/a/b");
  CHECK(inner.inipath == tree.root() + "/a/b/setup.cfg");
  CHECK(inner.addopts == Words{"-v"});
}

TEST_CASE("each kind of file is read by its own rule, in pytest's order") {
  struct Case {
    const char* name;
    const char* text;
    int version;
    const char* addopts;  // "": the file does not configure pytest.
  };
  const auto c = GENERATE(values<Case>({
      {"pytest.toml", "[pytest]\naddopts = ['-a']\n", 900, "-a"},
      {"pytest.toml", "[pytest]\naddopts = ['-a']\n", 804, ""},
      {".pytest.ini", "[pytest]\naddopts = -b\n", 900, "-b"},
      {"pyproject.toml", "[tool.pytest]\naddopts = ['-c']\n", 900, "-c"},
      {"pyproject.toml", "[tool.pytest]\naddopts = ['-c']\n", 804, ""},
      {"pyproject.toml", "[tool.pytest.ini_options]\naddopts = '-d'\n", 704, "-d"},
      {"tox.ini", "[pytest]\naddopts: -e\n", 900, "-e"},
      {"setup.cfg", "[tool:pytest]\n# no\naddopts =\n    -f\n", 900, "-f"},
      {"setup.cfg", "[metadata]\n", 900, ""},
  }));
  const Tree tree{{c.name, c.text}, {"sub/x", ""}};
  ConfigRequest request = In(tree, "sub");
  request.pytest_version = c.version;
  const PytestConfig config = ReadPytestConfig(request).value();
  CHECK(config.addopts == (*c.addopts == '\0' ? Words{} : Words{c.addopts}));
}

TEST_CASE("a pyproject.toml without a pytest table still makes the rootdir") {
  const Tree tree{{"pyproject.toml", "[project]\nname = 'x'\n"}, {"a/x", ""}};
  const PytestConfig config = ReadPytestConfig(In(tree, "a")).value();
  CHECK(config.rootdir == tree.root());
  CHECK(config.inipath == tree.root() + "/pyproject.toml");
}

TEST_CASE("without configuration, setup.py makes the rootdir, else the arguments' common ancestor") {
  const Tree tree{{"p/setup.py", ""}, {"p/a/x.py", ""}, {"q/a/x.py", ""}, {"q/b/y.py", ""}};
  CHECK(ReadPytestConfig(In(tree, "", {"p/a/x.py"}))->rootdir == tree.root() + "/p");
  CHECK(ReadPytestConfig(In(tree, "q/a", {"../b"}))->rootdir == tree.root() + "/q");
}

TEST_CASE("-c and --rootdir win over the search") {
  const Tree tree{
      {"pytest.ini", "[pytest]\naddopts = -x\n"}, {"conf/other.ini", "[pytest]\naddopts = -y\n"}, {"r/x", ""}};
  ConfigRequest request = In(tree);
  request.config_file = "conf/other.ini";
  CHECK(ReadPytestConfig(request)->rootdir == tree.root() + "/conf");
  CHECK(ReadPytestConfig(request)->addopts == Words{"-y"});
  request.rootdir = "r";
  CHECK(ReadPytestConfig(request)->rootdir == tree.root() + "/r");
}

TEST_CASE("-o overrides the file") {
  const Tree tree{{"pytest.ini", "[pytest]\npython_files = a_*.py\n"}};
  ConfigRequest request = In(tree);
  request.overrides = {"python_files=b_*.py c_*.py"};
  CHECK(ReadPytestConfig(request)->python_files == Words{"b_*.py", "c_*.py"});
}

TEST_CASE("testpaths count only without arguments and from the rootdir") {
  const Tree tree{{"pytest.ini", "[pytest]\ntestpaths = te* gone\n"}, {"te1/x", ""}, {"te2/x", ""}, {"other/x", ""}};
  CHECK(ReadPytestConfig(In(tree))->args == Words{"te1", "te2"});
  CHECK(ReadPytestConfig(In(tree))->args_source == fastest::ArgsSource::kTestpaths);
  CHECK(ReadPytestConfig(In(tree, "other"))->args == Words{tree.root() + "/other"});
  CHECK(ReadPytestConfig(In(tree, "", {"other"}))->args == Words{"other"});
}

TEST_CASE("defaults are pytest's") {
  const Tree tree{{"pytest.ini", ""}};
  const PytestConfig config = ReadPytestConfig(In(tree)).value();
  CHECK(config.python_files == Words{"test_*.py", "*_test.py"});
  CHECK(config.python_classes == Words{"Test"});
  CHECK(config.norecursedirs.size() == 9);
  CHECK(config.collect_imported_tests);
}

TEST_CASE("errors name file, line and cause") {
  struct Case {
    const char* name;
    const char* text;
    const char* message;  // After the tree's root.
  };
  const auto c = GENERATE(values<Case>({
      {"pytest.ini", "addopts = -v\n", "/pytest.ini:1: no section header defined"},
      {"pytest.ini", "[pytest]\nnonsense\n", "/pytest.ini:2: unexpected line: 'nonsense'"},
      {"pytest.ini", "[pytest]\na = 1\na = 2\n", "/pytest.ini:3: duplicate name 'a'"},
      {"pytest.ini", "[pytest]\naddopts = 'x\n", "/pytest.ini:2: addopts: No closing quotation"},
      {"pytest.ini", "[pytest]\ncollect_imported_tests = perhaps\n",
       "/pytest.ini:2: collect_imported_tests: invalid truth value 'perhaps' (allowed: true, false)"},
  }));
  const Tree tree{{c.name, c.text}};
  const auto config = ReadPytestConfig(In(tree));
  REQUIRE_FALSE(config.ok());
  CHECK(config.error().message == tree.root() + c.message);
}

TEST_CASE("a TOML error tells its line") {
  const Tree tree{{"pyproject.toml", "[project]\nname = \n"}};
  const auto config = ReadPytestConfig(In(tree));
  REQUIRE_FALSE(config.ok());
  CHECK(config.error().message.find(tree.root() + "/pyproject.toml:2: ") == 0);
}

TEST_CASE("[tool.fastest] is handed over with lines") {
  const Tree tree{
      {"pyproject.toml",
       "[tool.fastest]\nworkers = 8\nretries = 'x'\n[tool.fastest.k8s]\nimages = ['a', 'b']\nfast = true\n"}};
  const PytestConfig config = ReadPytestConfig(In(tree)).value();
  CHECK(std::get<std::int64_t>(config.fastest.at("workers").value) == 8);
  CHECK(config.fastest.at("retries").line == 3);
  CHECK(std::get<Words>(config.fastest.at("k8s.images").value) == Words{"a", "b"});
  CHECK(std::get<bool>(config.fastest.at("k8s.fast").value));
}

TEST_CASE("files in one directory that pytest passes over are named") {
  const Tree tree{{"pytest.ini", "[pytest]\n"}, {"tox.ini", "[pytest]\n"}, {"setup.cfg", "[metadata]\n"}};
  CHECK(ReadPytestConfig(In(tree))->ignored_config_files == Words{"tox.ini"});
}

TEST_CASE("words are split as a shell does") {
  CHECK(ShlexSplit("a 'b c' \"d \\\" e\" f\\ g ''").value() == Words{"a", "b c", "d \" e", "f g", ""});
  CHECK_FALSE(ShlexSplit("'a").ok());
}
