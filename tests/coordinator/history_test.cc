#include "coordinator/history.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/catch.h"

using namespace fastest;

namespace {

// A folder that is gone when the test ends.
struct Folder {
  Folder() : path(std::filesystem::temp_directory_path() / ("fastest-history-" + std::to_string(::getpid()))) {
    std::filesystem::remove_all(path);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string state() const { return (path / "state").string(); }
  std::filesystem::path path;
};

}  // namespace

TEST_CASE("what a run measured is predicted for the next") {
  const Folder folder;
  REQUIRE(History().Record(folder.state(), {{"a.py::slow", 2.0}, {"a.py::x", 0.001}, {"a.py::y", 0.003}}).ok());
  const History history = History::Load(folder.state());
  CHECK(history.ItemSeconds("a.py::slow") == Approx(2.0));
  CHECK(history.ItemSeconds("a.py::x") == Approx(0.002));
  CHECK(history.ItemSeconds("a.py::new") == Approx(0.002));
  CHECK(history.FileSeconds("a.py") == Approx(2.004));
}

TEST_CASE("nothing is known of another file") {
  const Folder folder;
  REQUIRE(History().Record(folder.state(), {{"a.py::x", 1.0}}).ok());
  const History history = History::Load(folder.state());
  CHECK(history.ItemSeconds("b.py::x") < 0);
  CHECK(history.FileSeconds("b.py") < 0);
}

TEST_CASE("a new measurement moves the old one by three tenths") {
  const Folder folder;
  REQUIRE(History().Record(folder.state(), {{"a.py::x", 1.0}}).ok());
  REQUIRE(History::Load(folder.state()).Record(folder.state(), {{"a.py::x", 2.0}}).ok());
  CHECK(History::Load(folder.state()).ItemSeconds("a.py::x") == Approx(1.3));
}

TEST_CASE("a damaged history is no history, and is told when it can't be written") {
  const Folder folder;
  std::filesystem::create_directories(folder.state());
  std::ofstream(folder.state() + "/history.sqlite") << "this is not a database, and long enough not to look like one";
  History history = History::Load(folder.state());
  CHECK(history.ItemSeconds("a.py::x") < 0);
  CHECK_FALSE(history.Record(folder.state(), {{"a.py::x", 1.0}}).ok());
}

TEST_CASE("the state folder ignores itself in git") {
  const Folder folder;
  REQUIRE(History().Record(folder.state(), {{"a.py::x", 1.0}}).ok());
  CHECK(std::filesystem::exists(folder.state() + "/.gitignore"));
}
