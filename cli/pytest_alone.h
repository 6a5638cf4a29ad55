// Runs that only pytest itself can do: it takes this process's place.
//
// Pure up to RunPytest(), which returns only where it could not.

#pragma once

#include <string>

#include "base/result.h"
#include "cli/invocation.h"

namespace fastest {

// Whether the command line asks for what the hosted pytest does by itself (-h, --fixtures, --collect-only …).
bool IsForPytest(const Invocation& invocation);

// READY's `alone`: why pytest has to run this suite by itself ("conftest.py implements pytest_runtestloop"); "": it has
// not.
std::string WhyAlone(const std::string& ready);

// Ok if a run of this process can become pytest's own; else a usage error that says what stands against it.
// `coordinator`: it is a run over several machines.
Status CanBeAlone(const Invocation& invocation, const std::string& why, bool coordinator);

// Becomes `python -m pytest` with all that was said to us and is pytest's. Returns only an exit code after an error.
int RunPytest(const Invocation& invocation);

}  // namespace fastest
