#!/bin/sh
# A real Kubernetes on this machine, for deploy/kubernetes/acceptance.sh; not a part of any test run. As root:
#   tests/kubernetes/one_node.sh up FOLDER       brings it up; FOLDER/kubeconfig is for KUBECONFIG
#   tests/kubernetes/one_node.sh image FOLDER ROOT NAME ENTRY   the folder ROOT as the image NAME
#   tests/kubernetes/one_node.sh down FOLDER     takes it down
# In PATH: kube-apiserver, kube-controller-manager, kube-scheduler, kubelet, coredns (all build with go from their modules),
# etcd, containerd, runc, kubectl, openssl, and CNI's plugins in /usr/lib/cni (Debian: etcd-server containerd runc
# containernetworking-plugins). The image local/pause:1 must be there before pods start: a program that waits for SIGTERM.
# No NetworkPolicy is enforced, and there is one node. Volumes: a PersistentVolume with hostPath, world-writable.
set -eu
command=${1:?up, image or down} folder=$(mkdir -p "${2:?the folder is missing}" && cd "$2" && pwd)
bridge=ftcni0 address=10.244.0.1 etcd=127.0.0.1:23790

background() {
  log=$1
  shift
  "$@" >"$folder/$log.log" 2>&1 &
  echo $! >>"$folder/pids"
}

up() {
  cd "$folder"
  mkdir -p cert cni
  ip link add $bridge type bridge
  ip addr add $address/24 dev $bridge
  ip link set $bridge up
  openssl genrsa -out sa.key 2048 2>/dev/null
  token=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  (umask 077 && echo "$token,admin,1,\"system:masters\"" >tokens.csv)
  background etcd etcd --data-dir "$folder/etcd" --listen-client-urls "http://$etcd" --advertise-client-urls "http://$etcd" \
    --listen-peer-urls http://127.0.0.1:23800 --initial-advertise-peer-urls http://127.0.0.1:23800 \
    --initial-cluster default=http://127.0.0.1:23800 --unsafe-no-fsync
  background apiserver kube-apiserver --etcd-servers="http://$etcd" --cert-dir="$folder/cert" --secure-port=16443 \
    --advertise-address=$address --token-auth-file="$folder/tokens.csv" --authorization-mode=RBAC \
    --service-account-key-file="$folder/sa.key" --service-account-signing-key-file="$folder/sa.key" \
    --service-account-issuer=https://kubernetes.default.svc --service-cluster-ip-range=10.96.0.0/16 \
    --kubelet-preferred-address-types=InternalIP --kubelet-client-certificate="$folder/cert/apiserver.crt" \
    --kubelet-client-key="$folder/cert/apiserver.key"
  (umask 077 && cat >kubeconfig) <<K
apiVersion: v1
kind: Config
clusters: [{name: lab, cluster: {server: "https://127.0.0.1:16443", insecure-skip-tls-verify: true}}]
users: [{name: admin, user: {token: "$token"}}]
contexts: [{name: lab, context: {cluster: lab, user: admin}}]
current-context: lab
K
  export KUBECONFIG="$folder/kubeconfig"
  wait_for 60 kubectl get --raw /readyz
  background controllers kube-controller-manager --kubeconfig=kubeconfig --leader-elect=false '--controllers=*,-nodeipam' \
    --service-account-private-key-file="$folder/sa.key" --root-ca-file="$folder/cert/apiserver.crt"
  background scheduler kube-scheduler --kubeconfig=kubeconfig --leader-elect=false
  cat >cni/10-lab.conflist <<K
{"cniVersion": "0.4.0", "name": "lab", "plugins": [{"type": "bridge", "bridge": "$bridge", "isGateway": true, "ipMasq": false,
 "ipam": {"type": "host-local", "dataDir": "$folder/addresses", "routes": [{"dst": "0.0.0.0/0"}],
          "ranges": [[{"subnet": "10.244.0.0/24", "rangeStart": "10.244.0.10", "gateway": "$address"}]]}}]}
K
  cat >containerd.toml <<K
version = 2
root = "$folder/containerd"
state = "$folder/containerd-state"
[grpc]
  address = "$folder/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "local/pause:1"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$folder/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
K
  background containerd containerd -c containerd.toml
  printf '.:53 {\n  bind %s\n  kubernetes cluster.local {\n    kubeconfig %s/kubeconfig lab\n    ttl 1\n  }\n  errors\n}\n' $address "$folder" >Corefile
  background coredns coredns -conf Corefile
  cat >kubelet.yaml <<K
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: $address
authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
authorization: {mode: AlwaysAllow}
cgroupDriver: cgroupfs
failCgroupV1: false
enforceNodeAllocatable: []
failSwapOn: false
clusterDNS: ["$address"]
clusterDomain: cluster.local
containerRuntimeEndpoint: "unix://$folder/containerd.sock"
evictionHard: {memory.available: "50Mi", nodefs.available: "1%", imagefs.available: "1%"}
imageMinimumGCAge: 1000h
K
  wait_for 30 test -S containerd.sock
  background kubelet kubelet --config=kubelet.yaml --kubeconfig=kubeconfig --node-ip=$address --hostname-override=lab --root-dir="$folder/kubelet"
  wait_for 90 kubectl wait --for=condition=Ready node/lab --timeout=1s
  echo "export KUBECONFIG=$folder/kubeconfig"
}

wait_for() {
  left=$1
  shift
  until "$@" >/dev/null 2>&1; do
    left=$((left - 1))
    [ "$left" -gt 0 ] || { echo "one_node: $* is not so; logs are in $folder" >&2; exit 1; }
    sleep 1
  done
}

# image ROOT NAME ENTRY
image() {
  python3 - "$@" "$folder/image.tar" <<'P'
import hashlib, io, json, subprocess, sys, tarfile
root, name, entry, out = sys.argv[1:]
subprocess.run(["tar", "--exclude=./proc/*", "--exclude=./sys/*", "-C", root, "-cf", out + ".layer", "."], check=True)
layer = "sha256:" + hashlib.sha256(open(out + ".layer", "rb").read()).hexdigest()
start = {"Entrypoint": [entry], "Env": ["PATH=/opt/fastest/bin:/opt/venv/bin:/usr/bin:/bin"], "WorkingDir": "/work", "User": "10001:10001"}
config = {"architecture": "amd64", "os": "linux", "config": start, "rootfs": {"type": "layers", "diff_ids": [layer]}}
with tarfile.open(out, "w") as archive:
    manifest = [{"Config": "config.json", "RepoTags": [name], "Layers": ["layer.tar"]}]
    for path, value in (("config.json", config), ("manifest.json", manifest)):
        data = json.dumps(value).encode()
        entry = tarfile.TarInfo(path)
        entry.size = len(data)
        archive.addfile(entry, io.BytesIO(data))
    archive.add(out + ".layer", "layer.tar")
P
  ctr -a "$folder/containerd.sock" -n k8s.io images import "$folder/image.tar"
  rm -f "$folder/image.tar" "$folder/image.tar.layer"
}

down() {
  [ ! -f "$folder/kubeconfig" ] || KUBECONFIG=$folder/kubeconfig timeout 60 kubectl delete jobs,pods --all --all-namespaces --grace-period=1 >/dev/null 2>&1 || true
  sort -rn "$folder/pids" | while read -r pid; do kill "$pid" 2>/dev/null || true; done
  sleep 3
  while read -r pid; do kill -9 "$pid" 2>/dev/null || true; done <"$folder/pids"
  awk -v folder="$folder/" 'index($2, folder) == 1 { print $2 }' /proc/mounts | sort -r | xargs -r umount -l
  ip link delete $bridge
  rm -rf "$folder"
}

case $command in
  up | down) "$command" ;;
  image) shift 2; image "$@" ;;
  *) echo "one_node: allowed are up, image and down" >&2; exit 4 ;;
esac
