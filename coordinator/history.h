// History: what tests took in former runs of a project: SQLite in its state folder.
//
// Kept are each file's sum and, one by one, only the items that take long enough to matter alone, so that a suite of
// 60,000 tiny tests costs a row a file. A new measurement moves the old by 30 %. A missing file only means no history;
// so does one that is unreadable, locked or damaged, and problem() says which. Record() moves a damaged one aside.
// As a JSON file it travels between the jobs of a CI run: the same history, the same text.

#pragma once

#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.h"

struct sqlite3;

namespace fastest {

class History {
 public:
  // Reads `folder`/history.sqlite; empty where there is none or it can't be read.
  static History Load(const std::string& folder);
  // One line for a person: why what is there was not used, or not all of it; "" if all is well.
  const std::string& problem() const { return problem_; }

  // Predicted seconds of an item; negative: nothing is known of its file.
  double ItemSeconds(const std::string& node_id) const;
  // Predicted seconds of a file (its part of a node id before "::"); negative: unknown.
  double FileSeconds(const std::string& path) const;

  // Reads a history.sqlite or the JSON that Text() makes, whichever it is. Unlike Load it says what is wrong.
  static Result<History> Read(const std::string& file);
  // The history as JSON, sorted.
  std::string Text() const;

  // The items that have a row of their own.
  const std::unordered_map<std::string, double>& items() const { return items_; }

  // Takes the measurements of a run in.
  void Take(const std::vector<std::pair<std::string, double>>& items) { Move(items); }
  // Takes the measurements of a run in and writes them to `folder` (made if need be, with a .gitignore of its own).
  Status Record(const std::string& folder, const std::vector<std::pair<std::string, double>>& items);

 private:
  struct File {
    double seconds = 0;        // Of all its items.
    double small_seconds = 0;  // Of the items without a row of their own.
    double small_items = 0;
  };

  // Each returns SQLite's last answer: SQLITE_DONE or SQLITE_OK if all is well.
  int ReadFiles(sqlite3* database);
  int ReadItems(sqlite3* database);
  int Write(sqlite3* database, const std::vector<std::pair<std::string, double>>& items);

  struct Changes {  // The rows that were moved.
    std::vector<std::string> items, files;
  };
  Changes Move(const std::vector<std::pair<std::string, double>>& items);
  static Result<History> Parse(const std::string& file, const std::string& text);
  static History LoadFile(const std::string& file);

  std::string problem_;
  std::unordered_map<std::string, File> files_;
  std::unordered_map<std::string, double> items_;
};

}  // namespace fastest
