// Values as Python writes them: repr() and str() of what JSON can say.
//
// For the places where pytest writes a value of the user's into a report.

#pragma once

#include <string>

#include "report/json_fields.h"

namespace fastest {

std::string PythonRepr(const std::string& text);
std::string PythonRepr(const Json& value);
// Python's str(): a text as it is, all else as repr().
std::string PythonStr(const Json& value);

}  // namespace fastest
