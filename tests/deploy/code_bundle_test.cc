#include "deploy/code_bundle.h"

#include "tests/deploy/scratch.h"

using namespace fastest;

namespace {

std::string Pack(std::vector<BundleWriter::Source> sources) {
  BundleWriter writer(std::move(sources));
  std::string bundle;
  while (true) {
    const auto piece = writer.Next();
    REQUIRE(piece.ok());
    if (piece->empty()) return bundle;
    bundle += *piece;
  }
}

BundleWriter::Source Source(const Scratch& scratch, const std::string& name, const std::string& text) {
  return {Blake2b(text), text.size(), scratch.Write(name, text)};
}

Status Unpack(const Scratch& scratch, const std::string& bundle, const std::map<Digest, std::uint64_t>& wanted) {
  std::filesystem::create_directories(scratch.path + "/out");
  return ReadBundle(scratch.Write("bundle", bundle), wanted,
                    [&](const Digest& digest) { return scratch.path + "/out/" + Hex(digest); });
}

std::size_t Unpacked(const Scratch& scratch) {
  const std::filesystem::directory_iterator all(scratch.path + "/out");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

}  // namespace

TEST_CASE("contents come out of a bundle as they went in, empty and large ones too") {
  const Scratch scratch;
  std::string large(3 << 20, 'x');
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * i >> 7);
  const std::vector<BundleWriter::Source> sources = {Source(scratch, "a", large), Source(scratch, "b", ""),
                                                     Source(scratch, "c", "text")};
  std::map<Digest, std::uint64_t> wanted;
  for (const auto& source : sources) wanted[source.digest] = source.size;
  REQUIRE(Unpack(scratch, Pack(sources), wanted).ok());
  CHECK(scratch.Read("out/" + Hex(Blake2b(large))) == large);
  CHECK(scratch.Read("out/" + Hex(Blake2b("text"))) == "text");
  CHECK(Unpacked(scratch) == 3);
}

TEST_CASE("a bundle of nothing is a bundle") {
  const Scratch scratch;
  CHECK(Unpack(scratch, Pack({}), {}).ok());
}

TEST_CASE("a file that changed since it was listed ends the bundle, with its name") {
  const Scratch scratch;
  auto source = Source(scratch, "a", "old");
  scratch.Write("a", GENERATE(std::string("new"), std::string("longer"), std::string("")));
  BundleWriter writer({source});
  auto piece = writer.Next();
  REQUIRE_FALSE(piece.ok());
  CHECK(piece.error().message == source.path + " has changed on the coordinator since the run began");
}

TEST_CASE("what is cut off, damaged, not asked for or of another size is refused, and leaves no half content") {
  const Scratch scratch;
  const std::string text(100'000, 'a');
  const auto source = Source(scratch, "a", text);
  const std::string bundle = Pack({source});
  const std::map<Digest, std::uint64_t> wanted = {{source.digest, source.size}};
  CHECK_FALSE(Unpack(scratch, bundle.substr(0, bundle.size() / 2), wanted).ok());
  CHECK_FALSE(Unpack(scratch, "", wanted).ok());
  CHECK_FALSE(Unpack(scratch, "no archive at all", wanted).ok());
  CHECK_FALSE(Unpack(scratch, bundle, {}).ok());
  CHECK_FALSE(Unpack(scratch, bundle, {{source.digest, source.size - 1}}).ok());
  CHECK(Unpacked(scratch) == 0);
  CHECK_FALSE(Unpack(scratch, bundle, {{source.digest, source.size}, {Blake2b("other"), 5}}).ok());
  CHECK(Unpacked(scratch) == 1);  // What was good is kept.
}
