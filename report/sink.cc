#include "report/sink.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <system_error>

namespace fastest {

Result<FileSink> OpenReportFile(const std::string& path) {
  std::error_code error;
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  if (error) return Error{"cannot create the folder of " + path + ": " + error.message()};
  auto file = std::make_shared<std::ofstream>(path, std::ios::binary | std::ios::trunc);
  if (!*file) return Error{"cannot write " + path + ": " + std::strerror(errno)};
  return FileSink([file, path](std::string_view text) -> Status {
    file->write(text.data(), static_cast<std::streamsize>(text.size()));
    file->flush();
    if (!*file) return Error{"cannot write " + path + ": " + std::strerror(errno)};
    return Ok();
  });
}

void LineFile::Write(std::string line) {
  if (failed_) return;
  line += '\n';
  const Status written = sink_(line);
  if (written.ok()) return;
  failed_ = true;
  complain_(what_ + " is incomplete: " + written.error().message);
}

}  // namespace fastest
