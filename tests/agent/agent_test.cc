// The agent against workers without pytest (tests/fakes/agent_worker): pool, deaths, hangs, the end.

#include "agent/agent.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "base/process.h"
#include "tests/agent/host.h"
#include "tests/catch.h"

using namespace fastest;
using namespace std::chrono_literals;

namespace {

class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "fastest-agent-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string File(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

// A worker that is given the path stops in its first test until the gate is opened.
class Gate {
 public:
  Gate() { REQUIRE(::mkfifo(fifo_.c_str(), 0600) == 0); }
  std::string path() const { return "gate:" + fifo_; }
  void Open() const { REQUIRE(UniqueFd(::open(fifo_.c_str(), O_WRONLY)).get() >= 0); }

 private:
  Folder folder_;
  std::string fifo_ = folder_.File("gate");
};

AgentOptions Fake(std::uint32_t workers) {
  AgentOptions options;
  options.process.python = "python3";
  options.process.worker_dir = std::string(FASTEST_SOURCE_DIR) + "/tests/fakes/agent_worker";
  options.workers = workers;
  return options;
}

Assign Batch(std::uint64_t lease, std::vector<std::string> paths) {
  Assign assign;
  assign.lease = LeaseId(lease);
  for (std::size_t i = 0; i < paths.size(); ++i) {
    assign.units.push_back({UnitId(static_cast<std::uint32_t>(100 * lease + i)), paths[i], 0, {}, {}, {}});
  }
  return assign;
}

void Open(Host& host, CollectMode mode = CollectMode::kFile, bool single = false, const char* argv = "[]") {
  host->StartZygote(std::string(R"({"argv":)") + argv + "}");
  REQUIRE(host.Wait<Ready>());
  host->Receive(Begin{mode, single, 2, R"({"workerinput":{"testrunuid":"r1"}})"});
}

void Close(Host& host) {
  host->Receive(Stop{Stop::How::kDone, "done"});
  REQUIRE(host.Wait<Goodbye>());
}

std::size_t Credits(const Host& host) {
  std::size_t sum = 0;
  for (const Credit& credit : host.All<Credit>()) sum += credit.batches;
  return sum;
}

// The position of the first message that `is` one, or the count of all.
template <typename Message, typename Is>
std::size_t PositionOf(const Host& host, Is is) {
  const auto found = std::find_if(host.messages.begin(), host.messages.end(), [&](const AgentMessage& message) {
    const auto* one = std::get_if<Message>(&message);
    return one != nullptr && is(*one);
  });
  return static_cast<std::size_t>(found - host.messages.begin());
}

bool Lives(pid_t pid) {
  const auto all = ListProcesses();
  return std::any_of(all.begin(), all.end(),
                     [&](const ProcessEntry& one) { return one.pid == pid && one.state != 'Z'; });
}

const std::vector<std::string> kSixReports = {"p::a setup passed", "p::a call passed", "p::a teardown passed",
                                              "p::b setup passed", "p::b call passed", "p::b teardown passed"};

}  // namespace

TEST_CASE("a batch is collected, run, reported and paid back with credit") {
  Host host(Fake(2));
  Open(host);
  CHECK(Credits(host) == 4);
  host->Receive(Batch(1, {"p"}));
  REQUIRE(host.Wait<LeaseDone>());
  CHECK(host.Reports() == kSixReports);
  CHECK(host.All<Collected>()[0].node_ids == std::vector<std::string>{"p::a", "p::b"});
  CHECK(host.All<ItemReport>()[0].lease == LeaseId{1});
  CHECK(host.All<ItemFinished>().size() == 2);
  CHECK(Credits(host) == 5);
  Close(host);
}

TEST_CASE("records keep their order when they come by ring and by socket") {
  Host host(Fake(1));
  Open(host);
  host->Receive(Batch(1, {"socket", "p", "socket", "p", "socket"}));
  REQUIRE(host.Wait<LeaseDone>());
  std::vector<std::string> expected;
  for (const char* unit : {"socket", "p", "socket", "p", "socket"}) {
    for (const char* rest : {"::a setup passed", "::a call passed", "::a teardown passed", "::b setup passed",
                             "::b call passed", "::b teardown passed"}) {
      expected.push_back(std::string(unit) + rest);
    }
  }
  CHECK(host.Reports() == expected);
  Close(host);
}

TEST_CASE("a worker is started for a batch rather than queued behind a busy one") {
  Host host(Fake(2));
  Open(host);
  host->Receive(Batch(1, {"p"}));
  host->Receive(Batch(2, {"p"}));
  REQUIRE(host.Wait<LeaseDone>(2));
  CHECK(host.Wait<WorkerUp>(2));  // What the zygote says may come after what its fork has said.
  Close(host);
}

TEST_CASE("no worker is started without need") {
  Host host(Fake(4));
  Open(host);
  host->Receive(Batch(1, {"p"}));
  REQUIRE(host.Wait<LeaseDone>());
  CHECK(host.All<WorkerUp>().size() == 1);
  Close(host);
}

TEST_CASE("a pinned batch goes to its worker") {
  Host host(Fake(3));
  Open(host);
  Assign assign = Batch(1, {"p"});
  assign.worker = 2;
  host->Receive(assign);
  REQUIRE(host.Wait<LeaseDone>());
  CHECK(host.All<LeaseDone>()[0].worker == WorkerId{2});
  Close(host);
}

TEST_CASE("a batch that must run alone waits for the others and others wait for it") {
  const Gate gate;
  Host host(Fake(2));
  Open(host);
  host->Receive(Batch(1, {gate.path()}));
  Assign alone = Batch(2, {"p"});
  alone.alone = true;
  host->Receive(alone);
  host->Receive(Batch(3, {"p"}));
  REQUIRE(host.Wait<Collected>());  // The first one is in its gate.
  CHECK(host.All<WorkerUp>().size() == 1);
  gate.Open();
  REQUIRE(host.Wait<LeaseDone>(3));
  const auto done = host.All<LeaseDone>();
  CHECK(done[0].lease == LeaseId{1});
  CHECK(done[1].lease == LeaseId{2});
  CHECK(PositionOf<Collected>(host, [](const Collected& one) { return one.lease == LeaseId{3}; }) >
        PositionOf<LeaseDone>(host, [](const LeaseDone& one) { return one.lease == LeaseId{2}; }));
  Close(host);
}

TEST_CASE("a release that comes while its batch waits for a worker counts") {
  const Gate gate;
  Host host(Fake(1));
  Open(host);
  Assign alone = Batch(1, {gate.path()});
  alone.alone = true;
  host->Receive(alone);
  Assign held = Batch(2, {"p"});
  held.run = false;
  host->Receive(held);
  host->Receive(Release{LeaseId{2}, {}, {}, true});
  gate.Open();
  REQUIRE(host.Wait<LeaseDone>(2));
  Close(host);
}

TEST_CASE("a batch that waits is given back whole when it is revoked") {
  const Gate gate;
  Host host(Fake(1));
  Open(host);
  for (std::uint64_t lease = 1; lease <= 3; ++lease) host->Receive(Batch(lease, {gate.path()}));
  host->Receive(Revoke{LeaseId{3}});
  REQUIRE(host.All<Revoked>().size() == 1);
  CHECK(host.All<Revoked>()[0].parts.at(0).whole);
  CHECK(host.All<LeaseDone>().at(0).lease == LeaseId{3});
  host->Receive(Stop{Stop::How::kKill, "enough"});
  REQUIRE(host.Wait<Goodbye>());
}

TEST_CASE("a batch is not handed to a worker that is in the midst of one whose end is far") {
  const Gate gate;
  Host host(Fake(1));
  Open(host);
  Assign first = Batch(1, {gate.path()});
  first.units[0].items = {{first.units[0].path + "::a", 0}, {first.units[0].path + "::b", 0}};
  host->Receive(first);
  host->Receive(Batch(2, {"p"}));
  REQUIRE(host.Wait<Collected>());  // The first one is in its gate.
  host->Receive(Revoke{LeaseId{2}});
  REQUIRE(host.All<Revoked>().size() == 1);
  CHECK(host.All<Revoked>()[0].parts.at(0).whole);
  host->Receive(Batch(3, {"p"}));
  gate.Open();
  REQUIRE(host.Wait<LeaseDone>(3));
  Close(host);
}

TEST_CASE("a lease that is done is revoked without effect") {
  Host host(Fake(1));
  Open(host);
  host->Receive(Revoke{LeaseId{9}});
  REQUIRE(host.All<Revoked>().size() == 1);
  CHECK(host.All<Revoked>()[0].parts.empty());
  Close(host);
}

TEST_CASE("a worker's death names the item and the leases, after all that it finished") {
  struct Case {
    const char* deed;
    int status;
    const char* traceback;
  };
  const auto c = GENERATE(
      values<Case>({{"kill:11", SIGSEGV, "Fatal Python error: the stack"}, {"exit:0", 0, ""}, {"exit:3", 3 << 8, ""}}));
  Host host(Fake(1));
  Open(host);
  host->Receive(Batch(1, {"p", c.deed}));
  host->Receive(Batch(2, {"p"}));
  REQUIRE(host.Wait<WorkerLost>());
  const WorkerLost lost = host.All<WorkerLost>()[0];
  CHECK(host.Reports() == kSixReports);
  CHECK((WIFSIGNALED(lost.status) ? WTERMSIG(lost.status) : lost.status) == c.status);
  CHECK(lost.state == WorkerState::kCall);
  CHECK(lost.item.node_id == std::string(c.deed) + "::a");
  CHECK(lost.lease == LeaseId{1});
  CHECK(lost.unit == UnitId{101});
  CHECK(lost.traceback == c.traceback);
  CHECK(lost.leases == std::vector{LeaseId{1}, LeaseId{2}});
  CHECK_FALSE(lost.hung);
  CHECK(host.WaitFor([&] { return Credits(host) == 4; }));
  Close(host);
}

TEST_CASE("the next batch starts a lost worker again, under the same id") {
  Host host(Fake(1));
  Open(host);
  host->Receive(Batch(1, {"exit:0"}));
  REQUIRE(host.Wait<WorkerLost>());
  host->Receive(Batch(2, {"p"}));
  REQUIRE(host.Wait<LeaseDone>());
  CHECK(host.All<WorkerUp>().at(1).worker == host.All<WorkerUp>().at(0).worker);
  CHECK(host.All<WorkerUp>().at(1).restarts == 1);
  CHECK(host.Reports() == kSixReports);
  Close(host);
}

TEST_CASE("a single worker that was lost is started again from nothing") {
  Host host(Fake(1));
  Open(host, CollectMode::kFile, true);
  host->Receive(Batch(1, {"exit:0"}));
  REQUIRE(host.Wait<WorkerLost>());
  host->Receive(Batch(2, {"p"}));
  REQUIRE(host.Wait<LeaseDone>());
  CHECK(host.Reports() == kSixReports);
  Close(host);
}

TEST_CASE("too many lost workers end in an error instead of a loop") {
  AgentOptions options = Fake(1);
  options.max_worker_restart = 1;
  Host host(options);
  Open(host);
  for (std::uint64_t lease = 1; lease <= 3; ++lease) {
    host->Receive(Batch(lease, {"exit:0"}));
    if (lease < 3) REQUIRE(host.Wait<WorkerLost>(lease));
  }
  REQUIRE(host.Wait<InternalError>());
  CHECK(host.All<InternalError>()[0].text == "worker crash loop: 1 restarts (--max-worker-restart)");
  CHECK(host.All<WorkerLost>().size() == 2);
  Close(host);
}

TEST_CASE("a worker that sends or writes nonsense is killed and told of") {
  const auto deed = GENERATE(values<std::string>({"garbage", "scribble"}));
  Host host(Fake(1));
  Open(host);
  host->Receive(Batch(1, {deed}));
  REQUIRE(host.Wait<WorkerLost>());
  CHECK(host.All<InternalError>().size() == 1);
  host->Receive(Batch(2, {"p"}));
  REQUIRE(host.Wait<LeaseDone>());
  Close(host);
}

TEST_CASE("a worker that hangs is killed, and waiting for work is no hang") {
  AgentOptions options = Fake(2);
  options.hang_timeout = 0.3;
  Host host(options);
  Open(host);
  host->Receive(Batch(1, {"p"}));
  host->Receive(Batch(2, {"hang"}));
  REQUIRE(host.Wait<WorkerLost>());
  const WorkerLost lost = host.All<WorkerLost>()[0];
  CHECK(lost.hung);
  CHECK(lost.item.node_id == "hang::a");
  CHECK(host.All<WorkerLost>().size() == 1);
  Close(host);
}

TEST_CASE("limits are the coordinator's where the agent has none of its own") {
  const bool own = GENERATE(false, true);
  AgentOptions options = Fake(1);
  if (own) options.max_worker_restart = 0;
  Host host(options);
  host->StartZygote(R"({"argv":[]})");
  REQUIRE(host.Wait<Ready>());
  host->Receive(
      Begin{CollectMode::kFile, false, 1, R"({"workerinput":{"testrunuid":"r1"}})", {own ? 0 : 0.3, own ? 5 : 0, 0}});
  host->Receive(Batch(1, {own ? "exit:0" : "hang"}));
  REQUIRE(host.Wait<WorkerLost>());
  CHECK(host.All<WorkerLost>()[0].hung == !own);
  host->Receive(Batch(2, {"p"}));
  REQUIRE(host.Wait<InternalError>());
  CHECK(host.All<InternalError>()[0].text == "worker crash loop: 0 restarts (--max-worker-restart)");
  Close(host);
}

TEST_CASE("a hung worker's processes are killed in whatever session they are") {
  const Folder folder;
  const std::string told = folder.File("pids");
  AgentOptions options = Fake(1);
  options.hang_timeout = 1;
  Host host(options);
  Open(host);
  host->Receive(Batch(1, {"family:" + told}));
  REQUIRE(host.Wait<WorkerLost>());
  std::ifstream in(told);
  std::vector<pid_t> family;
  for (pid_t pid = 0; in >> pid;) family.push_back(pid);
  REQUIRE(family.size() == 3);
  CHECK(host.WaitFor([&] { return std::none_of(family.begin(), family.end(), Lives); }));
  Close(host);
}

TEST_CASE("a kill leaves no process behind") {
  const Folder folder;
  const std::string told = folder.File("pids");
  Host host(Fake(2));
  Open(host);
  host->Receive(Batch(1, {"p", "family:" + told}));
  host->Receive(Batch(2, {"p", "hang"}));
  std::vector<pid_t> all;
  REQUIRE(host.Wait<ItemFinished>(4));
  for (const WorkerUp& up : host.All<WorkerUp>()) all.push_back(up.pid);
  host->Receive(Stop{Stop::How::kKill, "interrupted"});
  REQUIRE(host.Wait<Goodbye>());
  CHECK(host.All<Goodbye>()[0].why == "interrupted");
  std::ifstream in(told);
  for (pid_t pid = 0; in >> pid;) all.push_back(pid);
  CHECK(std::none_of(all.begin(), all.end(), Lives));
  CHECK(DescendantsOf(ListProcesses(), {::getpid()}).empty());
}

TEST_CASE("an agent that is destroyed kills what it started") {
  Host host(Fake(1));
  Open(host);
  host->Receive(Batch(1, {"hang"}));
  REQUIRE(host.Wait<WorkerUp>());
  host.Lose();
  CHECK(DescendantsOf(ListProcesses(), {::getpid()}).empty());
}

TEST_CASE("the zygote's collection is told once and every worker's reports are by it") {
  Host host(Fake(2));
  Open(host, CollectMode::kWhole);
  REQUIRE(host.Wait<Collected>());
  CHECK(host.All<Collected>()[0].lease == LeaseId{});
  host->Receive(Batch(1, {"p"}));
  REQUIRE(host.Wait<LeaseDone>());
  CHECK(host.All<Collected>().size() == 1);
  CHECK(host.Reports()[0] == "whole::a setup passed");
  CHECK(host.All<ItemReport>()[0].unit == UnitId{100});
  Close(host);
}

TEST_CASE("workers that cannot be forked are started, with their identity in the environment") {
  Host host(Fake(2));
  Open(host, CollectMode::kFile, false, R"(["--fresh"])");
  host->Receive(Batch(1, {"p"}));
  REQUIRE(host.Wait<LeaseDone>());
  REQUIRE(host.All<WorkerUp>().size() == 1);
  const WorkerUp up = host.All<WorkerUp>()[0];
  CHECK_FALSE(up.forked);
  CHECK(up.why_fresh == "the test says so");
  CHECK(StartedWith(up.pid, "PYTEST_XDIST_WORKER=gw0"));
  CHECK(StartedWith(up.pid, "PYTEST_XDIST_TESTRUNUID=r1"));
  Close(host);
}

TEST_CASE("what pytest refuses is told with its text and exit code") {
  Host host(Fake(1));
  host->StartZygote(R"({"argv":["--fail"]})");
  REQUIRE(host.Wait<Ready>());
  const Ready ready = host.All<Ready>()[0];
  CHECK_FALSE(ready.ok);
  CHECK(ready.answer == "ERROR: usage: no such option\n");
  CHECK(ready.exit_code == 4);
  Close(host);
}

TEST_CASE("an interpreter that ends before pytest is loaded is told of") {
  Host host(Fake(1));
  host->StartZygote(R"({"argv":["--die"]})");
  REQUIRE(host.Wait<Ready>());
  CHECK(host.All<Ready>()[0].answer == "ERROR: python3 ended before pytest was loaded: exit status 3\n");
  CHECK(host.All<Output>().at(0).text == "no pytest here\n");
  Close(host);
}

TEST_CASE("an interpreter that is not there is told of") {
  AgentOptions options = Fake(1);
  options.process.python = "/nowhere/python";
  Host host(options);
  host->StartZygote("{}");
  REQUIRE(host.Wait<Ready>());
  CHECK(host.All<Ready>()[0].answer == "ERROR: cannot start /nowhere/python: No such file or directory\n");
  Close(host);
}

TEST_CASE("a worker's own output comes before the report of the item that wrote it") {
  Host host(Fake(1));
  Open(host);
  host->Receive(Batch(1, {"print:hello"}));
  REQUIRE(host.Wait<LeaseDone>());
  Close(host);
  REQUIRE(host.All<Output>().size() == 1);
  CHECK(host.All<Output>()[0].text == "hello");
}

TEST_CASE("workers go on when the zygote dies, and the run is told") {
  const Gate gate;
  Host host(Fake(1));
  Open(host);
  host->Receive(Batch(1, {gate.path()}));
  REQUIRE(host.Wait<Collected>());
  for (const ProcessEntry& one : ListProcesses()) {
    if (one.parent == ::getpid()) ::kill(one.pid, SIGKILL);
  }
  REQUIRE(host.Wait<Output>());
  CHECK(
      host.All<Output>()[0].text ==
      "fastest: the process that workers are forked from ended: SIGKILL; workers go on, new ones are started fresh\n");
  gate.Open();
  REQUIRE(host.Wait<LeaseDone>());
  CHECK(host.All<WorkerLost>().empty());
  Close(host);
}

TEST_CASE("the death of a zygote that has the session is an error") {
  Host host(Fake(1));
  Open(host, CollectMode::kWhole);
  REQUIRE(host.Wait<Collected>());
  for (const ProcessEntry& one : ListProcesses()) {
    if (one.parent == ::getpid()) ::kill(one.pid, SIGKILL);
  }
  REQUIRE(host.Wait<InternalError>());
  CHECK(host.All<InternalError>()[0].text == "the process that workers are forked from ended: SIGKILL");
  Close(host);
}
