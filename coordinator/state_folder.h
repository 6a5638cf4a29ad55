// The state folder of a project (.fastest, or where --state-dir says), and the runs in it. Errors name the folder and
// the system's reason.

#pragma once

#include <string>

#include "base/result.h"

namespace fastest {

Status MakeFolder(const std::string& path);
void RemoveFolder(const std::string& path);

// Makes the folder with a .gitignore of its own, so that nothing of ours is ever committed by mistake.
Status MakeStateFolder(const std::string& path);

}  // namespace fastest
