#include "coordinator/history.h"

#include <sqlite3.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

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

TEST_CASE("a damaged history is no history, is told, and is begun anew beside the old file") {
  const Folder folder;
  std::filesystem::create_directories(folder.state());
  const std::string path = folder.state() + "/history.sqlite";
  std::ofstream(path) << "this is not a database, and long enough not to look like one";
  History history = History::Load(folder.state());
  CHECK(history.ItemSeconds("a.py::x") < 0);
  CHECK(history.problem() ==
        "the history in " + path + " is not used: file is not a database (it is begun anew after this run)");
  REQUIRE(history.Record(folder.state(), {{"a.py::x", 1.0}}).ok());
  CHECK(std::filesystem::exists(path + ".damaged"));
  CHECK(History::Load(folder.state()).ItemSeconds("a.py::x") == Approx(1.0));
}

TEST_CASE("whatever bytes a history's pages hold, it is read, or told of, and kept again") {
  const Folder folder;
  std::vector<std::pair<std::string, double>> items;
  for (int i = 0; i < 300; ++i) items.emplace_back("a" + std::to_string(i) + ".py::x", 0.5);
  REQUIRE(History().Record(folder.state(), items).ok());
  const std::string path = folder.state() + "/history.sqlite";
  std::stringstream whole;
  whole << std::ifstream(path).rdbuf();
  std::mt19937 random(3);
  for (int round = 0; round < 30; ++round) {
    std::string bytes = whole.str();
    const std::size_t begin = random() % bytes.size();
    for (std::size_t at = begin; at < std::min(begin + 200, bytes.size()); ++at)
      bytes[at] = static_cast<char>(random());
    if (round % 3 == 0) bytes.resize(begin);
    std::ofstream(path) << bytes;
    History history = History::Load(folder.state());
    REQUIRE(history.Record(folder.state(), items).ok());
    REQUIRE(History::Load(folder.state()).problem().empty());
  }
}

TEST_CASE("a history that another process holds is told, and the run goes on without it") {
  const Folder folder;
  REQUIRE(History().Record(folder.state(), {{"a.py::x", 1.0}}).ok());
  sqlite3* other = nullptr;
  REQUIRE(sqlite3_open((folder.state() + "/history.sqlite").c_str(), &other) == SQLITE_OK);
  REQUIRE(sqlite3_exec(other, "BEGIN EXCLUSIVE", nullptr, nullptr, nullptr) == SQLITE_OK);
  History history = History::Load(folder.state());
  CHECK(history.problem() == "the history in " + folder.state() + "/history.sqlite is not used: database is locked");
  CHECK(history.Record(folder.state(), {{"a.py::x", 2.0}}).error().message ==
        "no history is kept in " + folder.state() + "/history.sqlite: database is locked");
  sqlite3_close(other);
  CHECK(History::Load(folder.state()).ItemSeconds("a.py::x") == Approx(1.0));
}

TEST_CASE("where the state folder can't be made, that is the reason") {
  const Folder folder;
  std::filesystem::create_directories(folder.path);
  std::ofstream(folder.state()) << "a file";
  const Status kept = History().Record(folder.state(), {{"a.py::x", 1.0}});
  REQUIRE_FALSE(kept.ok());
  CHECK(kept.error().message.starts_with("no history is kept: cannot make " + folder.state()));
}

TEST_CASE("the state folder ignores itself in git") {
  const Folder folder;
  REQUIRE(History().Record(folder.state(), {{"a.py::x", 1.0}}).ok());
  CHECK(std::filesystem::exists(folder.state() + "/.gitignore"));
}

TEST_CASE("a history that was written as a file is read as the same") {
  const Folder folder;
  std::filesystem::create_directories(folder.path);
  History history;
  history.Take({{"a.py::slow", 2.0}, {"a.py::x[\u00e4]", 0.001}, {"b.py::y", 0.5}});
  const std::string file = (folder.path / "h.json").string();
  std::ofstream(file) << history.Text();
  const auto read = History::Read(file);
  REQUIRE(read.ok());
  CHECK(read->Text() == history.Text());
  CHECK(read->ItemSeconds("a.py::slow") == Approx(2.0));
  CHECK(read->FileSeconds("a.py") == Approx(2.001));
}

TEST_CASE("a history.sqlite is read as a file, too") {
  const Folder folder;
  REQUIRE(History().Record(folder.state(), {{"a.py::x", 1.0}}).ok());
  const auto read = History::Read(folder.state() + "/history.sqlite");
  REQUIRE(read.ok());
  CHECK(read->FileSeconds("a.py") == Approx(1.0));
}

TEST_CASE("what is no history is named") {
  const Folder folder;
  std::filesystem::create_directories(folder.path);
  const std::string file = (folder.path / "h.json").string();
  CHECK(History::Read(file).error().message == file + ": cannot be read");
  for (const char* text : {"", "[]", "{}", R"({"format":"fastest-history","version":2})",
                           R"({"format":"fastest-history","version":1,"files":[]})",
                           R"({"format":"fastest-history","version":1,"files":{"a.py":3}})"}) {
    std::ofstream(file, std::ios::trunc) << text;
    INFO(text);
    CHECK_FALSE(History::Read(file).ok());
  }
}
