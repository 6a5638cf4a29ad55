// Configuration files may hold any bytes: they are read, or refused with one line that names the file.

#include <unistd.h>

#include <cstdlib>

#include "base/check.h"
#include "base/file_system.h"
#include "discovery/config_file.h"
#include "tests/fuzz/fuzz.h"

namespace {

struct Folder {
  Folder() {
    char name[] = "/tmp/fastest-fuzz-XXXXXX";
    path = ::mkdtemp(name);
  }
  ~Folder() {
    ::unlink((path + "/pyproject.toml").c_str());
    ::rmdir(path.c_str());
  }
  std::string path;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const Folder folder;
  const std::string_view text = FuzzText(bytes, size);
  const auto sections = fastest::ParseIni(text, "x.ini");
  if (!sections) CHECK(sections.error().message.starts_with("x.ini:"), sections.error().message);
  const std::string path = folder.path + "/pyproject.toml";
  CHECK(fastest::WriteFileAtomically(path, text).ok());
  const auto section = fastest::LoadConfigFile(path, 900, false);
  if (!section) CHECK(section.error().message.starts_with(path), section.error().message);
  const auto settings = fastest::LoadFastestTable(path);
  if (!settings) CHECK(settings.error().message.starts_with(path), settings.error().message);
  const auto words = fastest::ShlexSplit(text);
  if (words)
    for (const std::string& word : *words) CHECK(word.size() <= text.size());
  return 0;
}

std::vector<std::string> FuzzSeeds() {
  return {
      "[tool.pytest.ini_options]\naddopts = ['-v', \"--x=1\"]\ntestpaths = 'a b'\n[tool.fastest]\nworkers = "
      "8\n[tool.fastest.k8s]\nx = [1, 2.5, true]\n",
      "[pytest]\n# c\naddopts = -v 'a b'\n  --more\npython_files: a_*.py\n\n[other]\n",
      "[tool.pytest]\na = 1979-05-27\nb = {c = 1}\n", "a 'b c' \"d \\\" e\" \\f"};
}
