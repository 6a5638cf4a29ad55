// Reporting: the reporters of a run, made from the options: terminal, report log, JUnit XML, JSON, pytest's cache.

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/console.h"
#include "cli/options.h"
#include "protocol/event.h"
#include "report/terminal_reporter.h"

namespace fastest {

class Reporting {
 public:
  // `attached`: the one worker has the terminal and shows the progress.
  Reporting(const Options& options, const PytestGuess& guess, bool attached, Console& console);
  ~Reporting();

  // It tells of a run that others have done: pytest's cache and GitHub's annotations are theirs.
  void BeOfMerge() { of_merge_ = true; }

  // Opens the files. An Error names the file.
  Status Open();
  std::vector<Reporter*> reporters();
  // Without pytest's cache, which is of the latest run.
  std::vector<Reporter*> reporters_of_an_old_run();
  void Resize();

  // `code`, but 3 where all is well save for a file that could not be written: whoever waits for it has no report.
  int ExitCodeOf(int code) const;

  bool needs_full_reports() const { return full_; }
  bool color() const { return screen_.color; }
  int columns() const { return screen_.columns; }

 private:
  Status OpenShardReport();
  void OpenAnnotations();
  void OpenCache();

  const Options& options_;
  const PytestGuess& guess_;
  Console& console_;
  Screen screen_;
  bool full_ = false;
  bool of_merge_ = false;
  bool incomplete_ = false;  // A file could not be written.
  std::unique_ptr<TerminalReporter> terminal_;
  std::vector<std::unique_ptr<Reporter>> files_;
};

}  // namespace fastest
