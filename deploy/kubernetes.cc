#include "deploy/kubernetes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string_view>

namespace fastest {

const char* const kKubernetesReports = "/var/lib/fastest/reports/$(FASTEST_RUN_ID)";

namespace {

constexpr int kPort = 5570;
constexpr const char* kState = "/var/lib/fastest";
constexpr const char* kSecrets = "/run/fastest";
// A replacement of index 0 may need a node and an image first; so long agents wait for it.
constexpr int kOrphanSeconds = 600;
// What a pod needs beyond its tests' grace period, to say goodbye.
constexpr std::chrono::seconds kGoodbye{15};
// Of one index: kills that are no eviction (these do not count), each with a longer pause before the replacement.
constexpr int kReplacements = 6;
constexpr std::uint32_t kMostAgents = 10'000;
// A pod's host name is NAME-INDEX, at most 63 characters; its own name has six more.
constexpr std::size_t kLongestName = 50;

// A YAML scalar in double quotes: the escapes are JSON's.
std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      quoted += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

// For a container's `args`, where $(NAME) is a variable and $$ a dollar.
std::string Literal(std::string_view word) {
  std::string text;
  for (const char c : word) text += c == '$' ? "$$" : std::string(1, c);
  return text;
}

bool IsName(std::string_view name, std::size_t longest) {
  const auto allowed = [](char c) {
    return std::islower(static_cast<unsigned char>(c)) || std::isdigit(c) || c == '-';
  };
  return !name.empty() && name.size() <= longest && name[0] >= 'a' && name[0] <= 'z' && name.back() != '-' &&
         std::all_of(name.begin(), name.end(), allowed);
}

// A name with dots, as Secrets and claims may have.
bool IsObjectName(std::string_view name) {
  const auto allowed = [](char c) {
    return std::islower(static_cast<unsigned char>(c)) || std::isdigit(c) || c == '-' || c == '.';
  };
  return !name.empty() && name.size() <= 253 && std::isalnum(static_cast<unsigned char>(name.front())) &&
         std::isalnum(static_cast<unsigned char>(name.back())) && std::all_of(name.begin(), name.end(), allowed);
}

// "2", "0.5", "500m", "4Gi": digits, perhaps a fraction, one of the suffixes.
bool IsQuantity(std::string_view text, const std::vector<std::string_view>& suffixes) {
  const auto end = std::min(text.find_first_not_of("0123456789."), text.size());
  const std::string_view number = text.substr(0, end), suffix = text.substr(end);
  const bool some = number.find_first_of("123456789") != std::string_view::npos;
  const bool plain = !number.empty() && number.front() != '.' && number.back() != '.' &&
                     std::count(number.begin(), number.end(), '.') <= 1;
  return some && plain && (suffix.empty() || std::find(suffixes.begin(), suffixes.end(), suffix) != suffixes.end());
}

std::string SecretName(const KubernetesRun& run) {
  return run.secret_name.empty() ? run.name + "-join" : run.secret_name;
}

// metadata of an object, without its name's suffix.
std::string Metadata(const KubernetesRun& run, const std::string& name) {
  std::string text = fmt::format("metadata:\n  name: {}\n", Quoted(name));
  if (!run.space.empty()) text += fmt::format("  namespace: {}\n", Quoted(run.space));
  return text + fmt::format("  labels:\n    app.kubernetes.io/name: fastest\n    app.kubernetes.io/instance: {}\n",
                            Quoted(run.name));
}

std::string SecretText(const KubernetesRun& run) {
  return fmt::format("apiVersion: v1\nkind: Secret\n{}type: Opaque\nstringData:\n  secret: {}\n",
                     Metadata(run, SecretName(run)), Quoted(run.join_secret));
}

// Agents ask for index 0 before it is ready, and it need not be "ready" for anything.
std::string ServiceText(const KubernetesRun& run) {
  return fmt::format(R"(apiVersion: v1
kind: Service
{}spec:
  clusterIP: None
  publishNotReadyAddresses: true
  selector:
    app.kubernetes.io/name: fastest
    app.kubernetes.io/instance: {}
  ports:
    - name: fastest
      port: {}
      targetPort: fastest
)",
                     Metadata(run, run.name), Quoted(run.name), kPort);
}

std::string NetworkPolicyText(const KubernetesRun& run) {
  const std::string ours = fmt::format(
      "podSelector:\n            matchLabels:\n              app.kubernetes.io/name: fastest\n              "
      "app.kubernetes.io/instance: {}\n",
      Quoted(run.name));
  std::string text = fmt::format(R"(apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
{}spec:
  podSelector:
    matchLabels:
      app.kubernetes.io/name: fastest
      app.kubernetes.io/instance: {}
  policyTypes:
    - Ingress
    - Egress
  ingress:
    - from:
        - {}      ports:
        - protocol: TCP
          port: {}
  egress:
)",
                                 Metadata(run, run.name), Quoted(run.name), ours, kPort);
  if (run.any_egress) return text + "    - {}\n";
  return text + fmt::format(R"(    - ports:
        - protocol: UDP
          port: 53
        - protocol: TCP
          port: 53
    - to:
        - {}      ports:
        - protocol: TCP
          port: {}
)",
                            ours, kPort);
}

// The words of `fastest k8s pod`: where things are, then the user's.
std::vector<std::string> PodWords(const KubernetesRun& run) {
  std::vector<std::string> words = {
      fmt::format("--agents={}", run.agents),
      fmt::format("--coordinator={0}-0.{0}:{1}", run.name, kPort),
      "--run-id=$(FASTEST_RUN_ID)",
      "--resume=$(FASTEST_RUN_ID)",
      fmt::format("--state-dir={}", kState),
      "--min-agents=1",
      "--leave-on-term",
      fmt::format("--grace={}", run.grace.count()),
      fmt::format("--orphan-timeout={}", kOrphanSeconds),
      "-n",
      "auto",
      "-o",  // The image's own folder is read-only.
      fmt::format("cache_dir={}/pytest_cache", kState),
  };
  for (const std::string& word : run.words) {
    const std::string reports = std::string(kKubernetesReports) + "/";
    const auto at = word.find(reports);
    if (at == std::string::npos) {
      words.push_back(Literal(word));
    } else {
      words.push_back(Literal(word.substr(0, at)) + reports + Literal(word.substr(at + reports.size())));
    }
  }
  return words;
}

std::string ContainerText(const KubernetesRun& run) {
  std::string args;
  for (const std::string& word : PodWords(run)) args += fmt::format("            - {}\n", Quoted(word));
  std::string workdir;
  if (!run.workdir.empty()) workdir = fmt::format("          workingDir: {}\n", Quoted(run.workdir));
  std::string id =
      "              valueFrom:\n                fieldRef:\n                  fieldPath: "
      "metadata.labels['batch.kubernetes.io/controller-uid']\n";
  if (!run.run_id.empty()) id = fmt::format("              value: {}\n", Quoted(run.run_id));
  return fmt::format(R"(        - name: fastest
          image: {}
          command:
            - fastest
            - k8s
            - pod
          args:
{}{}          env:
            - name: FASTEST_RUN_ID
{}            - name: FASTEST_JOIN_SECRET_FILE
              value: {}/secret
            - name: HOME
              value: /tmp
          ports:
            - name: fastest
              containerPort: {}
          resources:
            requests:
              cpu: {}
              memory: {}
            limits:
              cpu: {}
              memory: {}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: {}
            capabilities:
              drop:
                - ALL
          volumeMounts:
            - name: state
              mountPath: {}
            - name: tmp
              mountPath: /tmp
            - name: join
              mountPath: {}
              readOnly: true
)",
                     Quoted(run.image), args, workdir, id, kSecrets, kPort, Quoted(run.cpu), Quoted(run.memory),
                     Quoted(run.cpu), Quoted(run.memory), !run.writable, kState, kSecrets);
}

std::string PodText(const KubernetesRun& run) {
  const std::string state =
      run.claim.empty()
          ? "          emptyDir: {}\n"
          : fmt::format("          persistentVolumeClaim:\n            claimName: {}\n", Quoted(run.claim));
  return fmt::format(R"(      subdomain: {}
      restartPolicy: Never
      terminationGracePeriodSeconds: {}
      enableServiceLinks: false
      automountServiceAccountToken: false
      securityContext:
        runAsNonRoot: true
        runAsUser: {}
        runAsGroup: {}
        fsGroup: {}
        seccompProfile:
          type: RuntimeDefault
      containers:
{}      volumes:
        - name: state
{}        - name: tmp
          emptyDir: {{}}
        - name: join
          secret:
            secretName: {}
            defaultMode: 288  # 0440
)",
                     Quoted(run.name), (run.grace + kGoodbye).count(), run.user, run.user, run.user, ContainerText(run),
                     state, Quoted(SecretName(run)));
}

std::string NoOutcomes() {
  std::vector<int> codes;
  for (int code = 1; code <= 255; ++code)
    if (!IsOutcome(code)) codes.push_back(code);
  return fmt::format("{}", fmt::join(codes, ", "));
}

// Outcomes of a run come from index 0 alone and end the Job; an agent that is refused (78) would be refused again.
// Every other end of a pod (drained: 143, orphaned: 75, killed) gets a replacement; evictions do not even count.
std::string JobText(const KubernetesRun& run) {
  return fmt::format(R"(apiVersion: batch/v1
kind: Job
{}spec:
  completionMode: Indexed
  completions: {}
  parallelism: {}
  backoffLimitPerIndex: {}
  activeDeadlineSeconds: {}
  ttlSecondsAfterFinished: {}
  successPolicy:
    rules:
      - succeededIndexes: "0"
  podFailurePolicy:
    rules:
      - action: Ignore
        onPodConditions:
          - type: DisruptionTarget
            status: "True"
      - action: FailJob
        onExitCodes:
          containerName: fastest
          operator: NotIn
          values: [{}]
      - action: FailIndex
        onExitCodes:
          containerName: fastest
          operator: In
          values: [78]
  template:
    metadata:
      labels:
        app.kubernetes.io/name: fastest
        app.kubernetes.io/instance: {}
    spec:
{})",
                     Metadata(run, run.name), run.agents, run.agents, kReplacements, run.deadline.count(),
                     run.keep.count(), NoOutcomes(), Quoted(run.name), PodText(run));
}

}  // namespace

Status CheckKubernetesRun(const KubernetesRun& run) {
  if (!IsName(run.name, kLongestName))
    return Error{
        fmt::format("--name {}: a name has lower-case letters, digits and '-', begins with a letter, and has "
                    "at most {} characters",
                    run.name, kLongestName)};
  if (!run.space.empty() && !IsName(run.space, 63))
    return Error{fmt::format("--namespace {}: a namespace has lower-case letters, digits and '-'", run.space)};
  if (run.image.empty() || run.image.find_first_of(" \t\n") != std::string::npos)
    return Error{fmt::format("--image {}: this is no image's name", Quoted(run.image))};
  if (run.agents < 1 || run.agents > kMostAgents)
    return Error{fmt::format("--agents {}: allowed are 1 to {}", run.agents, kMostAgents)};
  if (!IsQuantity(run.cpu, {"m"})) return Error{fmt::format("--cpu {}: allowed are 2, 0.5, 500m", run.cpu)};
  if (!IsQuantity(run.memory, {"Ki", "Mi", "Gi", "Ti", "k", "M", "G", "T"}))
    return Error{fmt::format("--memory {}: allowed are 4Gi, 512Mi", run.memory)};
  if (run.user == 0) return Error{"--user 0: the pods do not run as root"};
  if (!run.workdir.empty() && run.workdir[0] != '/')
    return Error{fmt::format("--workdir {}: a path in the image begins with '/'", run.workdir)};
  const bool plain = std::all_of(run.run_id.begin(), run.run_id.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-';
  });
  if (!plain) return Error{fmt::format("--run-id {}: a run id has letters, digits, '.', '_' and '-'", run.run_id)};
  for (const auto& [option, name] : {std::pair("--claim", run.claim), std::pair("--secret-name", run.secret_name)})
    if (!name.empty() && !IsObjectName(name))
      return Error{fmt::format("{} {}: a name has lower-case letters, digits, '-' and '.'", option, name)};
  return Ok();
}

bool IsOutcome(int code) {
  constexpr int kOrphaned = 75, kRefused = 78, kUnknown = 255;
  const bool by_signal = code >= 128 && code <= 143;
  return code >= 0 && code != kOrphaned && code != kRefused && code != kUnknown && !by_signal;
}

std::vector<PlacedReport> PlaceReports(std::vector<std::string>* words) {
  static const std::vector<std::string> kOptions = {"--junitxml", "--junit-xml", "--report-log", "--json"};
  std::vector<PlacedReport> placed;
  const auto place = [&](const std::string& path) {
    const std::string base = path.substr(path.rfind('/') + 1);
    const bool taken =
        std::any_of(placed.begin(), placed.end(), [&](const PlacedReport& one) { return one.name == base; });
    placed.push_back({path, taken ? fmt::format("{}-{}", placed.size(), base) : base});
    return std::string(kKubernetesReports) + "/" + placed.back().name;
  };
  for (std::size_t i = 0; i < words->size() && (*words)[i] != "--"; ++i) {
    std::string& word = (*words)[i];
    const auto equals = word.find('=');
    if (std::find(kOptions.begin(), kOptions.end(), word.substr(0, equals)) == kOptions.end()) continue;
    if (equals != std::string::npos) {
      word = word.substr(0, equals + 1) + place(word.substr(equals + 1));
    } else if (i + 1 < words->size()) {
      ++i;
      (*words)[i] = place((*words)[i]);
    }
  }
  return placed;
}

std::string KubernetesManifest(const KubernetesRun& run) {
  std::string text;
  if (run.secret_name.empty()) text += SecretText(run) + "---\n";
  return text + ServiceText(run) + "---\n" + NetworkPolicyText(run) + "---\n" + JobText(run);
}

std::vector<std::pair<std::string, std::string>> KubernetesObjects(const KubernetesRun& run) {
  std::vector<std::pair<std::string, std::string>> objects;
  if (run.secret_name.empty()) objects.emplace_back("secret", SecretName(run));
  objects.emplace_back("service", run.name);
  objects.emplace_back("networkpolicy", run.name);
  objects.emplace_back("job", run.name);
  return objects;
}

}  // namespace fastest
