// Pipes and Unix stream sockets between processes of one machine. Every descriptor made here is close-on-exec.

#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace fastest {

// The two ends of a pipe (`first` is read from), or of a socket pair.
struct FdPair {
  UniqueFd first;
  UniqueFd second;
};

Result<FdPair> MakePipe();
Result<FdPair> MakeSocketPair();
Result<UniqueFd> OpenNull();
// Takes over a descriptor that this process was started with. An Error if it is not open.
Result<UniqueFd> AdoptInherited(int fd);

void SetNonBlocking(int fd);

// How a read of all there is ended.
enum class ReadEnd { kEmpty, kClosed };

// Appends what can be read without waiting to `bytes`, up to about `limit` bytes. kClosed: nobody can write any more.
ReadEnd ReadAvailable(int fd, std::string& bytes, std::size_t limit = 1 << 20);

// Sends what fits of `bytes` without waiting, `fds` along with the first byte. Returns how many bytes went: 0 when none
// fits or the other end is gone.
std::size_t SendAvailable(int socket, std::string_view bytes, std::span<const int> fds);

}  // namespace fastest
