#include "coordinator/history.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cstdio>
#include <map>
#include <memory>

#include "base/file_system.h"
#include "coordinator/state_folder.h"
#include "protocol/node_id.h"

namespace fastest {
namespace {

// From this on an item has a row of its own.
constexpr double kAlone = 0.02;
// The weight of the new measurement.
constexpr double kNew = 0.3;
constexpr const char* kSchema =
    "PRAGMA synchronous=OFF;"
    "CREATE TABLE IF NOT EXISTS file (path TEXT PRIMARY KEY, seconds REAL, small_seconds REAL, small_items REAL) "
    "WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS item (node_id TEXT PRIMARY KEY, seconds REAL) WITHOUT ROWID;";

struct Closer {
  void operator()(sqlite3* database) const { sqlite3_close(database); }
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Database = std::unique_ptr<sqlite3, Closer>;
using Statement = std::unique_ptr<sqlite3_stmt, Closer>;

// Milliseconds that another fastest may hold the file before we go on without it.
constexpr int kPatience = 1000;

std::string PathIn(const std::string& folder) { return folder + "/history.sqlite"; }

// Opens lazily: a file that is no database shows only when it is read.
Database Open(const std::string& file, int flags, int* answer) {
  sqlite3* raw = nullptr;
  *answer = sqlite3_open_v2(file.c_str(), &raw, flags, nullptr);
  Database database(raw);
  if (*answer != SQLITE_OK) return nullptr;
  sqlite3_busy_timeout(raw, kPatience);
  return database;
}

bool IsWell(int answer) { return answer == SQLITE_OK || answer == SQLITE_DONE || answer == SQLITE_ROW; }
bool IsDamage(int answer) { return answer == SQLITE_CORRUPT || answer == SQLITE_NOTADB || answer == SQLITE_ERROR; }

Statement Prepare(sqlite3* database, const char* text) {
  sqlite3_stmt* raw = nullptr;
  sqlite3_prepare_v2(database, text, -1, &raw, nullptr);
  return Statement(raw);
}

std::string FirstColumn(sqlite3_stmt* row) {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(row, 0));
  return text == nullptr ? "" : std::string(text, static_cast<std::size_t>(sqlite3_column_bytes(row, 0)));
}

double Moved(double before, double now) { return before < 0 ? now : before + kNew * (now - before); }

int WriteRow(sqlite3* database, const char* text, const std::string& key, std::initializer_list<double> values) {
  const Statement statement = Prepare(database, text);
  if (!statement) return sqlite3_errcode(database);
  sqlite3_bind_text(statement.get(), 1, key.c_str(), static_cast<int>(key.size()), SQLITE_TRANSIENT);
  int index = 2;
  for (const double value : values) sqlite3_bind_double(statement.get(), index++, value);
  return sqlite3_step(statement.get());
}

}  // namespace

int History::ReadFiles(sqlite3* database) {
  const Statement rows = Prepare(database, "SELECT path, seconds, small_seconds, small_items FROM file");
  if (!rows) return sqlite3_errcode(database);
  int answer = sqlite3_step(rows.get());
  for (; answer == SQLITE_ROW; answer = sqlite3_step(rows.get())) {
    files_[FirstColumn(rows.get())] = {sqlite3_column_double(rows.get(), 1), sqlite3_column_double(rows.get(), 2),
                                       sqlite3_column_double(rows.get(), 3)};
  }
  return answer;
}

int History::ReadItems(sqlite3* database) {
  const Statement rows = Prepare(database, "SELECT node_id, seconds FROM item");
  if (!rows) return sqlite3_errcode(database);
  int answer = sqlite3_step(rows.get());
  for (; answer == SQLITE_ROW; answer = sqlite3_step(rows.get()))
    items_[FirstColumn(rows.get())] = sqlite3_column_double(rows.get(), 1);
  return answer;
}

History History::Load(const std::string& folder) { return LoadFile(PathIn(folder)); }

History History::LoadFile(const std::string& file) {
  History history;
  const auto stamp = StampOf(file);
  if (!stamp || stamp->size == 0) return history;
  int answer = SQLITE_OK;
  if (const Database database = Open(file, SQLITE_OPEN_READONLY, &answer)) {
    answer = history.ReadFiles(database.get());
    if (IsWell(answer)) answer = history.ReadItems(database.get());
  }
  if (!IsWell(answer)) {
    history.problem_ = fmt::format("the history in {} is not used: {}", file, sqlite3_errstr(answer));
    if (IsDamage(answer)) history.problem_ += " (it is begun anew after this run)";
  }
  return history;
}

double History::ItemSeconds(const std::string& node_id) const {
  if (const auto item = items_.find(node_id); item != items_.end()) return item->second;
  const auto file = files_.find(std::string(FileOf(node_id)));
  if (file == files_.end() || file->second.small_items <= 0) return -1;
  return file->second.small_seconds / file->second.small_items;
}

double History::FileSeconds(const std::string& path) const {
  const auto file = files_.find(path);
  return file == files_.end() ? -1 : file->second.seconds;
}

History::Changes History::Move(const std::vector<std::pair<std::string, double>>& items) {
  Changes changes;
  std::map<std::string, File> measured;
  for (const auto& [node_id, seconds] : items) {
    File& file = measured[std::string(FileOf(node_id))];
    file.seconds += seconds;
    const auto known = items_.find(node_id);
    if (seconds < kAlone && known == items_.end()) {
      file.small_seconds += seconds;
      file.small_items += 1;
      continue;
    }
    items_[node_id] = Moved(known == items_.end() ? -1 : known->second, seconds);
    changes.items.push_back(node_id);
  }
  for (const auto& [path, now] : measured) {
    const auto known = files_.find(path);
    const double seconds = Moved(known == files_.end() ? -1 : known->second.seconds, now.seconds);
    files_[path] = {seconds, now.small_seconds, now.small_items};
    changes.files.push_back(path);
  }
  return changes;
}

int History::Write(sqlite3* database, const std::vector<std::pair<std::string, double>>& items) {
  int answer = sqlite3_exec(database, kSchema, nullptr, nullptr, nullptr);
  if (IsWell(answer)) answer = sqlite3_exec(database, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr);
  const Changes changes = Move(items);
  for (const std::string& node_id : changes.items) {
    if (!IsWell(answer)) return answer;
    answer = WriteRow(database, "INSERT OR REPLACE INTO item VALUES (?, ?)", node_id, {items_.at(node_id)});
  }
  for (const std::string& path : changes.files) {
    if (!IsWell(answer)) return answer;
    const File& file = files_.at(path);
    answer = WriteRow(database, "INSERT OR REPLACE INTO file VALUES (?, ?, ?, ?)", path,
                      {file.seconds, file.small_seconds, file.small_items});
  }
  return IsWell(answer) ? sqlite3_exec(database, "COMMIT", nullptr, nullptr, nullptr) : answer;
}

Status History::Record(const std::string& folder, const std::vector<std::pair<std::string, double>>& items) {
  if (const Status made = MakeStateFolder(folder); !made.ok())
    return Error{fmt::format("no history is kept: {}", made.error().message)};
  int answer = SQLITE_OK;
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (const Database database = Open(PathIn(folder), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &answer))
      answer = Write(database.get(), items);
    if (!IsDamage(answer)) break;
    // It is kept for whoever wants to look at it; a journal of SQLite's would belong to the old file.
    if (std::rename(PathIn(folder).c_str(), (PathIn(folder) + ".damaged").c_str()) != 0) break;
    std::remove((PathIn(folder) + "-journal").c_str());
    files_.clear();
    items_.clear();
  }
  if (IsWell(answer)) return Ok();
  return Error{fmt::format("no history is kept in {}: {}", PathIn(folder), sqlite3_errstr(answer))};
}

}  // namespace fastest
