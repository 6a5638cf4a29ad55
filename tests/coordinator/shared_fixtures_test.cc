#include "coordinator/shared_fixtures.h"

#include "tests/catch.h"

using namespace fastest;

namespace {

using What = SharedSaid::What;

// A run's workers; each call gives what was answered, as "gw1 value: text" a line.
class Workers {
 public:
  explicit Workers(std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i) fixtures_.Up(WorkerId{i});
  }
  std::string Say(std::uint32_t worker, What what, const std::string& key = "db", const std::string& text = "") {
    return Told(fixtures_.Take({WorkerId{worker}, what, key, "t" + std::to_string(worker), text}));
  }
  std::string End(std::uint32_t worker) { return Told(fixtures_.Gone(WorkerId{worker})); }
  std::string Restart(std::uint32_t worker) {
    std::string told = End(worker);
    fixtures_.Up(WorkerId{worker});
    return told;
  }
  std::string Stop() { return Told(fixtures_.Stop()); }

 private:
  static std::string Told(const SharedFixtures::Outcome& outcome) {
    static constexpr const char* kWords[] = {"set up", "value", "failed", "gave up", "tear down"};
    std::string told;
    for (const SharedAnswer& answer : outcome.answers) {
      CHECK(answer.ticket == "t" + std::to_string(Number(answer.worker)));
      told += "gw" + std::to_string(Number(answer.worker)) + ' ' + kWords[static_cast<int>(answer.what)] +
              (answer.text.empty() ? "" : ": " + answer.text) + '\n';
    }
    for (const std::string& notice : outcome.notices) told += notice + '\n';
    return told;
  }
  SharedFixtures fixtures_;
};

}  // namespace

TEST_CASE("the first that asks sets a fixture up, and the others get its value") {
  Workers workers(3);
  CHECK(workers.Say(1, What::kAcquire) == "gw1 set up\n");
  CHECK(workers.Say(0, What::kAcquire).empty());
  CHECK(workers.Say(1, What::kReady, "db", "v") == "gw0 value: v\n");
  CHECK(workers.Say(2, What::kAcquire) == "gw2 value: v\n");
  CHECK(workers.Say(2, What::kAcquire, "other") == "gw2 set up\n");
}

TEST_CASE("only who was told to set up can say that it is ready or failed") {
  Workers workers(2);
  workers.Say(0, What::kAcquire);
  CHECK(workers.Say(1, What::kReady, "db", "forged").empty());
  CHECK(workers.Say(1, What::kFailed, "db", "forged").empty());
  CHECK(workers.Say(1, What::kAcquire).empty());
}

TEST_CASE("a fixture is torn down when its last user is done and no other can come") {
  Workers workers(3);
  workers.Say(0, What::kAcquire);
  workers.Say(0, What::kReady, "db", "v");
  workers.Say(1, What::kAcquire);
  CHECK(workers.Stop().empty());
  CHECK(workers.Say(0, What::kRetire).empty());
  CHECK(workers.Say(1, What::kRelease).empty());  // It, or gw2, may have a test to end.
  CHECK(workers.End(1).empty());
  CHECK(workers.End(2) == "gw0 tear down\n");
}

TEST_CASE("owners that wait for one another's end are let go") {
  Workers workers(2);
  for (const std::uint32_t worker : {0U, 1U}) {
    const std::string key = worker == 0 ? "a" : "b";
    workers.Say(worker, What::kAcquire, key);
    workers.Say(worker, What::kReady, key, "v");
  }
  workers.Say(1, What::kAcquire, "a");
  workers.Stop();
  CHECK(workers.Say(0, What::kRetire, "a").empty());
  CHECK(workers.Say(1, What::kRelease, "a").empty());
  CHECK(workers.Say(1, What::kRetire, "b") == "gw0 tear down\ngw1 tear down\n");
}

TEST_CASE("while the run goes on, who comes after a teardown sets up anew") {
  Workers workers(2);
  workers.Say(0, What::kAcquire);
  workers.Say(0, What::kReady, "db", "v");
  CHECK(workers.Say(0, What::kRetire) == "gw0 tear down\n");
  CHECK(workers.Say(1, What::kAcquire).empty());  // Not beside the old one.
  CHECK(workers.Say(0, What::kRetired) == "gw1 set up\n");
}

TEST_CASE("a failure is told to each, and tried again for who has forgotten it") {
  Workers workers(3);
  workers.Say(0, What::kAcquire);
  workers.Say(1, What::kAcquire);
  CHECK(workers.Say(0, What::kFailed, "db", "why") == "gw1 failed: why\n");
  CHECK(workers.Say(2, What::kAcquire) == "gw2 failed: why\n");
  CHECK(workers.Say(1, What::kAcquire) == "gw1 set up\n");
  CHECK(workers.Restart(2).empty());
  CHECK(workers.Say(1, What::kFailed, "db", "again").empty());
  CHECK(workers.Say(2, What::kAcquire) == "gw2 failed: again\n");
}

TEST_CASE("who dies while it sets up is followed by the next that waits") {
  Workers workers(3);
  workers.Say(0, What::kAcquire);
  workers.Say(1, What::kAcquire);
  workers.Say(2, What::kAcquire);
  CHECK(workers.End(1).empty());
  CHECK(workers.End(0) == "gw2 set up\n");
}

TEST_CASE("a set-up that workers keep dying of is given up, for restarted workers too") {
  Workers workers(2);
  for (std::uint32_t death = 0; death < SharedFixtures::kMostDeaths; ++death) {
    CHECK(workers.Say(0, What::kAcquire) == "gw0 set up\n");
    CHECK(workers.Restart(0).empty());
  }
  for (int times = 0; times < 2; ++times)
    CHECK(workers.Say(0, What::kAcquire) == "gw0 gave up: 3 workers ended while they set it up, gw0 last\n");
}

TEST_CASE("an owner that dies loses its teardown, which is told, and the next sets up anew") {
  Workers workers(2);
  workers.Say(0, What::kAcquire);
  workers.Say(0, What::kReady, "db", "v");
  workers.Say(1, What::kAcquire);
  CHECK(workers.End(0) == "gw0 ended before it had torn down the shared fixture db: that teardown is lost\n");
  CHECK(workers.Say(1, What::kRelease).empty());
  CHECK(workers.Say(1, What::kAcquire) == "gw1 set up\n");
}

TEST_CASE("who would tear down what is not its own is not kept waiting") {
  Workers workers(2);
  CHECK(workers.Say(0, What::kRetire) == "gw0 tear down\n");
  CHECK(workers.Say(0, What::kRetired).empty());
  CHECK(workers.Say(1, What::kAcquire) == "gw1 set up\n");
}
