// `fastest k8s run`: makes a run's objects in a cluster, tells what its coordinator says, brings its reports here, and
// takes the objects away again. All of it by the user's kubectl.

#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/event_loop.h"
#include "base/signals.h"
#include "cli/console.h"
#include "cli/k8s_status.h"
#include "cli/kubectl.h"
#include "deploy/kubernetes.h"
#include "deploy/pod_log.h"

namespace fastest {

struct K8sRunOptions {
  std::string kubectl = "kubectl";
  std::string context;  // Of the kubeconfig; empty: the current one.
  bool keep = false;    // The objects stay.
};

class K8sRun {
 public:
  K8sRun(KubernetesRun run, std::vector<PlacedReport> reports, const K8sRunOptions& options);

  // The run's exit code; 2 after Ctrl-C, 3 where the cluster ended it, 4 where it would not begin it.
  int Run();

 private:
  struct Log {
    PodLogReader reader;
    std::size_t told = 0;   // Bytes of it.
    bool complete = false;  // It was read after its pod's end.
  };
  std::optional<int> Look();
  void Follow(const CoordinatorPod& pod);
  void TellWait(const std::string& why);
  int GiveUp(const std::string& why);
  int Settle(int end);
  void TakeReport(const std::string& name, const std::string& bytes);
  void TidyUp();

  KubernetesRun run_;
  std::vector<PlacedReport> reports_;
  K8sRunOptions options_;
  Console console_;
  EventLoop loop_;
  Kubectl kubectl_;
  Signals signals_;
  std::map<std::string, Log> logs_;  // By pod.
  std::set<std::string> came_;       // Reports, by name.
  std::string waits_;                // What TellWait said last.
  std::string problem_;              // kubectl's, the last one.
  int failures_ = 0;                 // Of kubectl, in a row.
};

// Files that lie in a log that is read from standard input go to their places below the current directory; the rest of
// it goes to standard output. Returns the exit code.
int K8sReportsCommand();

}  // namespace fastest
