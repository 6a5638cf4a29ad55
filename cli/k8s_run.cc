#include "cli/k8s_run.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>

#include "base/file_system.h"
#include "protocol/event.h"

namespace fastest {
namespace {

constexpr std::chrono::seconds kLook{1};
// kubectl may fail for a while: a connection that breaks, an API server that is started again.
constexpr int kMostFailures = 30;
constexpr const char* kOtherReports = "fastest-reports";

std::vector<std::string> Common(const KubernetesRun& run, const K8sRunOptions& options) {
  std::vector<std::string> words;
  if (!options.context.empty()) words.push_back("--context=" + options.context);
  if (!run.space.empty()) words.push_back("--namespace=" + run.space);
  return words;
}

std::string LastLine(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

void WriteReport(Console& console, const std::string& path, const std::string& bytes) {
  const Status written = WriteFileAtomically(path, bytes);
  if (!written.ok()) return console.Complain(written.error().message);
  console.Write(fmt::format("fastest: report {}: {} bytes\n", path, bytes.size()));
}

PodLogReader::Heard HearTo(Console& console, std::function<void(const std::string&, const std::string&)> file) {
  return {[&console](std::string_view text) { console.Write(text); }, std::move(file),
          [&console](const std::string& name) {
            console.Complain(fmt::format("report {}: it came damaged or cut off, so that it is not kept", name));
          }};
}

}  // namespace

K8sRun::K8sRun(KubernetesRun run, std::vector<PlacedReport> reports, const K8sRunOptions& options)
    : run_(std::move(run)),
      reports_(std::move(reports)),
      options_(options),
      kubectl_(loop_, options.kubectl, Common(run_, options)),
      signals_(loop_, {SIGINT, SIGTERM, SIGHUP}, [this](int) { kubectl_.Interrupt(); }) {}

int K8sRun::Run() {
  const auto made = kubectl_.Run({"create", "-f", "-"}, KubernetesManifest(run_));
  if (!made.ok()) {
    console_.Complain(fmt::format(
        "k8s run: {} (hint: --kubectl PROGRAM, or fastest k8s manifest for what it would make)", made.error().message));
    return static_cast<int>(ExitCode::kUsageError);
  }
  if (!made->ok) {
    console_.Complain(fmt::format("k8s run: kubectl could not make the run: {}", LastLine(made->errors)));
    // What is there already is another run's.
    if (made->errors.find("AlreadyExists") == std::string::npos) TidyUp();
    return static_cast<int>(ExitCode::kUsageError);
  }
  console_.Write(fmt::format("fastest: job {}: {} pods of {}\n", run_.name, run_.agents, run_.image));
  console_.Flush();
  std::optional<int> end;
  while (!end && !kubectl_.interrupted()) {
    end = Look();
    if (!end) kubectl_.Pause(kLook);
  }
  if (!end) console_.Complain("interrupted");
  if (end) end = Settle(*end);
  TidyUp();
  return end.value_or(static_cast<int>(ExitCode::kInterrupted));
}

// Once round: where the run is, and what there is to hear of it. Its exit code, if it has ended.
std::optional<int> K8sRun::Look() {
  const std::string selector = "app.kubernetes.io/instance=" + run_.name;
  const auto got = kubectl_.Run({"get", "jobs,pods", "--selector=" + selector, "--output=json"});
  if (kubectl_.interrupted()) return std::nullopt;
  if (!got.ok()) return GiveUp(got.error().message);
  const auto status = got->ok ? ReadRunStatus(got->output) : Result<RunStatus>(Error{LastLine(got->errors)});
  if (!status.ok()) {
    problem_ = status.error().message;
    return ++failures_ < kMostFailures ? std::nullopt : std::optional(GiveUp(problem_));
  }
  failures_ = 0;
  if (!status->job) return GiveUp(fmt::format("the job {} is not there any more", run_.name));
  for (const CoordinatorPod& pod : status->coordinators) {
    const auto log = logs_.find(pod.name);
    if (!pod.started || (log != logs_.end() && log->second.complete)) continue;
    Follow(pod);
    return std::nullopt;  // What we know is old by now.
  }
  if (!status->coordinators.empty()) {
    const CoordinatorPod& newest = status->coordinators.back();
    const int code = newest.exit_code.value_or(-1);
    if (IsOutcome(code)) return code;
    if (!newest.started) TellWait(newest.waits);
  }
  if (!status->failed.empty()) return GiveUp("the job failed: " + status->failed);
  if (status->complete) return static_cast<int>(ExitCode::kOk);
  if (status->gave_up) return GiveUp("the coordinator's pod was killed too often");
  return std::nullopt;
}

// What the pod has said and says, until it ends or the connection breaks: then what follows on what was told is read
// once more, for a connection that broke looks like a log that ended.
void K8sRun::Follow(const CoordinatorPod& pod) {
  auto found = logs_.find(pod.name);
  if (found == logs_.end()) {
    auto heard =
        HearTo(console_, [this](const std::string& name, const std::string& bytes) { TakeReport(name, bytes); });
    found = logs_.emplace(pod.name, Log{PodLogReader(std::move(heard))}).first;
  }
  Log& log = found->second;
  std::size_t skip = log.told;
  const auto done =
      kubectl_.Run({"logs", "--follow", "--container=fastest", pod.name}, "", [&](std::string_view bytes) {
        const std::size_t known = std::min(skip, bytes.size());
        skip -= known;
        bytes.remove_prefix(known);
        log.told += bytes.size();
        log.reader.Add(bytes);
        console_.Flush();
      });
  if (pod.exit_code && !kubectl_.interrupted()) {
    log.reader.Close();
    log.complete = true;
  }
  console_.Flush();
  if (!done.ok() || done->ok || kubectl_.interrupted()) return;
  problem_ = LastLine(done->errors);
  if (pod.exit_code) console_.Complain(fmt::format("k8s run: the log of {} can't be read: {}", pod.name, problem_));
}

// A run that passed but whose reports did not come has not passed for who needs them.
int K8sRun::Settle(int end) {
  if (end != static_cast<int>(ExitCode::kOk) && end != static_cast<int>(ExitCode::kTestsFailed)) return end;
  for (const PlacedReport& report : reports_) {
    if (came_.contains(report.name)) continue;
    console_.Complain(fmt::format("k8s run: report {} did not come (the run's own exit code: {})", report.here, end));
    return static_cast<int>(ExitCode::kInternalError);
  }
  return end;
}

void K8sRun::TellWait(const std::string& why) {
  if (why.empty() || why == waits_) return;
  waits_ = why;
  console_.Write(fmt::format("fastest: {}-0 waits: {}\n", run_.name, why));
  console_.Flush();
}

int K8sRun::GiveUp(const std::string& why) {
  console_.Complain(fmt::format("k8s run: {}", why));
  if (!problem_.empty() && problem_ != why) console_.Complain(fmt::format("k8s run: kubectl said: {}", problem_));
  return static_cast<int>(ExitCode::kInternalError);
}

void K8sRun::TakeReport(const std::string& name, const std::string& bytes) {
  const auto known =
      std::find_if(reports_.begin(), reports_.end(), [&](const PlacedReport& one) { return one.name == name; });
  came_.insert(name);
  WriteReport(console_, known == reports_.end() ? fmt::format("{}/{}", kOtherReports, name) : known->here, bytes);
}

void K8sRun::TidyUp() {
  if (options_.keep) {
    console_.Write(fmt::format("fastest: job {} is kept for {} s\n", run_.name, run_.keep.count()));
    return;
  }
  kubectl_.Forget();
  std::vector<std::string> words = {"delete", "--wait=false", "--ignore-not-found"};
  for (const auto& [kind, name] : KubernetesObjects(run_)) words.push_back(kind + "/" + name);
  const auto done = kubectl_.Run(words);
  if (done.ok() && done->ok) return;
  console_.Warn(fmt::format("not all of the run was removed from the cluster: {}",
                            done.ok() ? LastLine(done->errors) : done.error().message));
}

int K8sReportsCommand() {
  Console console;
  bool whole = true;
  auto heard = HearTo(console, [&](const std::string& name, const std::string& bytes) {
    WriteReport(console, fmt::format("{}/{}", kOtherReports, name), bytes);
  });
  heard.damaged = [&, damaged = heard.damaged](const std::string& name) {
    whole = false;
    damaged(name);
  };
  PodLogReader reader(std::move(heard));
  char chunk[65536];
  for (ssize_t got = ::read(STDIN_FILENO, chunk, sizeof chunk); got > 0;
       got = ::read(STDIN_FILENO, chunk, sizeof chunk)) {
    reader.Add({chunk, static_cast<std::size_t>(got)});
    console.Flush();
  }
  reader.Close();
  return whole ? 0 : static_cast<int>(ExitCode::kInternalError);
}

}  // namespace fastest
