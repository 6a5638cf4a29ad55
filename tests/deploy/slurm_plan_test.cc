#include "deploy/slurm_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "tests/catch.h"

using namespace fastest;

namespace {

SlurmEnvironment Variables(std::map<std::string, std::string> values) {
  return [values = std::move(values)](const char* name) {
    const auto found = values.find(name);
    return found == values.end() ? std::string() : found->second;
  };
}

SlurmRequest Request(std::vector<std::string> words = {}) {
  SlurmRequest request;
  request.slurm_words = std::move(words);
  request.host = "login";
  request.directory = "/shared/code";
  request.program = "/shared/fastest";
  request.agent_words = {"-n", "3"};
  return request;
}

std::vector<std::string> Command(const SlurmRequest& request, const std::string& nodes = "4") {
  const auto plan = PlanSlurm(request, Variables({{"SLURM_JOB_NUM_NODES", nodes}}));
  return plan.ok() ? plan->launches.at(0).command("tcp://0.0.0.0:4711", 0) : std::vector{plan.error().message};
}

bool Has(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

TEST_CASE("outside an allocation salloc gets one, and tells the run of its end") {
  CHECK_FALSE(InAllocation(Variables({})));
  CHECK(InAllocation(Variables({{"SLURM_JOB_ID", "7"}})));
  CHECK(fmt::format("{}", fmt::join(SallocCommand({"-N", "4", "--time=10"}, {"fastest", "slurm", "--", "t"}), " ")) ==
        "salloc --job-name=fastest --no-kill --kill-command=TERM -N 4 --time=10 fastest slurm -- t");
}

TEST_CASE("one srun starts an agent on each node, whatever becomes of another") {
  const auto words = Command(Request());
  for (const char* word : {"--nodes=4", "--ntasks=4", "--ntasks-per-node=1", "--no-kill", "--wait=0",
                           "--kill-on-bad-exit=0", "--overlap", "--export=ALL", "--cpu-bind=none"})
    CHECK(Has(words, word));
  CHECK(words.back() == TextOf({"/shared/code",
                                "/shared/fastest",
                                "tcp://${SLURM_LAUNCH_NODE_IPADDR:-login}:4711",
                                {"--grace", "20", "-n", "3"}}));
}

TEST_CASE("the user's own -N for srun counts") {
  for (const std::vector<std::string>& asked :
       std::vector<std::vector<std::string>>{{"-N", "2"}, {"-N2"}, {"--nodes=2"}, {"--nodes", "2-4"}}) {
    const auto words = Command(Request(asked));
    CHECK(Has(words, "--ntasks=2"));
    CHECK_FALSE(Has(words, "--nodes=4"));
    CHECK(Has(words, asked[0]));
  }
  CHECK(Command(Request({"-N", "many"}))[0] == "slurm: -N many: a number of nodes is needed");
  CHECK(Command(Request(), "")[0] == "slurm: SLURM_JOB_ID is set, but SLURM_JOB_NUM_NODES is \"\" (hint: -N NODES)");
}

TEST_CASE("--listen is where the nodes connect to") {
  SlurmRequest request = Request();
  request.listen = "tcp://10.0.0.1:5570";
  const auto plan = PlanSlurm(request, Variables({{"SLURM_JOB_NUM_NODES", "4"}}));
  REQUIRE(plan.ok());
  CHECK(plan->listen == "tcp://10.0.0.1:5570");
  CHECK(plan->launches[0].command("tcp://10.0.0.1:5570", 0).back().find("--connect \"tcp://10.0.0.1:5570\"") !=
        std::string::npos);
}

TEST_CASE("srun's line about ended tasks says how many agents are gone") {
  CHECK(CountEndedTasks("srun: error: n1: task 0: Exited with exit code 78") == 1);
  CHECK(CountEndedTasks("srun: error: n[1,3-4]: tasks 0,2-3: Exited with exit code 66") == 3);
  CHECK(CountEndedTasks("srun: error: n[1-12]: tasks 0-11: Exited with exit code 66") == 12);
  for (const char* other :
       {"srun: error: n1: task 0: Killed", "0: srun: error: n1: task 0: Exited with exit code 1",
        "srun: error: n1: task x: Exited with exit code 1", "srun: error: n1: tasks 3-1: Exited with",
        "srun: error: task 0", "srun: error: n1: task 0-: Exited with exit code 1", ""})
    CHECK(CountEndedTasks(other) == 0);
}

TEST_CASE("an end of srun says what was missing on the nodes") {
  const auto plan = PlanSlurm(Request(), Variables({{"SLURM_JOB_NUM_NODES", "4"}}));
  REQUIRE(plan.ok());
  const Launch& launch = plan->launches[0];
  CHECK(launch.agents == 4);
  CHECK(launch.why(0, "").empty());
  CHECK(launch.why(66 << 8, "").starts_with("there is no folder /shared/code on the nodes (hint: the nodes need it"));
  CHECK(launch.why(127 << 8, "").starts_with("there is no program /shared/fastest on the nodes (hint: "));
  CHECK(launch.why(1 << 8, "srun: error: x") == "srun ended with exit code 1: srun: error: x");
  CHECK(launch.judge("srun: cluster configuration lacks support for cpu binding", 0) == Verdict::kIgnore);
  CHECK(launch.judge("srun: error: n1: task 0: Killed", 0) == Verdict::kGoOn);
}
