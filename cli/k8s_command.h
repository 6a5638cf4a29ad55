// `fastest k8s manifest|run|reports|pod`: a run in a Kubernetes cluster (docs/manual/kubernetes.md).

#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/k8s_run.h"
#include "deploy/kubernetes.h"

namespace fastest {

struct K8sWords {
  KubernetesRun run;
  std::vector<PlacedReport> reports;
  K8sRunOptions options;
  bool named = false;  // --name was given.
};

// `words`: what follows "manifest" or "run" (`runs`: the options of run are allowed): own options, then "--" and what
// the coordinator gets. An Error is a usage error.
Result<K8sWords> ReadK8sWords(const std::vector<std::string>& words, bool runs);

// `words`: what follows "k8s". Returns the exit code.
int K8sCommand(const std::vector<std::string>& words);

}  // namespace fastest
