#include "cli/tree_paths.h"

#include "tests/catch.h"

using namespace fastest;

namespace {

const std::string kTheirs = "/cache/trees/abc-0";

std::string Answer(const std::string& root) {
  return R"({"rootdir":")" + root + R"(/tests","header":["rootdir: )" + root + R"(/tests"],"inipath":")" + root +
         R"(/pytest.ini","args":["tests"]})";
}

// As after an agent with the tree elsewhere has said READY.
TreePaths Learnt(AgentMessage* ready) {
  TreePaths paths("/work/p", "/work/p/tests");
  paths.FromAgent(AgentId{3}, ready);
  return paths;
}

}  // namespace

TEST_CASE("what an agent's pytest says of its tree is told as of ours") {
  AgentMessage ready = Ready{true, Answer(kTheirs), 0};
  TreePaths paths = Learnt(&ready);
  CHECK(std::get<Ready>(ready).answer == Answer("/work/p"));
  AgentMessage warning = Warning{WorkerId{}, {R"({"filename":"/cache/trees/abc-0/a.py","lineno":3})"}};
  paths.FromAgent(AgentId{3}, &warning);
  CHECK(std::get<Warning>(warning).warning.envelope == R"({"filename":"/work/p/a.py","lineno":3})");
}

TEST_CASE("roots for sys.path are the agent's, other agents' stay") {
  AgentMessage ready = Ready{true, Answer(kTheirs), 0};
  const TreePaths paths = Learnt(&ready);
  const std::string start = R"({"roots":["/work/p/tests","/work/p","/work/part"],"imports":[]})";
  CoordinatorMessage theirs = Begin{CollectMode::kFile, false, 1, start}, ours = theirs;
  paths.ToAgent(AgentId{3}, &theirs);
  paths.ToAgent(AgentId{4}, &ours);
  CHECK(std::get<Begin>(theirs).start ==
        R"({"roots":["/cache/trees/abc-0/tests","/cache/trees/abc-0","/work/part"],"imports":[]})");
  CHECK(std::get<Begin>(ours).start == start);
}

TEST_CASE("an agent in the same tree, or whose answer makes no sense, changes nothing") {
  for (const std::string& answer :
       {Answer("/work/p"), std::string("no JSON"), std::string(R"({"rootdir":"/other"})")}) {
    AgentMessage ready = Ready{true, answer, 0};
    Learnt(&ready);
    CHECK(std::get<Ready>(ready).answer == answer);
  }
}

TEST_CASE("absolute words below the root become relative, all others stay") {
  const std::vector<std::string> words = {"/r/tests/a.py::test[/r/x]", "/r",  "--ignore=/r/d/old", "-k", "/r2/x", "--x",
                                          "--cov=/elsewhere",          "b.py"};
  CHECK(RelativeWords(words, "/r", "/r/d") == std::vector<std::string>{"../tests/a.py::test[/r/x]", "..",
                                                                       "--ignore=old", "-k", "/r2/x", "--x",
                                                                       "--cov=/elsewhere", "b.py"});
  CHECK(RelativeWords({"/r/a/b", "/r"}, "/r", "/r") == std::vector<std::string>{"a/b", "."});
}
