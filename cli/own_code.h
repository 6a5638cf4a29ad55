// This machine's copy of the code under test, for the comparison between coordinator and agents.

#pragma once

#include <set>
#include <string>

#include "base/result.h"
#include "discovery/code_manifest.h"

namespace fastest {

// The root directory that pytest would find from the current one without any argument.
Result<std::string> OwnCodeRoot();

// The tree is that of OwnCodeRoot(): so both sides look at the same, whatever the coordinator was asked to run.
// `outputs`: files that this run writes, left out.
Result<CodeManifest> ReadOwnCode(const std::set<std::string>& outputs);
// Of this root directory.
CodeManifest ReadCodeBelow(const std::string& root, const std::set<std::string>& outputs);

}  // namespace fastest
