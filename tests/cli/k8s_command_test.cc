#include "cli/k8s_command.h"

#include "tests/catch.h"

using namespace fastest;

namespace {

std::string Complaint(const std::vector<std::string>& words, bool runs = false) {
  const auto read = ReadK8sWords(words, runs);
  return read.ok() ? "" : read.error().message;
}

}  // namespace

TEST_CASE("own options stand before --, the coordinator's behind it") {
  const auto read = ReadK8sWords({"--agents", "5", "--cpu=500m", "--writable", "--name", "x", "--keep", "--", "-n", "2",
                                  "tests", "--json=r.json", "--agents"},
                                 true);
  REQUIRE(read.ok());
  CHECK(read->run.agents == 5);
  CHECK(read->run.cpu == "500m");
  CHECK(read->run.writable);
  CHECK(read->named);
  CHECK(read->options.keep);
  CHECK(read->run.words.size() == 5);
  CHECK(read->run.words.back() == "--agents");
  CHECK(read->reports.front().here == "r.json");
}

TEST_CASE("what is wrong is named with what is allowed") {
  CHECK(Complaint({"tests"}) ==
        "k8s manifest: tests: pytest's arguments stand behind \"--\" (hint: fastest k8s manifest -- tests)");
  CHECK(Complaint({"--agent", "3"}).starts_with("k8s manifest: unknown option --agent: allowed are --agents, "));
  CHECK(Complaint({"--keep"}).starts_with("k8s manifest: unknown option --keep"));
  CHECK(Complaint({"--agents"}) == "k8s manifest: --agents: a value is missing");
  CHECK(Complaint({"--agents", "many"}, true) == "k8s run: --agents many: allowed are whole numbers from 1");
  CHECK(Complaint({"--writable=yes"}) == "k8s manifest: --writable takes no value");
  CHECK(Complaint({"--image="}) == "k8s manifest: --image : its value is empty");
  CHECK(Complaint({"--", "--listen", "x"}) == "k8s manifest: --listen: fastest k8s says this to its pods by itself");
  CHECK(Complaint({"--", "--dist", "wrong"}).starts_with("k8s manifest: --dist"));
  CHECK(Complaint({"--memory", "4GB"}) == "k8s manifest: --memory 4GB: allowed are 4Gi, 512Mi");
}
