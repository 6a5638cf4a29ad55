// Unix sockets that have a name in the file system, and the private folder such a name lies in.
//
// Any thread. Names may be longer than a socket address takes: they are reached by way of their folder's descriptor.

#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace fastest {

// A stream connection to whoever listens at `path`, non-blocking; invalid if nobody does, or nobody has room.
UniqueFd ConnectLocal(const std::string& path);

// The effective user of the process at the other end.
std::optional<uid_t> PeerUser(int socket);

// Makes the folder if it is not there. An Error, which says what is allowed, unless it is then a folder (no link) of
// this process's user that nobody else can enter.
Status MakePrivateFolder(const std::string& path);

}  // namespace fastest
