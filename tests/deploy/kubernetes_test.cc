#include "deploy/kubernetes.h"

#include <functional>

#include "tests/catch.h"

using namespace fastest;

namespace {

std::string Complaint(const std::function<void(KubernetesRun*)>& change) {
  KubernetesRun run;
  change(&run);
  const Status checked = CheckKubernetesRun(run);
  return checked.ok() ? "" : checked.error().message.substr(0, checked.error().message.find(':'));
}

bool Has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("what a cluster would refuse is refused here, by its option") {
  const std::vector<std::pair<std::string, std::function<void(KubernetesRun*)>>> table = {
      {"", [](KubernetesRun*) {}},
      {"--name Run", [](KubernetesRun* run) { run->name = "Run"; }},
      {"--name 1run", [](KubernetesRun* run) { run->name = "1run"; }},
      {"--name run-", [](KubernetesRun* run) { run->name = "run-"; }},
      {"--name ", [](KubernetesRun* run) { run->name = ""; }},
      {"--namespace a_b", [](KubernetesRun* run) { run->space = "a_b"; }},
      {"--image \"\"", [](KubernetesRun* run) { run->image = ""; }},
      {"--agents 0", [](KubernetesRun* run) { run->agents = 0; }},
      {"--agents 10001", [](KubernetesRun* run) { run->agents = 10'001; }},
      {"", [](KubernetesRun* run) { run->cpu = "500m"; }},
      {"", [](KubernetesRun* run) { run->cpu = "0.5"; }},
      {"--cpu 0", [](KubernetesRun* run) { run->cpu = "0"; }},
      {"--cpu 1.2.3", [](KubernetesRun* run) { run->cpu = "1.2.3"; }},
      {"--cpu 2 cores", [](KubernetesRun* run) { run->cpu = "2 cores"; }},
      {"--memory 4GB", [](KubernetesRun* run) { run->memory = "4GB"; }},
      {"--user 0", [](KubernetesRun* run) { run->user = 0; }},
      {"--workdir src", [](KubernetesRun* run) { run->workdir = "src"; }},
      {"--claim a b", [](KubernetesRun* run) { run->claim = "a b"; }},
      {"--secret-name /x", [](KubernetesRun* run) { run->secret_name = "/x"; }},
      {"--run-id a b", [](KubernetesRun* run) { run->run_id = "a b"; }},
  };
  for (const auto& [complaint, change] : table) CHECK(Complaint(change) == complaint);
}

TEST_CASE("reports go to the pod's own folder under names of their own") {
  std::vector<std::string> words = {"tests", "--junitxml=out/a.xml", "--json", "../a.xml", "--report-log=log", "--",
                                    "--json"};
  const auto placed = PlaceReports(&words);
  const std::string folder = kKubernetesReports;
  CHECK(words == std::vector<std::string>{"tests", "--junitxml=" + folder + "/a.xml", "--json", folder + "/1-a.xml",
                                          "--report-log=" + folder + "/log", "--", "--json"});
  REQUIRE(placed.size() == 3);
  CHECK(placed[0].here == "out/a.xml");
  CHECK(placed[1].name == "1-a.xml");
}

TEST_CASE("an outcome is what a suite may end with, not what ends an agent or a container") {
  for (const int code : {0, 1, 5, 6, 7, 9, 100, 127, 254}) CHECK(IsOutcome(code));
  for (const int code : {-1, 75, 78, 128, 137, 139, 143, 255}) CHECK_FALSE(IsOutcome(code));
}

TEST_CASE("words reach the pod as they are: dollars, quotes, line ends") {
  KubernetesRun run;
  run.words = {"$(HOME) $$ \"q\" \\ \n"};
  CHECK(Has(KubernetesManifest(run), "- \"$$(HOME) $$$$ \\\"q\\\" \\\\ \\x0a\"\n"));
}

TEST_CASE("the join secret is in its Secret alone, and another's Secret is only named") {
  KubernetesRun run;
  run.join_secret = "nobody-knows-this";
  const std::string made = KubernetesManifest(run);
  CHECK(Has(made, "  secret: \"nobody-knows-this\"\n"));
  CHECK(made.find("nobody-knows") == made.rfind("nobody-knows"));
  run.secret_name = "ours";
  CHECK(!Has(KubernetesManifest(run), "nobody-knows"));
  CHECK(!Has(KubernetesManifest(run), "kind: Secret"));
  CHECK(Has(KubernetesManifest(run), "secretName: \"ours\""));
}

TEST_CASE("a pod lives longer than its tests' grace period") {
  KubernetesRun run;
  run.grace = std::chrono::seconds(100);
  CHECK(Has(KubernetesManifest(run), "terminationGracePeriodSeconds: 115\n"));
  CHECK(Has(KubernetesManifest(run), "\"--grace=100\""));
}
