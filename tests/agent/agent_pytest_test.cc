// The agent with the real zygote and pytest. FASTEST_TEST_PYTHON names an interpreter that has pytest; without it these
// tests say so and pass.

#include <sys/wait.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "agent/agent.h"
#include "base/process.h"
#include "tests/agent/host.h"
#include "tests/catch.h"

using namespace fastest;
using namespace std::chrono_literals;

namespace {

// A folder with a test file in it; gone at the end.
class Suite {
 public:
  explicit Suite(const std::string& text) {
    std::string pattern = (std::filesystem::temp_directory_path() / "fastest-agent-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    folder_ = pattern;
    std::ofstream(folder_ / "test_a.py") << text;
    std::ofstream(folder_ / "pytest.ini") << "[pytest]\naddopts = -p no:cacheprovider\n";
  }
  ~Suite() { std::filesystem::remove_all(folder_); }
  std::string folder() const { return folder_; }

 private:
  std::filesystem::path folder_;
};

const char* Python() {
  const char* python = std::getenv("FASTEST_TEST_PYTHON");
  if (python == nullptr) WARN("FASTEST_TEST_PYTHON is not set: not tested with pytest");
  return python;
}

AgentOptions OptionsFor(const Suite& suite, std::uint32_t workers) {
  AgentOptions options;
  options.process.python = Python();
  options.process.worker_dir = std::string(FASTEST_SOURCE_DIR) + "/worker";
  options.process.directory = suite.folder();
  options.workers = workers;
  return options;
}

std::string Setup(std::uint32_t workers) {
  return R"({"argv":[],"run_id":"r1","full_reports":false,"color":false,"columns":80,"collect":"auto","attached":false,"n":)" +
         std::to_string(workers) + "}";
}

std::string Start(const Suite& suite) {
  return R"({"roots":[")" + suite.folder() + R"("],"workerinput":{"testrunuid":"r1"}})";
}

std::vector<ItemKey> KeysOf(const Collected& collected) {
  std::vector<ItemKey> keys;
  for (const std::string& id : collected.node_ids) keys.push_back({id, 0});
  return keys;
}

Assign Batch(std::uint64_t lease, std::uint32_t unit, std::vector<ItemKey> items) {
  Assign assign;
  assign.lease = LeaseId(lease);
  assign.units.push_back({UnitId(unit), "test_a.py", 1, {}, {}, std::move(items)});
  return assign;
}

std::vector<std::string> Sorted(std::vector<std::string> lines) {
  std::sort(lines.begin(), lines.end());
  return lines;
}

constexpr const char* kThree = "def test_x(): pass\ndef test_y(): assert 0\ndef test_z(): pass\n";
const std::vector<std::string> kThreeReports = {
    "test_a.py::test_x call passed", "test_a.py::test_x setup passed", "test_a.py::test_x teardown passed",
    "test_a.py::test_y call failed", "test_a.py::test_y setup passed", "test_a.py::test_y teardown passed",
    "test_a.py::test_z call passed", "test_a.py::test_z setup passed", "test_a.py::test_z teardown passed"};

}  // namespace

TEST_CASE("each mode reports each item of a suite once") {
  if (Python() == nullptr) return;
  struct Case {
    const char* name;
    CollectMode mode;
    bool single;
  };
  const auto c = GENERATE(values<Case>({{"single", CollectMode::kWhole, true},
                                        {"whole", CollectMode::kWhole, false},
                                        {"each", CollectMode::kWholeEach, false},
                                        {"file", CollectMode::kFile, false}}));
  INFO(c.name);
  const Suite suite(kThree);
  const std::uint32_t workers = c.single ? 1 : 2;
  Host host(OptionsFor(suite, workers));
  host->StartZygote(Setup(workers));
  REQUIRE(host.Wait<Ready>());
  INFO(host.All<Ready>()[0].answer);
  REQUIRE(host.All<Ready>()[0].ok);
  host->Receive(Begin{c.mode, c.single, workers, Start(suite)});
  if (c.mode == CollectMode::kFile) {
    host->Receive(Walk{});
    REQUIRE(host.Wait<Walked>());
    CHECK(host.All<Walked>()[0].paths == std::vector<std::string>{"test_a.py"});
    host->Receive(Batch(1, 0, {}));
    REQUIRE(host.Wait<LeaseDone>());
  } else {
    REQUIRE(host.Wait<Collected>());
    const std::vector<ItemKey> items = KeysOf(host.All<Collected>()[0]);
    REQUIRE(items.size() == 3);
    host->Receive(Batch(1, 0, {items[0]}));
    host->Receive(Batch(2, 1, {items[1], items[2]}));
    REQUIRE(host.Wait<LeaseDone>(2));
  }
  host->Receive(Stop{Stop::How::kDone, "done"});
  const bool ended = host.Wait<Goodbye>();
  INFO(host.Trace());
  REQUIRE(ended);
  CHECK(Sorted(host.Reports()) == kThreeReports);
  CHECK(host.All<ItemFinished>().size() == 3);
  CHECK(host.All<WorkerLost>().empty());
  CHECK(host.All<InternalError>().empty());
  CHECK(host.All<WorkerDone>().size() == host.All<WorkerUp>().size());
}

TEST_CASE("a test that ends its process is named with its phase, and what finished before stands") {
  if (Python() == nullptr) return;
  struct Case {
    const char* deed;
    const char* status;
    const char* traceback;
  };
  const auto c = GENERATE(values<Case>(
      {{"os.kill(os.getpid(), 11)", "SIGSEGV", "Segmentation fault"}, {"os._exit(0)", "exit status 0", ""}}));
  const bool single = GENERATE(true, false);
  const Suite suite(std::string("import os\ndef test_x(): pass\ndef test_y(): ") + c.deed + "\n");
  Host host(OptionsFor(suite, 1));
  host->StartZygote(Setup(single ? 1 : 2));
  REQUIRE(host.Wait<Ready>());
  host->Receive(Begin{CollectMode::kWhole, single, 1, Start(suite)});
  REQUIRE(host.Wait<Collected>());
  host->Receive(Batch(1, 0, KeysOf(host.All<Collected>()[0])));
  REQUIRE(host.Wait<WorkerLost>());
  const WorkerLost lost = host.All<WorkerLost>()[0];
  CHECK(DescribeStatus(lost.status) == c.status);
  CHECK(lost.item.node_id == "test_a.py::test_y");
  CHECK(lost.state == WorkerState::kCall);
  CHECK(lost.traceback.find(c.traceback) != std::string::npos);
  CHECK(host.All<ItemFinished>().size() == 1);
  host->Receive(Stop{Stop::How::kDone, "done"});
  REQUIRE(host.Wait<Goodbye>());
}

TEST_CASE("a test that hangs in C code is ended within a second of its limit, with its stack") {
  if (Python() == nullptr) return;
  const Suite suite("import ctypes\ndef test_x(): ctypes.PyDLL(None).pause()\n");  // PyDLL keeps the GIL.
  AgentOptions options = OptionsFor(suite, 1);
  options.hang_timeout = 0.5;
  Host host(options);
  host->StartZygote(Setup(1));
  REQUIRE(host.Wait<Ready>());
  host->Receive(Begin{CollectMode::kWhole, true, 1, Start(suite)});
  REQUIRE(host.Wait<Collected>());
  host->Receive(Batch(1, 0, KeysOf(host.All<Collected>()[0])));
  const Time began = Now();
  REQUIRE(host.Wait<WorkerLost>());
  CHECK(Now() - began < 1500ms);
  CHECK(host.All<WorkerLost>()[0].hung);
  CHECK(host.All<WorkerLost>()[0].traceback.find("in test_x") != std::string::npos);
  host->Receive(Stop{Stop::How::kDone, "done"});
  REQUIRE(host.Wait<Goodbye>());
}
