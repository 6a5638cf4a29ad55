// A failure's text as pytest writes it without colour, from the `longrepr` of a serialised report.
//
// Where a report's envelope has no `text`, and for files, which never have colour. The layout is that of
// _pytest._code's toterminal.

#pragma once

#include <string>

#include "report/json_fields.h"

namespace fastest {

// What `longrepr` prints, each line ended; "" for null.
std::string TracebackText(const Json& longrepr, int width = 80);

// Python's str(longrepr): the same without white space at its ends. A skip's (path, line, reason) as a tuple's repr.
std::string LongreprText(const Json& longrepr, int width = 80);

// "path:line: first line of the message" of the place where it failed; "" if unknown.
std::string CrashLine(const Json& longrepr);

}  // namespace fastest
