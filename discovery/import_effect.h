// Whether a statement at a module's top level changes something outside the module when the module is imported.
//
// pytest has imported every test file before the first test runs, so `sys.path.insert(…)`, `os.environ["X"] = …` or
// `registry.append(…)` in one file is seen by the tests of all others. Workers that collect only their own files would
// not see it. Judged is what the text shows: calls that stand alone, and assignments to what another module owns.
// Of calls whose answer is kept only those are judged whose name says that they change something. Decorators and
// classes that enter themselves somewhere are not noticed. Pure; any thread.

#pragma once

#include <string_view>
#include <vector>

#include "discovery/outline.h"

namespace fastest {

// `statement`: a simple statement, whole; `before`: what the module has bound so far. In a class's body a call that
// stands alone counts only if its name says that it changes something: what is tried out there is seldom for others.
bool ReachesOutside(std::string_view statement, const std::vector<Definition>& before, bool in_class);

// Whether what the call gives is an object that other modules have, too: a logger, an imported module.
bool AnswersForeign(std::string_view call, const std::vector<Definition>& before);

}  // namespace fastest
