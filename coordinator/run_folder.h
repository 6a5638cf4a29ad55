// RunFolder: where a run keeps its journal, STATE/runs/RUN_ID, and what to do with the folders of former runs.
//
// A folder holds the journal and a lock that the run's coordinator holds as long as it lives. One thread.

#pragma once

#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace fastest {

class RunFolder {
 public:
  RunFolder(const std::string& state, const std::string& run_id);

  std::string journal() const { return path_ + "/journal"; }
  const std::string& path() const { return path_; }
  bool Exists() const;
  // There is a journal, and its run has not ended.
  bool IsUnfinished() const;

  // Makes the folder and takes its lock. An Error if another coordinator has the run (then `busy` is set) or the folder
  // can't be written.
  Status Lock(bool* busy);
  bool locked() const { return lock_.valid(); }
  // Removes the folder. The lock is ours.
  void Remove();

 private:
  std::string state_;
  std::string run_id_;
  std::string path_;
  UniqueFd lock_;
};

// Whether `run_id` may name a folder: letters, digits, '.', '_', '-'; at most 128; not "." or "..".
bool IsRunId(const std::string& run_id);

// "nightly (finished, exit code 1), 00ff12 (unfinished)": the newest first, at most ten; "none".
std::string DescribeRuns(const std::string& state);

// Removes the journals of all but the newest five finished runs, and of unfinished ones that were not written to for a
// week. Never one that a coordinator holds. `wall`: now, in seconds since the epoch.
void RemoveOldRuns(const std::string& state, double wall);

}  // namespace fastest
