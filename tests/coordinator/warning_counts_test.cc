#include "coordinator/warning_counts.h"

#include "tests/catch.h"

namespace fastest {
namespace {

const WarningReport kAtImport{R"({"when": "collect", "filename": "a.py", "lineno": 3, "message": "old"})"};
const WarningReport kInATest{R"({"when": "runtest", "filename": "a.py", "lineno": 3, "message": "old"})"};

TEST_CASE("a warning that each process meets counts once") {
  WarningCounts counts;
  CHECK(counts.Take(WorkerId{0}, kAtImport));
  CHECK_FALSE(counts.Take(WorkerId{1}, kAtImport));
}

TEST_CASE("a warning that one process meets twice counts twice") {
  WarningCounts counts;
  CHECK(counts.Take(WorkerId{0}, kAtImport));
  CHECK(counts.Take(WorkerId{0}, kAtImport));
  CHECK_FALSE(counts.Take(WorkerId{1}, kAtImport));
  CHECK_FALSE(counts.Take(WorkerId{1}, kAtImport));
  CHECK(counts.Take(WorkerId{1}, kAtImport));
}

TEST_CASE("a warning of the configuration counts once, whoever says it how often") {
  const WarningReport warning{R"({"when": "config", "filename": "a.py", "lineno": 3, "message": "old"})"};
  WarningCounts counts;
  CHECK(counts.Take(WorkerId{0}, warning));
  CHECK_FALSE(counts.Take(WorkerId{0}, warning));
  CHECK_FALSE(counts.Take(WorkerId{1}, warning));
}

TEST_CASE("a test's own warnings always count") {
  WarningCounts counts;
  CHECK(counts.Take(WorkerId{0}, kInATest));
  CHECK(counts.Take(WorkerId{1}, kInATest));
}

TEST_CASE("what counted before the run was resumed does not count again") {
  WarningCounts counts;
  counts.Restore(kAtImport);
  CHECK_FALSE(counts.Take(WorkerId{0}, kAtImport));
  CHECK(counts.Take(WorkerId{0}, kAtImport));
}

}  // namespace
}  // namespace fastest
