// Where things are: the interpreter that runs the tests, and the Python package `fastest` that runs in it.

#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace fastest {

// `asked` (--python), else the active virtual environment's, else python3 of PATH: an absolute path.
Result<std::string> FindPython(const std::string& asked);

// The folder that holds the package `fastest`: beside this program (build/fastest -> worker/), or where it was
// installed.
Result<std::string> FindWorkerFolder();

// Replaces this process by `python -m pytest words…`. Returns only an Error.
Error ExecPytest(const std::string& python, const std::vector<std::string>& words);

}  // namespace fastest
