#include "deploy/launch.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace fastest {

std::string ShellQuoted(const std::string& word) {
  constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./:,+@%=";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string ShellLine(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) line += (line.empty() ? "" : " ") + ShellQuoted(word);
  return line;
}

std::string TextOf(const AgentScript& script) {
  const std::string folder = ShellQuoted(script.directory), program = ShellQuoted(script.program);
  std::string text = fmt::format("cd {0} 2>/dev/null || {{ echo {1} >&2; exit {2}; }}; ", folder,
                                 ShellQuoted("no folder " + script.directory + " here"), kNoFolder);
  text += fmt::format("command -v {0} >/dev/null || {{ echo {1} >&2; exit {2}; }}; ", program,
                      ShellQuoted("no program " + script.program + " here"), kNoProgram);
  return text + fmt::format("exec {} agent --lifeline --connect \"{}\"{}{}", program, script.connect,
                            script.words.empty() ? "" : " ", fmt::join(script.words, " "));
}

std::string PortOf(const std::string& endpoint) { return endpoint.substr(endpoint.rfind(':') + 1); }

}  // namespace fastest
