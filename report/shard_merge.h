// ShardMerge: the reports of all shards of a run, held against each other, and told to reporters as one run.
//
// Two passes over the same files: Note() takes in who collected what, Problems() says what is missing, doubled or cut
// otherwise, Begin(), Replay() and End() tell the whole. Items stand in pytest's order of files; node ids of a file
// that was split stand shard after shard. Holds node ids, never reports. One thread.

#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "protocol/event.h"

namespace fastest {

class ShardMerge {
 public:
  // ---- first pass: file by file ----
  // `name`: the file, for messages.
  void AddFile(std::string name);
  void Note(const Event& event);
  // `complete`: the file told its run's end. False: it does not even tell which shard it is, and is left out.
  bool EndFile(bool complete);

  // What keeps the shards from being one whole run, a line each; empty: nothing.
  std::vector<std::string> Problems() const;

  // ---- second pass: the files in the same order ----
  void Begin(const std::vector<Reporter*>& reporters);
  void Replay(std::size_t file, Event event, const std::vector<Reporter*>& reporters);
  // `problems`: the merged run is broken whatever its shards say.
  void End(const std::vector<Reporter*>& reporters, bool problems);

  int exit_code(bool problems) const;
  // Seconds of each test that has a result, as Run::Durations.
  std::vector<std::pair<std::string, double>> Durations() const;
  std::size_t tests() const;

 private:
  struct Item {
    std::string node_id;
    double seconds = 0;
    bool finished = false;
    ItemId merged{kNoItem};
  };
  struct Shard {
    std::string name;
    std::uint32_t index = 0, total = 0;
    std::string digest;
    std::map<std::string, std::string> owners;  // Of foreseen files: shard from 0, or "split".
    RunStarted started;
    std::vector<UnitCollected> units;
    std::map<ItemId, Item> items;
    std::vector<std::string> walk;   // pytest's own list of test files (file mode), in order.
    std::vector<std::string> paths;  // Test files that it knows of, in order; some twice.
    std::set<std::string> has;       // Files (and folders) that it collected.
    CollectionFinished counted;
    RunFinished end;
    bool complete = false;

    std::string Title() const;
  };

  void Order();
  void CheckShards(std::vector<std::string>* problems) const;
  void CheckTests(std::vector<std::string>* problems) const;
  void CheckFiles(std::vector<std::string>* problems) const;
  std::string OwnerOf(const std::string& path) const;
  bool IsNewWarning(const WarningRaised& event);

  std::vector<Shard> shards_;
  std::vector<std::string> nameless_;          // Files that do not tell which shard they are.
  std::map<std::string, std::uint32_t> rank_;  // Of the test files, in pytest's order.
  // Node id of a collector -> the shard whose report of it counts, and whether that failed.
  std::map<std::string, std::pair<std::size_t, bool>> collectors_;
  std::set<std::string> warnings_;
};

}  // namespace fastest
