#include "cli/k8s_status.h"

#include <fmt/format.h>

#include "tests/catch.h"

using namespace fastest;

namespace {

std::string Pod(const std::string& name, const std::string& created, const std::string& status,
                const std::string& index = "0") {
  return R"({"kind": "Pod", "metadata": {"name": ")" + name + R"(", "creationTimestamp": ")" + created +
         R"(", "annotations": {"batch.kubernetes.io/job-completion-index": ")" + index + R"("}}, "status": )" + status +
         "}";
}

std::string Job(const std::string& status) { return R"({"kind": "Job", "status": )" + status + "}"; }

RunStatus Read(const std::vector<std::string>& items) {
  return *ReadRunStatus(fmt::format("{{\"items\": [{}]}}", fmt::join(items, ", ")));
}

}  // namespace

TEST_CASE("index 0's pods, the newest last, and how each stands") {
  const RunStatus status = Read(
      {Pod("new", "2026-01-01T00:00:09Z", R"({"phase": "Running", "containerStatuses": [{"state": {"running": {}}}]})"),
       Pod("old", "2026-01-01T00:00:01Z",
           R"({"phase": "Failed", "containerStatuses": [{"state": {"terminated": {"exitCode": 137}}}]})"),
       Pod("other", "2026-01-01T00:00:02Z", "{}", "1"), Job("{}")});
  REQUIRE(status.coordinators.size() == 2);
  CHECK(status.coordinators[0].name == "old");
  CHECK(status.coordinators[0].exit_code == 137);
  CHECK(status.coordinators[1].started);
  CHECK(!status.coordinators[1].exit_code);
  CHECK(status.job);
  CHECK(status.failed.empty());
}

TEST_CASE("why a pod does not start is told") {
  const RunStatus status =
      Read({Pod("a", "1", R"({"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False",
                         "reason": "Unschedulable", "message": "0/1 nodes"}]})"),
            Pod("b", "2",
                R"({"phase": "Pending", "containerStatuses": [{"state": {"waiting": {"reason": "ErrImagePull"}}}]})"),
            Pod("c", "3", R"({"phase": "Failed"})")});
  CHECK(status.coordinators[0].waits == "Unschedulable: 0/1 nodes");
  CHECK(status.coordinators[1].waits == "ErrImagePull");
  CHECK(!status.coordinators[1].started);
  CHECK(status.coordinators[2].exit_code == -1);
}

TEST_CASE("how a job has ended") {
  const std::string why = R"("reason": "DeadlineExceeded", "message": "too long")";
  CHECK(Read({Job(R"({"conditions": [{"type": "Failed", "status": "True", )" + why + "}]}")}).failed ==
        "DeadlineExceeded: too long");
  CHECK(Read({Job(R"({"conditions": [{"type": "Failed", "status": "False"}]})")}).failed.empty());
  CHECK(Read({Job(R"({"conditions": [{"type": "Complete", "status": "True"}]})")}).complete);
  CHECK(Read({Job(R"({"failedIndexes": "0,2-3"})")}).gave_up);
  CHECK(!Read({Job(R"({"failedIndexes": "2-3"})")}).gave_up);
  CHECK(!Read({}).job);
}

TEST_CASE("answers that are none are an error, odd ones no more than that") {
  for (const char* text : {"", "[]", "null", "{\"items\": 3}", "{"}) CHECK(!ReadRunStatus(text).ok());
  CHECK(Read({"3", R"({"kind": 3})", Pod("a", "1", "\"x\""), Job("[]")}).coordinators.size() == 1);
}

TEST_CASE("lists of indexes") {
  for (const auto& [list, index, in] :
       {std::tuple("", 0, false), std::tuple("0", 0, true), std::tuple("1,3-5", 4, true), std::tuple("1,3-5", 2, false),
        std::tuple("10-20", 0, false)})
    CHECK(IsInIndexes(list, index) == in);
}
