#include "base/machine.h"

#include <sched.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>

namespace fastest {
namespace {

// "max 100000" or "150000 100000" (cgroup v2); quota and period in two files (v1). 0: no limit.
double CgroupProcessors() {
  std::string quota;
  double period = 0;
  if (std::ifstream v2("/sys/fs/cgroup/cpu.max"); v2 >> quota >> period) {
    return quota == "max" || period <= 0 ? 0 : std::strtod(quota.c_str(), nullptr) / period;
  }
  double limit = 0;
  std::ifstream v1("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"), each("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
  return v1 >> limit && each >> period && limit > 0 && period > 0 ? limit / period : 0;
}

}  // namespace

unsigned UsableProcessors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  unsigned processors = 1;
  if (::sched_getaffinity(0, sizeof set, &set) == 0) processors = static_cast<unsigned>(CPU_COUNT(&set));
  const double quota = CgroupProcessors();
  if (quota > 0) processors = std::min(processors, static_cast<unsigned>(std::ceil(quota)));
  const int allocated = std::atoi(Environment("SLURM_CPUS_ON_NODE").c_str());  // Not every Slurm confines its jobs.
  if (allocated > 0) processors = std::min(processors, static_cast<unsigned>(allocated));
  return std::max(processors, 1U);
}

std::string HostName() {
  char name[256] = "";
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "localhost";
}

int TerminalColumns(int fd) {
  if (const int columns = std::atoi(Environment("COLUMNS").c_str()); columns > 0) return columns;
  winsize size{};
  return ::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace fastest
