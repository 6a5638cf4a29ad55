// What is said to and by a warm process (docs/protocol.md 1.8), as values. The JSON stays in the .cc file.

#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace fastest::wire {

// To the warm process.
constexpr std::uint8_t kLaunch = 96, kAskStatus = 97, kQuit = 98;
// From it; ENDED from the run's own reaper.
constexpr std::uint8_t kBegun = 112, kEnded = 113, kDeclined = 114, kStatus = 115;

struct Launch {
  // Variables that may differ from the warm process's own; nothing: not set.
  std::vector<std::pair<std::string, std::optional<std::string>>> environment;
  std::vector<std::string> plugin_words;  // pytest's options that decide which plugins are loaded, and how.
  std::string project;                    // The root directory.
  std::string setup;                      // The run's SETUP, without what differs between runs of one command line.
  std::string exact;                      // The place of a warm process that has parsed just that.
  Duration idle_timeout{};
  std::uint64_t memory_limit = 0;  // Bytes.
  std::vector<int> fds;            // The numbers that the descriptors sent along are to have.
};
std::string EncodeLaunch(const Launch& launch);

struct WarmStatus {
  pid_t pid = 0;
  std::string project;
  std::string loaded;  // "pytest", "pytest and plugins", or with the reason why not the latter.
  double age = 0;      // Seconds, as the next.
  double idle = 0;
  std::uint32_t runs = 0;    // Begun so far.
  std::uint32_t active = 0;  // Under way.
  std::uint64_t memory = 0;  // Bytes resident.
};
Result<WarmStatus> DecodeStatus(std::string_view body);

struct Begun {
  pid_t pid = 0;     // Of the zygote.
  pid_t reaper = 0;  // Its parent.
  WarmStatus warm;
};
Result<Begun> DecodeBegun(std::string_view body);

struct Ended {
  pid_t pid = 0;
  int status = 0;  // As waitpid gives it.
};
Result<Ended> DecodeEnded(std::string_view body);

std::string DecodeDeclined(std::string_view body);  // Why.

}  // namespace fastest::wire
