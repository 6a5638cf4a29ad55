#include "report/cache_writer.h"

#include <stdlib.h>

#include <filesystem>

#include "base/file_system.h"
#include "tests/report/recorded_run.h"

namespace fastest {
namespace {

// A project's folder for one test.
class Project {
 public:
  Project() {
    std::string name = (std::filesystem::temp_directory_path() / "fastest-cache-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~Project() { std::filesystem::remove_all(folder_); }

  std::string Read(const std::string& path) const {
    const auto file = ReadFile(folder_ + "/.pytest_cache/" + path);
    return file.ok() ? file->text : "";
  }
  void Keep(const std::string& key, const std::string& text) const {
    REQUIRE(WriteFileAtomically(folder_ + "/.pytest_cache/v/cache/" + key, text).ok());
  }

  RunStarted Started(Json options = Json::object()) const {
    RunStarted event;
    if (!options.contains("lf")) options["lf"] = false;
    event.ready = DumpJson({{"rootdir", folder_}, {"options", options}});
    return event;
  }

  std::vector<std::string> Write(const std::vector<Event>& events) const {
    std::vector<std::string> complaints;
    CacheWriter cache([&](const std::string& text) { complaints.push_back(text); });
    for (const Event& event : events) cache.OnEvent(event);
    return complaints;
  }

 private:
  std::string folder_;
};

Event Reported(const std::string& id, Outcome outcome, Phase phase = Phase::kCall) {
  TestReported event{ItemId{0}, id, WorkerId{}, {}};
  event.report.outcome = outcome;
  event.report.phase = phase;
  return event;
}

TEST_CASE("after a run the cache is what pytest would have left") {
  const Project project;
  std::vector<Event> events = ReadRun("cache", 3).events;
  events[0] = project.Started();
  CHECK(project.Write(events).empty());
  CHECK(project.Read("v/cache/lastfailed") == ReadText("tests/golden/report/cache_lastfailed.json"));
  CHECK(project.Read("v/cache/nodeids") == ReadText("tests/golden/report/cache_nodeids.json"));
  CHECK(project.Read(".gitignore") == "# Created by pytest automatically.\n*\n");
  CHECK(project.Read("CACHEDIR.TAG").substr(0, 11) == "Signature: ");
}

TEST_CASE("a test leaves the failed ones when it passes or is skipped, and others stay") {
  const Project project;
  project.Keep("lastfailed", R"({"a.py::x": true, "a.py::y": true, "b.py::z": true})");
  project.Write({project.Started(), Reported("a.py::x", Outcome::kPassed),
                 Reported("a.py::y", Outcome::kSkipped, Phase::kSetup), RunFinished{}});
  CHECK(project.Read("v/cache/lastfailed") == "{\n  \"b.py::z\": true\n}");
}

TEST_CASE("a passed setup does not mend a failed test") {
  const Project project;
  project.Keep("lastfailed", R"({"a.py::x": true})");
  project.Write({project.Started(), Reported("a.py::x", Outcome::kPassed, Phase::kSetup), RunFinished{}});
  CHECK(project.Read("v/cache/lastfailed") == R"({"a.py::x": true})");
}

TEST_CASE("when a file collects again, its children take its place among the failed") {
  const Project project;
  project.Keep("lastfailed", R"({"a.py": true})");
  UnitCollected unit{{ItemId{0}, ItemId{1}, ItemId{2}},
                     {"a.py::x[1::2]", "a.py::T::y", "a.py::T::z"},
                     {{"a.py", Outcome::kPassed, ""}},
                     {}};
  project.Write({project.Started(), unit, RunFinished{}});
  CHECK(project.Read("v/cache/lastfailed") == "{\n  \"a.py::x[1::2]\": true,\n  \"a.py::T\": true\n}");
}

TEST_CASE("a file that does not collect is a failed one") {
  const Project project;
  project.Write({project.Started(), UnitCollected{{}, {}, {{"a.py", Outcome::kFailed, ""}}, {}}, RunFinished{}});
  CHECK(project.Read("v/cache/lastfailed") == "{\n  \"a.py\": true\n}");
}

TEST_CASE("node ids add up over runs, but for collect-only") {
  const Project project;
  project.Keep("nodeids", R"(["b.py::old"])");
  const UnitCollected unit{{ItemId{0}}, {"a.py::new"}, {}, {}};
  project.Write({project.Started({{"collectonly", true}}), unit, RunFinished{}});
  CHECK(project.Read("v/cache/nodeids") == R"(["b.py::old"])");
  project.Write({project.Started(), unit, RunFinished{}});
  CHECK(project.Read("v/cache/nodeids") == "[\n  \"a.py::new\",\n  \"b.py::old\"\n]");
}

TEST_CASE("without pytest's cache provider nothing is written") {
  const Project project;
  RunStarted started = project.Started();
  started.ready = R"({"rootdir": "/nowhere", "options": {}})";
  CHECK(project.Write({started, Reported("a.py::x", Outcome::kFailed), RunFinished{}}).empty());
}

TEST_CASE("a damaged cache counts as an empty one") {
  const Project project;
  project.Keep("lastfailed", "[1, ");
  project.Keep("nodeids", "{");
  project.Write({project.Started(), Reported("a.py::x", Outcome::kFailed), RunFinished{}});
  CHECK(project.Read("v/cache/lastfailed") == "{\n  \"a.py::x\": true\n}");
}

TEST_CASE("stepwise keeps the first failure in collection order") {
  const Project project;
  TestReported late{ItemId{7}, "a.py::late", WorkerId{}, {}};
  late.report.outcome = Outcome::kFailed;
  TestReported early = late;
  early.item = ItemId{2};
  early.node_id = "a.py::early";
  project.Write({project.Started({{"stepwise", true}, {"stepwise_reset", false}}), CollectionFinished{9, 1, 0}, late,
                 early, RunFinished{}});
  const Json kept = ParseJson(project.Read("v/cache/stepwise"));
  CHECK(TextOf(Field(kept, "last_failed")) == "a.py::early");
  CHECK(NumberOf(Field(kept, "last_test_count")) == 10);
}

}  // namespace
}  // namespace fastest
