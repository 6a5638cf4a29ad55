// Where reports go: functions that take text, so that tests compare strings and the cli decides on files.
//
// A TextSink cannot fail (the terminal: who would be told?). A FileSink can (full disk), and says why.

#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace fastest {

using TextSink = std::function<void(std::string_view)>;
using FileSink = std::function<Status(std::string_view)>;

// Creates the file (and the folders above it) or empties it. The sink writes and flushes; it owns the file.
Result<FileSink> OpenReportFile(const std::string& path);

}  // namespace fastest
