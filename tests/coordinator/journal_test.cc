#include "coordinator/journal.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/file_system.h"
#include "base/time.h"
#include "coordinator/journal_replay.h"
#include "tests/catch.h"

using namespace fastest;

namespace {

struct Folder {
  Folder()
      : path((std::filesystem::temp_directory_path() / ("fastest-journal-" + std::to_string(::getpid()))).string()) {
    std::filesystem::remove_all(path);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string path;
};

JournalOpened Opened(const std::string& run_id) {
  JournalOpened opened;
  opened.run_id = run_id;
  return opened;
}

// A journal of a run, with what it complained of.
struct Kept {
  Kept(const std::string& state, const std::string& run_id, std::uint64_t keep = 0) {
    RunFolder folder(state, run_id);
    bool busy = false;
    REQUIRE(folder.Lock(&busy).ok());
    path = folder.journal();
    journal.emplace(std::move(folder), keep, Opened(run_id),
                    [this](const std::string& why) { complaints.push_back(why); });
  }
  void End(int exit_code) {
    journal->OnEvent(RunStarted{});
    RunFinished end;
    end.exit_code = exit_code;
    journal->OnEvent(end);
    journal->Close(true);
  }
  std::string text() const { return ReadFile(path)->text; }

  std::string path;
  std::vector<std::string> complaints;
  std::optional<Journal> journal;
};

void Age(const std::string& state, const std::string& run_id, std::chrono::hours age) {
  std::filesystem::last_write_time(RunFolder(state, run_id).journal(),
                                   std::filesystem::file_time_type::clock::now() - age);
}

}  // namespace

TEST_CASE("what was committed is in the file, though the process ends without a word") {
  const Folder folder;
  Kept kept(folder.path, "r");
  kept.journal->OnEvent(RunStarted{});
  const std::string before = kept.text();
  kept.journal->Commit(Time{});
  CHECK(kept.text().size() > before.size());
  CHECK(ReadJournal(kept.text())->planned);
  CHECK(kept.complaints.empty());
}

TEST_CASE("a resumed journal goes on behind its readable part") {
  const Folder folder;
  { Kept kept(folder.path, "r"); }
  const std::string path = RunFolder(folder.path, "r").journal();
  const std::string whole = ReadFile(path)->text;
  std::ofstream(path, std::ios::app) << "torn";
  {
    Kept again(folder.path, "r", whole.size());
    CHECK(again.text().starts_with(whole));
    CHECK(ReadJournal(again.text())->problem.empty());
  }
}

TEST_CASE("restored results are not written again, only that they are there") {
  const Folder folder;
  Kept kept(folder.path, "r");
  const std::string before = kept.text();
  kept.journal->OnEvent(TestReported{ItemId{0}, "a::x", WorkerId{}, {}, true});
  kept.journal->OnEvent(TestFinished{ItemId{0}, "a::x", WorkerId{}, false, true});
  kept.journal->OnEvent(WarningRaised{{"{}"}, true});
  kept.journal->Commit(Time{});
  std::string expected;
  AppendRecord(JournalRestored{ItemId{0}}, &expected);
  CHECK(kept.text() == before + expected);
}

TEST_CASE("a second coordinator of a run is kept away, by name") {
  const Folder folder;
  Kept kept(folder.path, "r");
  RunFolder second(folder.path, "r");
  bool busy = false;
  const Status locked = second.Lock(&busy);
  REQUIRE_FALSE(locked.ok());
  CHECK(busy);
  CHECK(locked.error().message.starts_with("run r is being coordinated by pid " + std::to_string(::getpid()) + " on "));
}

TEST_CASE("a run that got nowhere leaves no journal") {
  const Folder folder;
  Kept kept(folder.path, "r");
  kept.journal->Close(true);
  CHECK_FALSE(RunFolder(folder.path, "r").Exists());
}

TEST_CASE("a run that broke off may be resumed, one that failed has ended") {
  const Folder folder;
  Kept broken(folder.path, "broken"), failed(folder.path, "failed");
  broken.journal->OnEvent(RunStarted{});
  RunFinished end;
  end.exit_code = static_cast<int>(ExitCode::kInternalError);
  end.not_run = {"a::x"};
  broken.journal->OnEvent(end);
  broken.journal->Close(true);
  failed.End(1);
  CHECK(RunFolder(folder.path, "broken").IsUnfinished());
  CHECK_FALSE(RunFolder(folder.path, "failed").IsUnfinished());
}

TEST_CASE("a disk that takes no more is told once, and what was written before stays readable") {
  const Folder folder;
  Kept kept(folder.path, "r");
  const std::string before = kept.text();
  const pid_t child = ::fork();  // The limit is a process's for good.
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{before.size() + 100, before.size() + 100};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    for (int i = 0; i < 3; ++i) {
      kept.journal->OnEvent(Notice{std::string(1000, 'x'), false});
      kept.journal->Commit(Time{});
    }
    ::_exit(kept.complaints.size() == 1 && kept.complaints[0].find("can't be resumed") != std::string::npos ? 0 : 1);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  CHECK(status == 0);
  CHECK(kept.text() == before);
}

TEST_CASE("the last five finished runs stay, and unfinished ones for a week, and what is being coordinated") {
  const Folder folder;
  for (int i = 0; i < 7; ++i) {
    const std::string id = "done" + std::to_string(i);
    Kept(folder.path, id).End(0);
    Age(folder.path, id, std::chrono::hours(1 + i));
  }
  { Kept kept(folder.path, "young"); }
  { Kept kept(folder.path, "old"); }
  Age(folder.path, "young", std::chrono::hours(24 * 6));
  Age(folder.path, "old", std::chrono::hours(24 * 8));
  const Kept live(folder.path, "live");
  Age(folder.path, "live", std::chrono::hours(24 * 8));
  RemoveOldRuns(folder.path, WallSeconds());
  CHECK(DescribeRuns(folder.path) ==
        "done0 (finished, exit code 0), done1 (finished, exit code 0), done2 (finished, exit code 0), "
        "done3 (finished, exit code 0), done4 (finished, exit code 0), young (unfinished), live (unfinished)");
}

TEST_CASE("a run id names a folder and nothing else") {
  for (const char* good : {"nightly-3", "a.b_C", "0"}) CHECK(IsRunId(good));
  for (const char* bad : {"", ".", "..", "a/b", "a b", "\n"}) CHECK_FALSE(IsRunId(bad));
  CHECK_FALSE(IsRunId(std::string(129, 'a')));
}
