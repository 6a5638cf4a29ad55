#include "coordinator/history.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>

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

Database Open(const std::string& folder, int flags) {
  sqlite3* raw = nullptr;
  const int opened = sqlite3_open_v2((folder + "/history.sqlite").c_str(), &raw, flags, nullptr);
  Database database(raw);
  if (opened != SQLITE_OK) return nullptr;
  sqlite3_busy_timeout(raw, 2000);
  return database;
}

Statement Prepare(sqlite3* database, const char* text) {
  sqlite3_stmt* raw = nullptr;
  sqlite3_prepare_v2(database, text, -1, &raw, nullptr);
  return Statement(raw);
}

std::string Text(sqlite3_stmt* row) {
  return std::string(reinterpret_cast<const char*>(sqlite3_column_text(row, 0)),
                     static_cast<std::size_t>(sqlite3_column_bytes(row, 0)));
}

std::string FileOf(const std::string& node_id) { return node_id.substr(0, node_id.find("::")); }

double Moved(double before, double now) { return before < 0 ? now : before + kNew * (now - before); }

bool Write(sqlite3* database, const char* text, const std::string& key, std::initializer_list<double> values) {
  const Statement statement = Prepare(database, text);
  if (!statement) return false;
  sqlite3_bind_text(statement.get(), 1, key.c_str(), static_cast<int>(key.size()), SQLITE_TRANSIENT);
  int index = 2;
  for (const double value : values) sqlite3_bind_double(statement.get(), index++, value);
  return sqlite3_step(statement.get()) == SQLITE_DONE;
}

// The folder with its own .gitignore, so that nothing of ours is ever committed by mistake.
bool MakeFolder(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return false;
  const std::string ignore = folder + "/.gitignore";
  if (!std::filesystem::exists(ignore, error)) std::ofstream(ignore) << "*\n";
  return true;
}

}  // namespace

History History::Load(const std::string& folder) {
  History history;
  const Database database = Open(folder, SQLITE_OPEN_READONLY);
  if (!database) return history;
  const Statement files = Prepare(database.get(), "SELECT path, seconds, small_seconds, small_items FROM file");
  while (files && sqlite3_step(files.get()) == SQLITE_ROW) {
    history.files_[Text(files.get())] = {sqlite3_column_double(files.get(), 1), sqlite3_column_double(files.get(), 2),
                                         sqlite3_column_double(files.get(), 3)};
  }
  const Statement items = Prepare(database.get(), "SELECT node_id, seconds FROM item");
  while (items && sqlite3_step(items.get()) == SQLITE_ROW)
    history.items_[Text(items.get())] = sqlite3_column_double(items.get(), 1);
  return history;
}

double History::ItemSeconds(const std::string& node_id) const {
  if (const auto item = items_.find(node_id); item != items_.end()) return item->second;
  const auto file = files_.find(FileOf(node_id));
  if (file == files_.end() || file->second.small_items <= 0) return -1;
  return file->second.small_seconds / file->second.small_items;
}

double History::FileSeconds(const std::string& path) const {
  const auto file = files_.find(path);
  return file == files_.end() ? -1 : file->second.seconds;
}

Status History::Record(const std::string& folder, const std::vector<std::pair<std::string, double>>& items) {
  const Error failed{fmt::format("cannot keep the history in {}", folder)};
  if (!MakeFolder(folder)) return failed;
  const Database database = Open(folder, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  if (!database || sqlite3_exec(database.get(), kSchema, nullptr, nullptr, nullptr) != SQLITE_OK) return failed;
  std::map<std::string, File> measured;
  bool written = sqlite3_exec(database.get(), "BEGIN", nullptr, nullptr, nullptr) == SQLITE_OK;
  for (const auto& [node_id, seconds] : items) {
    File& file = measured[FileOf(node_id)];
    file.seconds += seconds;
    const auto known = items_.find(node_id);
    if (seconds < kAlone && known == items_.end()) {
      file.small_seconds += seconds;
      file.small_items += 1;
      continue;
    }
    const double moved = Moved(known == items_.end() ? -1 : known->second, seconds);
    items_[node_id] = moved;
    written = written && Write(database.get(), "INSERT OR REPLACE INTO item VALUES (?, ?)", node_id, {moved});
  }
  for (const auto& [path, now] : measured) {
    const auto known = files_.find(path);
    const double seconds = Moved(known == files_.end() ? -1 : known->second.seconds, now.seconds);
    files_[path] = {seconds, now.small_seconds, now.small_items};
    written = written && Write(database.get(), "INSERT OR REPLACE INTO file VALUES (?, ?, ?, ?)", path,
                               {seconds, now.small_seconds, now.small_items});
  }
  written = written && sqlite3_exec(database.get(), "COMMIT", nullptr, nullptr, nullptr) == SQLITE_OK;
  return written ? Ok() : Status(failed);
}

}  // namespace fastest
