// A run as a Kubernetes Job: the objects that `fastest k8s manifest` prints, as YAML. Pure text; any thread.
//
// One Indexed Job. Its index 0 is coordinator and agent, the others are agents, which find it by the name that a
// headless Service gives it. Who may talk to whom is a NetworkPolicy, the link's key a Secret. Why each line is there:
// docs/manual/kubernetes.md.

#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace fastest {

// The defaults are what deploy/kubernetes holds.
struct KubernetesRun {
  std::string name = "fastest";  // Of the Job and of the Service; other objects' names begin with it.
  std::string space;             // The namespace; empty: where kubectl puts it.
  std::string image = "fastest";
  std::uint32_t agents = 3;  // Pods, index 0 among them.
  std::string cpu = "2";     // Of each pod: request and limit, from which its agent takes -n.
  std::string memory = "4Gi";
  std::uint32_t user = 10001;
  std::string workdir;      // Empty: the image's.
  bool writable = false;    // The root file system may be written to.
  bool any_egress = false;  // Else pods reach DNS and one another only.
  std::string claim;        // A PersistentVolumeClaim for journal, history and reports; empty: they go with their pod.
  std::string run_id;       // Empty: the Job's uid.
  std::string secret_name;  // A Secret with the key "secret"; empty: one is made of `join_secret`.
  std::string join_secret;
  std::chrono::seconds grace{30};       // For running tests, after SIGTERM.
  std::chrono::seconds deadline{3600};  // Of the whole Job.
  std::chrono::seconds keep{3600};      // So long the ended Job stays.
  std::vector<std::string> words;       // For the coordinator, and what of it agents take.
};

// What can be wrong in a value, by the name of its option ("--cpu").
Status CheckKubernetesRun(const KubernetesRun& run);

// Where a pod keeps the reports of its run.
extern const char* const kKubernetesReports;

// A report that the user wants here, and the name that it has in the pod's reports folder.
struct PlacedReport {
  std::string here;
  std::string name;
};

// Makes the paths of --junitxml, --report-log and --json in `words` paths in the pod, since its root file system is
// read-only and goes with it. Returns which reports there are.
std::vector<PlacedReport> PlaceReports(std::vector<std::string>* words);

// Whether a pod that ended with this code has told how its run came out: pytest's codes, ours, and the suite's own. Not
// what agents end with, ends by a signal (or before a start: 128), and the end of a pod that nobody knows of (255).
bool IsOutcome(int code);

// All objects, as one stream of YAML documents. `run` has been checked.
std::string KubernetesManifest(const KubernetesRun& run);

// Its objects, as "kind name", in the order in which they are made.
std::vector<std::pair<std::string, std::string>> KubernetesObjects(const KubernetesRun& run);

}  // namespace fastest
