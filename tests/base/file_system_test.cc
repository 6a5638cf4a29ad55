#include "base/file_system.h"

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>

#include "tests/catch.h"

using namespace fastest;

namespace {

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "fastest-folder-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace

TEST_CASE("a file written comes back whole, with its stamp, and its directory is made") {
  const Folder folder;
  REQUIRE(WriteFileAtomically(folder / "new/file", "text").ok());
  const auto contents = ReadFile(folder / "new/file");
  REQUIRE(contents.ok());
  CHECK(contents->text == "text");
  CHECK(contents->stamp == StampOf(folder / "new/file"));
  CHECK(std::distance(std::filesystem::directory_iterator(folder / "new"), {}) == 1);
}

TEST_CASE("a file that was given back its old time is another version") {
  const Folder folder;
  const std::string path = folder / "file";
  REQUIRE(WriteFileAtomically(path, "one").ok());
  const auto time = std::filesystem::last_write_time(path);
  const auto before = StampOf(path).value();
  auto after = before;
  for (int i = 0; i < 1000 && after == before; ++i) {  // The kernel's clock has ticks.
    REQUIRE(WriteFileAtomically(path, "two").ok());
    std::filesystem::last_write_time(path, time);
    after = StampOf(path).value();
  }
  CHECK(after.modified == before.modified);
  CHECK_FALSE(after == before);
}

TEST_CASE("what cannot be read is an error that names it") {
  const Folder folder;
  CHECK(ReadFile(folder / "gone").error().message.find("gone") != std::string::npos);
  CHECK_FALSE(ReadFile(folder.path()).ok());
  CHECK_FALSE(StampOf(folder.path()).has_value());
}

TEST_CASE("a listing tells files, directories and links") {
  const Folder folder;
  REQUIRE(WriteFileAtomically(folder / "d/file", "").ok());
  std::filesystem::create_directory_symlink(folder / "d", folder / "link");
  std::filesystem::create_symlink(folder / "gone", folder / "dangling");
  auto listed = ListDirectory(folder.path()).value();
  CHECK(listed.size() == 3);
  for (const DirectoryEntry& entry : listed)
    CHECK((entry.kind == DirectoryEntry::Kind::kDirectory) == (entry.name != "dangling"));
}

TEST_CASE("paths are made absolute without touching the disk") {
  CHECK(AbsolutePath("/a/b", "../c/./d//e") == "/a/c/d/e");
  CHECK(AbsolutePath("/a", "/x/..") == "/");
  CHECK(ParentPath("/a/b") == "/a");
  CHECK(ParentPath("/a") == "/");
  CHECK(BaseName("/a/b") == "b");
  CHECK(IsWithin("/a/b", "/a"));
  CHECK_FALSE(IsWithin("/ab", "/a"));
}
