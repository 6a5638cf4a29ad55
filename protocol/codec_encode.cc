// Values -> Cap'n Proto: the first half of codec.h.

#include <capnp/message.h>
#include <capnp/serialize.h>
#include <protocol/messages.capnp.h>

#include "protocol/codec.h"

namespace fastest {
namespace {

void Set(wire::ItemKey::Builder out, const ItemKey& key) {
  out.setNodeId(key.node_id);
  out.setOccurrence(key.occurrence);
}

void Set(wire::CollectReport::Builder out, const CollectReport& report) {
  out.setNodeId(report.node_id);
  out.setOutcome(static_cast<std::uint8_t>(report.outcome));
  out.setEnvelope(report.envelope);
}

void Set(wire::Revoked::Part::Builder out, const Revoked::Part& part);
void Set(wire::Assignment::Builder out, const Assignment& unit);
void Set(wire::Release::Part::Builder out, const Release::Part& part);

// A list of structs: `init(n)` makes the list, Set() fills each.
template <typename Init, typename Values>
void SetAll(Init init, const Values& values) {
  auto list = init(static_cast<unsigned>(values.size()));
  for (unsigned i = 0; i < values.size(); ++i) Set(list[i], values[i]);
}

// A list of plain values or texts.
template <typename Init, typename Values>
void SetPlain(Init init, const Values& values) {
  auto list = init(static_cast<unsigned>(values.size()));
  for (unsigned i = 0; i < values.size(); ++i) {
    if constexpr (requires { values[i].c_str(); }) {
      list.set(i, values[i].c_str());
    } else if constexpr (requires { Number(values[i]); }) {
      list.set(i, Number(values[i]));
    } else {
      list.set(i, values[i]);
    }
  }
}

template <typename At>
void SetAt(wire::ItemAt::Builder out, const At& at) {
  out.setWorker(Number(at.worker));
  out.setLease(Number(at.lease));
  out.setUnit(Number(at.unit));
  Set(out.initItem(), at.item);
}

void SetText(wire::WorkerText::Builder out, WorkerId worker, const std::string& text) {
  out.setWorker(Number(worker));
  out.setText(text);
}

void Put(wire::Message::Builder out, const Hello& m) {
  auto b = out.initHello();
  b.setVersion(m.version);
  b.setName(m.name);
  b.setWorkers(m.workers);
  b.setCodeDigest(m.code_digest);
  b.setPlatform(m.platform);
  b.setFetch(m.fetch);
  b.setDifferences(m.differences);
}

kj::ArrayPtr<const kj::byte> Bytes(std::string_view bytes) {
  return kj::arrayPtr(reinterpret_cast<const kj::byte*>(bytes.data()), bytes.size());
}

void Put(wire::Message::Builder out, const CodeWanted& m) {
  auto list = out.initCodeWanted(static_cast<unsigned>(m.digests.size()));
  for (unsigned i = 0; i < m.digests.size(); ++i) list.set(i, kj::arrayPtr(m.digests[i].data(), m.digests[i].size()));
}

void Put(wire::Message::Builder out, const CodeChunk& m) {
  auto b = out.initCodeChunk();
  b.setBytes(Bytes(m.bytes));
  b.setLast(m.last);
  b.setProblem(m.problem);
}

void Put(wire::Message::Builder out, const Ready& m) {
  auto b = out.initReady();
  b.setOk(m.ok);
  b.setAnswer(m.answer);
  b.setExitCode(m.exit_code);
}

void Put(wire::Message::Builder out, const Credit& m) {
  auto b = out.initCredit();
  b.setBatches(m.batches);
  b.setIdle(m.idle);
  b.setTaken(m.taken);
}

void Put(wire::Message::Builder out, const Walked& m) {
  auto b = out.initWalked();
  b.setWorker(Number(m.worker));
  SetPlain([&](unsigned n) { return b.initPaths(n); }, m.paths);
  SetAll([&](unsigned n) { return b.initReports(n); }, m.reports);
}

void Put(wire::Message::Builder out, const Collected& m) {
  auto b = out.initCollected();
  b.setWorker(Number(m.worker));
  b.setLease(Number(m.lease));
  b.setUnit(Number(m.unit));
  SetPlain([&](unsigned n) { return b.initNodeIds(n); }, m.node_ids);
  SetAll([&](unsigned n) { return b.initReports(n); }, m.reports);
  SetPlain([&](unsigned n) { return b.initDeselected(n); }, m.deselected);
  SetPlain([&](unsigned n) { return b.initSerial(n); }, m.serial);
  SetPlain([&](unsigned n) { return b.initGroups(n); }, m.groups);
  SetPlain([&](unsigned n) { return b.initDivisible(n); }, m.divisible);
  b.setSeconds(m.seconds);
  b.setProblem(m.problem);
  SetPlain([&](unsigned n) { return b.initHeader(n); }, m.header);
  SetPlain([&](unsigned n) { return b.initFinish(n); }, m.finish);
}

void Put(wire::Message::Builder out, const ItemStarted& m) { SetAt(out.initItemStarted(), m); }
void Put(wire::Message::Builder out, const ItemFinished& m) { SetAt(out.initItemFinished(), m); }

void Put(wire::Message::Builder out, const ItemReport& m) {
  auto b = out.initItemReport();
  SetAt(b.initAt(), m);
  b.setPhase(static_cast<std::uint8_t>(m.report.phase));
  b.setOutcome(static_cast<std::uint8_t>(m.report.outcome));
  b.setStart(m.report.start);
  b.setStop(m.report.stop);
  b.setDuration(m.report.duration);
  b.setEnvelope(m.report.envelope);
}

void Put(wire::Message::Builder out, const ItemsUnknown& m) {
  auto b = out.initItemsUnknown();
  b.setWorker(Number(m.worker));
  b.setLease(Number(m.lease));
  b.setUnit(Number(m.unit));
  SetAll([&](unsigned n) { return b.initItems(n); }, m.items);
}

void Put(wire::Message::Builder out, const Warning& m) { SetText(out.initWarning(), m.worker, m.warning.envelope); }
void Put(wire::Message::Builder out, const Output& m) { SetText(out.initOutput(), m.worker, m.text); }
void Put(wire::Message::Builder out, const WorkerDone& m) { SetText(out.initWorkerDone(), m.worker, m.answer); }
void Put(wire::Message::Builder out, const InternalError& m) { SetText(out.initInternalError(), m.worker, m.text); }

void Put(wire::Message::Builder out, const LeaseDone& m) {
  auto b = out.initLeaseDone();
  b.setLease(Number(m.lease));
  b.setWorker(Number(m.worker));
}

void Set(wire::Revoked::Part::Builder out, const Revoked::Part& part) {
  out.setUnit(Number(part.unit));
  out.setWhole(part.whole);
  SetAll([&](unsigned n) { return out.initItems(n); }, part.items);
}

void Put(wire::Message::Builder out, const Revoked& m) {
  auto b = out.initRevoked();
  b.setLease(Number(m.lease));
  SetAll([&](unsigned n) { return b.initParts(n); }, m.parts);
}

void Put(wire::Message::Builder out, const WorkerUp& m) {
  auto b = out.initWorkerUp();
  b.setWorker(Number(m.worker));
  b.setPid(m.pid);
  b.setForked(m.forked);
  b.setWhyFresh(m.why_fresh);
  b.setRestarts(m.restarts);
}

void Put(wire::Message::Builder out, const WorkerLost& m) {
  auto b = out.initWorkerLost();
  b.setWorker(Number(m.worker));
  b.setPid(m.pid);
  b.setStatus(m.status);
  b.setHung(m.hung);
  b.setState(static_cast<std::uint8_t>(m.state));
  b.setLease(Number(m.lease));
  b.setUnit(Number(m.unit));
  Set(b.initItem(), m.item);
  b.setTraceback(m.traceback);
  SetPlain([&](unsigned n) { return b.initLeases(n); }, m.leases);
}

void Put(wire::Message::Builder out, const WorkerStopping& m) {
  auto b = out.initWorkerStopping();
  b.setWorker(Number(m.worker));
  b.setKind(m.kind);
  b.setReason(m.reason);
  b.setExitCode(m.exit_code);
  b.setPlace(m.place);
}

template <typename Message>
void SetShared(wire::Shared::Builder out, const Message& m) {
  out.setWorker(Number(m.worker));
  out.setWhat(static_cast<std::uint8_t>(m.what));
  out.setKey(m.key);
  out.setTicket(m.ticket);
  out.setText(m.text);
}

void Put(wire::Message::Builder out, const SharedSaid& m) { SetShared(out.initSharedSaid(), m); }
void Put(wire::Message::Builder out, const SharedAnswer& m) { SetShared(out.initSharedAnswer(), m); }

void Put(wire::Message::Builder out, const Heartbeat&) { out.setHeartbeat(); }
void Put(wire::Message::Builder out, const Leaving& m) { out.setLeaving(m.why); }
void Put(wire::Message::Builder out, const Goodbye& m) { out.setGoodbye(m.why); }

void Put(wire::Message::Builder out, const Welcome& m) {
  auto b = out.initWelcome();
  b.setRunId(m.run_id);
  b.setAgent(Number(m.agent));
  b.setFirstWorker(Number(m.first_worker));
  b.setSetup(m.setup);
}

void Put(wire::Message::Builder out, const Refused& m) {
  auto b = out.initRefused();
  b.setWhy(m.why);
  b.setManifest(m.manifest);
  b.setTree(m.tree);
  b.setDirectory(Bytes(m.directory));
}

void Put(wire::Message::Builder out, const Begin& m) {
  auto b = out.initBegin();
  b.setMode(static_cast<std::uint8_t>(m.mode));
  b.setSingle(m.single);
  b.setWorkerCount(m.worker_count);
  b.setStart(m.start);
  b.setHangTimeout(m.limits.hang_timeout);
  b.setMaxWorkerRestart(m.limits.max_restarts);
  b.setWorkerMemoryLimit(m.limits.memory);
}

void Put(wire::Message::Builder out, const Walk&) { out.setWalk(); }

void Set(wire::Assignment::Builder out, const Assignment& unit) {
  out.setUnit(Number(unit.unit));
  out.setPath(unit.path);
  out.setRoots(unit.roots);
  SetPlain([&](unsigned n) { return out.initInclude(n); }, unit.include);
  SetPlain([&](unsigned n) { return out.initExclude(n); }, unit.exclude);
  SetAll([&](unsigned n) { return out.initItems(n); }, unit.items);
}

void Put(wire::Message::Builder out, const Assign& m) {
  auto b = out.initAssign();
  b.setLease(Number(m.lease));
  b.setDeadline(m.deadline);
  b.setRun(m.run);
  b.setWorker(m.worker);
  b.setAlone(m.alone);
  b.setAvoid(m.avoid);
  b.setTogether(m.together);
  SetAll([&](unsigned n) { return b.initUnits(n); }, m.units);
}

void Set(wire::Release::Part::Builder out, const Release::Part& part) {
  out.setUnit(Number(part.unit));
  SetAll([&](unsigned n) { return out.initItems(n); }, part.items);
}

void Put(wire::Message::Builder out, const Release& m) {
  auto b = out.initRelease();
  b.setLease(Number(m.lease));
  SetAll([&](unsigned n) { return b.initNext(n); }, m.next);
  SetAll([&](unsigned n) { return b.initGone(n); }, m.gone);
  b.setRest(m.rest);
}
void Put(wire::Message::Builder out, const Revoke& m) { out.setRevoke(Number(m.lease)); }
void Put(wire::Message::Builder out, const Abandon& m) { out.setAbandon(Number(m.lease)); }

void Put(wire::Message::Builder out, const Stop& m) {
  auto b = out.initStop();
  b.setHow(static_cast<std::uint8_t>(m.how));
  b.setWhy(m.why);
}

template <typename Message>
std::string EncodeEnvelope(const Envelope<Message>& envelope) {
  capnp::MallocMessageBuilder builder;
  auto root = builder.initRoot<wire::Envelope>();
  root.setVersion(envelope.version);
  root.setSequence(envelope.sequence);
  root.setAcknowledged(envelope.acknowledged);
  if (!envelope.session.empty()) root.setSession(envelope.session);
  root.setExpired(envelope.expired);
  if (envelope.part.count > 0) {
    root.setPart(
        kj::arrayPtr(reinterpret_cast<const kj::byte*>(envelope.part.bytes.data()), envelope.part.bytes.size()));
    root.setPartIndex(envelope.part.index);
    root.setPartCount(envelope.part.count);
  }
  auto list = root.initMessages(static_cast<unsigned>(envelope.messages.size()));
  for (unsigned i = 0; i < envelope.messages.size(); ++i)
    std::visit([&](const auto& message) { Put(list[i], message); }, envelope.messages[i]);
  const auto words = capnp::messageToFlatArray(builder);
  const auto bytes = words.asBytes();
  return {reinterpret_cast<const char*>(bytes.begin()), bytes.size()};
}

struct SizeOf {
  static std::size_t Of(const std::vector<std::string>& texts) {
    std::size_t size = 0;
    for (const auto& text : texts) size += text.size() + 16;
    return size;
  }
  std::size_t operator()(const ItemReport& m) const { return m.report.envelope.size() + m.item.node_id.size() + 128; }
  std::size_t operator()(const Collected& m) const {
    std::size_t size = Of(m.node_ids) + Of(m.deselected) + Of(m.header) + Of(m.finish);
    for (const auto& report : m.reports) size += report.envelope.size() + report.node_id.size() + 64;
    return size;
  }
  std::size_t operator()(const CodeWanted& m) const { return 48 * m.digests.size() + 64; }
  std::size_t operator()(const Ready& m) const { return m.answer.size() + 64; }
  std::size_t operator()(const Walked& m) const { return Of(m.paths) + 64 * m.reports.size() + 64; }
  std::size_t operator()(const WorkerDone& m) const { return m.answer.size() + 64; }
  std::size_t operator()(const InternalError& m) const { return m.text.size() + 64; }
  std::size_t operator()(const SharedSaid& m) const { return m.text.size() + m.key.size() + 64; }
  std::size_t operator()(const Output& m) const { return m.text.size() + 64; }
  std::size_t operator()(const Warning& m) const { return m.warning.envelope.size() + 64; }
  template <typename Other>
  std::size_t operator()(const Other&) const {
    return 256;
  }
};

}  // namespace

std::string Encode(const Envelope<AgentMessage>& envelope) { return EncodeEnvelope(envelope); }
std::string Encode(const Envelope<CoordinatorMessage>& envelope) { return EncodeEnvelope(envelope); }

std::size_t ApproximateSize(const AgentMessage& message) { return std::visit(SizeOf{}, message); }

}  // namespace fastest
