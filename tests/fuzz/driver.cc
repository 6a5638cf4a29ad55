// Replays files given as arguments, or mutates the target's seeds: driver [ROUNDS [SEED]]. ROUNDS: default 2000.

#include <sys/stat.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>

#include "tests/fuzz/fuzz.h"

namespace {

constexpr std::string_view kTokens[] = {"\"\"\"", "'''",  "'",   "\"",    "(", ")",    "[",    "]",      "{", "}",
                                        "\\\n",   "\n",   "\t",  "#",     ":", "=",    "def ", "class ", "@", "import ",
                                        "from ",  " as ", "if ", "else:", "*", "\r\n", "\xff", ",",      "0"};

void Run(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

// One of: put a token in, take bytes out, change a byte, repeat a part, cut the end off.
void Mutate(std::string& text, std::mt19937& random) {
  const auto below = [&](std::size_t bound) { return bound == 0 ? 0 : random() % bound; };
  const std::size_t at = below(text.size() + 1);
  switch (below(5)) {
    case 0:
      text.insert(at, kTokens[below(std::size(kTokens))]);
      break;
    case 1:
      text.erase(at, below(8));
      break;
    case 2:
      if (at < text.size()) text[at] = static_cast<char>(random());
      break;
    case 3:
      text.insert(at, text.substr(below(text.size() + 1), below(40)));
      break;
    default:
      if (below(8) == 0) text.resize(at);
      break;
  }
}

bool IsFileName(const char* word) {
  struct stat found {};
  return ::stat(word, &found) == 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && IsFileName(argv[1])) {
    for (int index = 1; index < argc; ++index) {
      std::ifstream in(argv[index], std::ios::binary);
      Run({std::istreambuf_iterator<char>(in), {}});
    }
    return 0;
  }
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 2000;
  std::mt19937 random(argc > 2 ? static_cast<unsigned>(std::atoi(argv[2])) : 1);
  const std::vector<std::string> seeds = FuzzSeeds();
  for (const std::string& seed : seeds) Run(seed);
  for (int round = 0; round < rounds; ++round) {
    std::string text = seeds[static_cast<std::size_t>(round) % seeds.size()];
    for (std::size_t left = 1 + random() % 12; left > 0; --left) Mutate(text, random);
    Run(text);
  }
  std::printf("%d inputs\n", rounds);
  return 0;
}
