// Where reports go: functions that take text, so that tests compare strings and the cli decides on files.
//
// A TextSink cannot fail (the terminal: who would be told?). A FileSink can (full disk), and says why.

#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace fastest {

using TextSink = std::function<void(std::string_view)>;
using FileSink = std::function<Status(std::string_view)>;

// Creates the file (and the folders above it) or empties it. The sink writes and flushes; it owns the file.
Result<FileSink> OpenReportFile(const std::string& path);

// A file of lines that grows as the run goes. The first write that fails is told to `complain`, once, as "WHAT is
// incomplete: WHY", and the rest is given up: a full disk ends no run.
class LineFile {
 public:
  LineFile(std::string what, FileSink sink, std::function<void(const std::string&)> complain)
      : what_(std::move(what)), sink_(std::move(sink)), complain_(std::move(complain)) {}

  void Write(std::string line);

 private:
  std::string what_;
  FileSink sink_;
  std::function<void(const std::string&)> complain_;
  bool failed_ = false;
};

}  // namespace fastest
