#!/bin/sh
# Runs, evicts and kills real pods, on the cluster that KUBECONFIG names:
#   IMAGE=registry.example/fastest-acceptance:1 deploy/kubernetes/acceptance.sh [SCENARIO...]
#
#   IMAGE      what deploy/kubernetes/acceptance/Dockerfile builds, where the cluster can pull it
#   NAMESPACE  where to run (fastest-acceptance; it is made if it is not there, and then taken away again)
#   CLAIM      a PersistentVolumeClaim in it that all pods can mount: without one the coordinator's journal goes with its pod,
#              and a replacement begins again instead of going on
#   FASTEST    the program (build/fastest)
# Scenarios: green red evict-agent kill-agent evict-coordinator kill-coordinator interrupt; default: all. Needs kubectl and the
# rights to create jobs, services, secrets and network policies, to read pods and their logs, to evict and to delete pods.
# Exit code 0: all scenarios went as they should.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
fastest=${FASTEST:-$root/build/fastest}
space=${NAMESPACE:-fastest-acceptance}
image=${IMAGE:?IMAGE is not set; the head of this file says what it is}
claim=${CLAIM:-}
tests=90
work=$(mktemp -d)
follower='' name='' made_space=''

say() { echo "acceptance: $*"; }
k() { kubectl --namespace "$space" "$@"; }
fail() {
  say "FAILED: $scenario: $*"
  if [ -f "$work/log" ]; then
    say "its output:"
    sed 's/^/  /' "$work/log"
  fi
  exit 1
}

tidy() {
  [ -z "$follower" ] || kill "$follower" 2>/dev/null || true
  [ -z "$name" ] || k delete --ignore-not-found --wait=false "job/$name" "service/$name" "networkpolicy/$name" "secret/$name-join" >/dev/null || true
  [ -z "$made_space" ] || kubectl delete namespace "$space" --wait=false >/dev/null || true
  rm -rf "$work"
}
trap tidy EXIT

# begin [K8S_OPTION...] -- WORD...: starts a run in the background.
begin() {
  name=acceptance-$(od -An -N3 -tx1 /dev/urandom | tr -d ' \n')
  rm -f "$work/r.xml"
  (cd "$work" && exec "$fastest" k8s run --name "$name" --namespace "$space" --image "$image" --agents 3 --cpu 500m --memory 256Mi \
    --deadline 600 ${claim:+--claim "$claim"} "$@") >"$work/log" 2>&1 &
  follower=$!
}

# pods INDEX: its pods that have not ended, one a line.
pods() {
  k get pods --selector "app.kubernetes.io/instance=$name,batch.kubernetes.io/job-completion-index=$1" \
    --field-selector=status.phase=Running --output jsonpath='{range .items[*]}{.metadata.name}{"\n"}{end}'
}

# await LIMIT WHAT COMMAND...: until it says something.
await() {
  limit=$1 what=$2
  shift 2
  while [ "$limit" -gt 0 ]; do
    if said=$("$@" 2>/dev/null) && [ -n "$said" ]; then return; fi
    kill -0 "$follower" 2>/dev/null || fail "the run ended before $what"
    sleep 1
    limit=$((limit - 1))
  done
  fail "$what did not come"
}

progress() { grep -m 1 -E 'PASSED' "$work/log"; }
replacement() { pods "$1" | grep -v -x "$2"; }

# end CODE: the run ends with it, having reported each of $tests tests once.
end() {
  code=0
  wait "$follower" || code=$?
  follower=''
  [ "$code" = "$1" ] || fail "exit code $code instead of $1"
  [ -f "$work/r.xml" ] || fail "no report came back"
  cases=$(grep -o '<testcase ' "$work/r.xml" | wc -l)
  names=$(grep -o '<testcase [^>]*' "$work/r.xml" | grep -o ' name="[^"]*"' | sort -u | wc -l)
  [ "$cases $names" = "$tests $tests" ] || fail "$cases results of $names tests instead of $tests"
  left=$(k get "job/$name" "service/$name" "secret/$name-join" --ignore-not-found --output name | grep -v '^job' || true)
  [ -z "$left" ] || fail "left behind: $left"
}

evict() {
  printf '{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"%s"}}' "$1" |
    kubectl create --raw "/api/v1/namespaces/$space/pods/$1/eviction" -f - >/dev/null
}
kill_pod() { k delete pod "$1" --grace-period=0 --force >/dev/null 2>&1; }

# disturb INDEX COMMAND: once tests run, COMMAND is done to the index's pod, and another one takes its place.
disturb() {
  begin -- -v --junitxml=r.xml -m 'not red'
  await 180 "the first result" progress
  await 60 "a pod of index $1" pods "$1"
  victim=$said
  "$2" "$victim"
  say "$scenario: $victim is gone"
  await 180 "its replacement" replacement "$1" "$victim"
  end 0
  if [ "$1" = 0 ] && [ -n "$claim" ]; then grep -q 'goes on: [1-9]' "$work/log" || fail "it did not go on from its journal"; fi
}

run_scenario() {
  scenario=$1
  case $scenario in
    green) begin -- -v --junitxml=r.xml -m 'not red'; end 0 ;;
    red) tests=1; begin -- --junitxml=r.xml -m red; end 1; tests=90 ;;
    evict-agent) disturb 1 evict ;;
    kill-agent) disturb 2 kill_pod ;;
    evict-coordinator) disturb 0 evict ;;
    kill-coordinator) disturb 0 kill_pod ;;
    interrupt)
      begin -- -v -m 'not red'
      await 180 "the first result" progress
      kill -INT "$follower"
      code=0
      wait "$follower" || code=$?
      follower=''
      [ "$code" = 2 ] || fail "exit code $code instead of 2"
      ;;
    *) fail "there is no such scenario" ;;
  esac
  say "$scenario: as it should be"
}

if ! kubectl get namespace "$space" >/dev/null 2>&1; then
  kubectl create namespace "$space" >/dev/null
  made_space=yes
fi
[ $# -gt 0 ] || set -- green red evict-agent kill-agent evict-coordinator kill-coordinator interrupt
for one in "$@"; do run_scenario "$one"; done
say "$# scenarios passed"
