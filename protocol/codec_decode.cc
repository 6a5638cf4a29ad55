// Cap'n Proto -> values: the second half of codec.h. The one adapter to Cap'n Proto's exceptions.

#include <capnp/message.h>
#include <capnp/serialize.h>
#include <kj/exception.h>
#include <protocol/messages.capnp.h>

#include <algorithm>
#include <cstring>

#include "protocol/codec.h"

namespace fastest {
namespace {

// Thrown and caught in this file alone, beside Cap'n Proto's own exceptions.
struct BadValue {
  const char* what;
};

std::string Text(capnp::Text::Reader text) { return {text.cStr(), text.size()}; }

std::string Bytes(capnp::Data::Reader bytes) { return {reinterpret_cast<const char*>(bytes.begin()), bytes.size()}; }

template <typename Enum>
Enum Ranged(unsigned value, Enum last, const char* what) {
  if (value > static_cast<unsigned>(last)) throw BadValue{what};
  return static_cast<Enum>(value);
}

ItemKey Get(wire::ItemKey::Reader in) { return {Text(in.getNodeId()), in.getOccurrence()}; }

CollectReport Get(wire::CollectReport::Reader in) {
  return {Text(in.getNodeId()), Ranged(in.getOutcome(), Outcome::kOther, "outcome"), Text(in.getEnvelope())};
}

Revoked::Part Get(wire::Revoked::Part::Reader in);
Assignment Get(wire::Assignment::Reader in);
Release::Part Get(wire::Release::Part::Reader in);

template <typename Value, typename List>
std::vector<Value> GetAll(List list) {
  std::vector<Value> values;
  values.reserve(list.size());
  for (const auto one : list) {
    if constexpr (std::is_same_v<Value, std::string>) {
      values.push_back(Text(one));
    } else if constexpr (requires { Value{one}; }) {
      values.push_back(Value{one});
    } else {
      values.push_back(Get(one));
    }
  }
  return values;
}

Revoked::Part Get(wire::Revoked::Part::Reader in) {
  return {UnitId{in.getUnit()}, in.getWhole(), GetAll<ItemKey>(in.getItems())};
}

Release::Part Get(wire::Release::Part::Reader in) { return {UnitId{in.getUnit()}, GetAll<ItemKey>(in.getItems())}; }

Assignment Get(wire::Assignment::Reader in) {
  return {UnitId{in.getUnit()},
          Text(in.getPath()),
          in.getRoots(),
          GetAll<std::string>(in.getInclude()),
          GetAll<std::string>(in.getExclude()),
          GetAll<ItemKey>(in.getItems())};
}

template <typename At>
At GetAt(wire::ItemAt::Reader in) {
  At at;
  at.worker = WorkerId{in.getWorker()};
  at.lease = LeaseId{in.getLease()};
  at.unit = UnitId{in.getUnit()};
  at.item = Get(in.getItem());
  return at;
}

ItemReport GetReport(wire::ItemReport::Reader in) {
  auto report = GetAt<ItemReport>(in.getAt());
  report.report = {Ranged(in.getPhase(), Phase::kTeardown, "phase"),
                   Ranged(in.getOutcome(), Outcome::kOther, "outcome"),
                   in.getStart(),
                   in.getStop(),
                   in.getDuration(),
                   Text(in.getEnvelope())};
  return report;
}

Collected GetCollected(wire::Collected::Reader in) {
  Collected m;
  m.worker = WorkerId{in.getWorker()};
  m.lease = LeaseId{in.getLease()};
  m.unit = UnitId{in.getUnit()};
  m.node_ids = GetAll<std::string>(in.getNodeIds());
  m.reports = GetAll<CollectReport>(in.getReports());
  m.deselected = GetAll<std::string>(in.getDeselected());
  m.serial = GetAll<std::uint32_t>(in.getSerial());
  m.groups = GetAll<std::string>(in.getGroups());
  m.divisible = GetAll<std::string>(in.getDivisible());
  m.seconds = in.getSeconds();
  m.problem = Text(in.getProblem());
  m.header = GetAll<std::string>(in.getHeader());
  m.finish = GetAll<std::string>(in.getFinish());
  return m;
}

WorkerLost GetLost(wire::WorkerLost::Reader in) {
  WorkerLost m;
  m.worker = WorkerId{in.getWorker()};
  m.pid = in.getPid();
  m.status = in.getStatus();
  m.hung = in.getHung();
  m.state = Ranged(in.getState(), WorkerState::kEnded, "worker state");
  m.lease = LeaseId{in.getLease()};
  m.unit = UnitId{in.getUnit()};
  m.item = Get(in.getItem());
  m.traceback = Text(in.getTraceback());
  m.leases = GetAll<LeaseId>(in.getLeases());
  return m;
}

CodeWanted GetWanted(capnp::List<capnp::Data>::Reader in) {
  CodeWanted m;
  m.digests.reserve(in.size());
  for (const auto bytes : in) {
    Digest digest;
    if (bytes.size() != digest.size()) throw BadValue{"digest"};
    std::copy(bytes.begin(), bytes.end(), digest.begin());
    m.digests.push_back(digest);
  }
  return m;
}

template <typename Message>
Message GetShared(wire::Shared::Reader in, typename Message::What last) {
  return {WorkerId{in.getWorker()}, Ranged(in.getWhat(), last, "word on a shared fixture"), Text(in.getKey()),
          Text(in.getTicket()), Text(in.getText())};
}

AgentMessage Take(wire::Message::Reader in, AgentMessage*) {
  using wire::Message;
  switch (in.which()) {
    case Message::HELLO: {
      const auto m = in.getHello();
      return Hello{m.getVersion(),        Text(m.getName()),  m.getWorkers(),          Text(m.getCodeDigest()),
                   Text(m.getPlatform()), Text(m.getFetch()), Text(m.getDifferences())};
    }
    case Message::READY: {
      const auto m = in.getReady();
      return Ready{m.getOk(), Text(m.getAnswer()), m.getExitCode()};
    }
    case Message::CREDIT:
      return Credit{in.getCredit().getBatches(), in.getCredit().getIdle(), in.getCredit().getTaken()};
    case Message::WALKED: {
      const auto m = in.getWalked();
      return Walked{WorkerId{m.getWorker()}, GetAll<std::string>(m.getPaths()), GetAll<CollectReport>(m.getReports())};
    }
    case Message::COLLECTED:
      return GetCollected(in.getCollected());
    case Message::ITEM_STARTED:
      return GetAt<ItemStarted>(in.getItemStarted());
    case Message::ITEM_REPORT:
      return GetReport(in.getItemReport());
    case Message::ITEM_FINISHED:
      return GetAt<ItemFinished>(in.getItemFinished());
    case Message::ITEMS_UNKNOWN: {
      const auto m = in.getItemsUnknown();
      return ItemsUnknown{WorkerId{m.getWorker()}, LeaseId{m.getLease()}, UnitId{m.getUnit()},
                          GetAll<ItemKey>(m.getItems())};
    }
    case Message::WARNING:
      return Warning{WorkerId{in.getWarning().getWorker()}, {Text(in.getWarning().getText())}};
    case Message::OUTPUT:
      return Output{WorkerId{in.getOutput().getWorker()}, Text(in.getOutput().getText())};
    case Message::LEASE_DONE:
      return LeaseDone{LeaseId{in.getLeaseDone().getLease()}, WorkerId{in.getLeaseDone().getWorker()}};
    case Message::REVOKED:
      return Revoked{LeaseId{in.getRevoked().getLease()}, GetAll<Revoked::Part>(in.getRevoked().getParts())};
    case Message::WORKER_UP: {
      const auto m = in.getWorkerUp();
      return WorkerUp{WorkerId{m.getWorker()}, m.getPid(), m.getForked(), Text(m.getWhyFresh()), m.getRestarts()};
    }
    case Message::WORKER_LOST:
      return GetLost(in.getWorkerLost());
    case Message::WORKER_DONE:
      return WorkerDone{WorkerId{in.getWorkerDone().getWorker()}, Text(in.getWorkerDone().getText())};
    case Message::WORKER_STOPPING: {
      const auto m = in.getWorkerStopping();
      return WorkerStopping{WorkerId{m.getWorker()}, Text(m.getKind()), Text(m.getReason()), m.getExitCode(),
                            Text(m.getPlace())};
    }
    case Message::INTERNAL_ERROR:
      return InternalError{WorkerId{in.getInternalError().getWorker()}, Text(in.getInternalError().getText())};
    case Message::CODE_WANTED:
      return GetWanted(in.getCodeWanted());
    case Message::SHARED_SAID:
      return GetShared<SharedSaid>(in.getSharedSaid(), SharedSaid::What::kRetired);
    case Message::HEARTBEAT:
      return Heartbeat{};
    case Message::LEAVING:
      return Leaving{Text(in.getLeaving())};
    case Message::GOODBYE:
      return Goodbye{Text(in.getGoodbye())};
    default:
      throw BadValue{"message that no agent sends"};
  }
}

CoordinatorMessage Take(wire::Message::Reader in, CoordinatorMessage*) {
  using wire::Message;
  switch (in.which()) {
    case Message::WELCOME: {
      const auto m = in.getWelcome();
      return Welcome{Text(m.getRunId()), AgentId{m.getAgent()}, WorkerId{m.getFirstWorker()}, Text(m.getSetup())};
    }
    case Message::REFUSED:
      return Refused{Text(in.getRefused().getWhy()), Text(in.getRefused().getManifest()),
                     Text(in.getRefused().getTree()), Bytes(in.getRefused().getDirectory())};
    case Message::CODE_CHUNK: {
      const auto m = in.getCodeChunk();
      return CodeChunk{Bytes(m.getBytes()), m.getLast(), Text(m.getProblem())};
    }
    case Message::BEGIN: {
      const auto m = in.getBegin();
      return Begin{Ranged(m.getMode(), CollectMode::kWholeEach, "collect mode"),
                   m.getSingle(),
                   m.getWorkerCount(),
                   Text(m.getStart()),
                   {m.getHangTimeout(), m.getMaxWorkerRestart(), m.getWorkerMemoryLimit()}};
    }
    case Message::WALK:
      return Walk{};
    case Message::ASSIGN: {
      const auto m = in.getAssign();
      return Assign{LeaseId{m.getLease()}, m.getDeadline(), m.getRun(),
                    m.getWorker(),         m.getAlone(),    GetAll<Assignment>(m.getUnits()),
                    m.getAvoid(),          m.getTogether()};
    }
    case Message::RELEASE:
      return Release{LeaseId{in.getRelease().getLease()}, GetAll<Release::Part>(in.getRelease().getNext()),
                     GetAll<Release::Part>(in.getRelease().getGone()), in.getRelease().getRest()};
    case Message::REVOKE:
      return Revoke{LeaseId{in.getRevoke()}};
    case Message::ABANDON:
      return Abandon{LeaseId{in.getAbandon()}};
    case Message::STOP:
      return Stop{Ranged(in.getStop().getHow(), Stop::How::kKill, "stop"), Text(in.getStop().getWhy())};
    case Message::SHARED_ANSWER:
      return GetShared<SharedAnswer>(in.getSharedAnswer(), SharedAnswer::What::kTearDown);
    case Message::HEARTBEAT:
      return Heartbeat{};
    default:
      throw BadValue{"message that no coordinator sends"};
  }
}

// Aligned words that hold the frame: ZeroMQ's frames are often not 8-byte aligned, and Cap'n Proto reads only such.
std::vector<capnp::word> AlignedWords(std::string_view frame) {
  std::vector<capnp::word> words(frame.size() / sizeof(capnp::word));
  if (!words.empty()) std::memcpy(words.data(), frame.data(), words.size() * sizeof(capnp::word));
  return words;
}

template <typename Message>
Envelope<Message> ReadEnvelope(const std::vector<capnp::word>& words) {
  capnp::ReaderOptions limits;
  limits.traversalLimitInWords = 2 * words.size() + (64 << 10);
  limits.nestingLimit = 32;
  capnp::FlatArrayMessageReader reader(kj::arrayPtr(words.data(), words.size()), limits);
  const auto root = reader.getRoot<wire::Envelope>();
  Envelope<Message> envelope{
      root.getSequence(), root.getAcknowledged(), {}, Text(root.getSession()), root.getExpired()};
  envelope.version = root.getVersion();
  const auto part = root.getPart();
  envelope.part = {Bytes(part), root.getPartIndex(), root.getPartCount()};
  const auto list = root.getMessages();
  if (list.size() > kMostMessages) throw BadValue{"number of messages"};
  if (envelope.version != kProtocolVersion && (list.size() == 0 || list[0].which() != wire::Message::REFUSED))
    return envelope;
  envelope.messages.reserve(list.size());
  for (const auto message : list) envelope.messages.push_back(Take(message, static_cast<Message*>(nullptr)));
  return envelope;
}

template <typename Message>
Result<Envelope<Message>> Decode(std::string_view frame) {
  if (frame.size() > kMaxFrame)
    return Error{"frame of " + std::to_string(frame.size()) + " bytes: larger than allowed"};
  if (frame.size() % sizeof(capnp::word) != 0) return Error{"frame is not a whole number of words"};
  try {
    return ReadEnvelope<Message>(AlignedWords(frame));
  } catch (const kj::Exception& exception) {
    return Error{std::string("malformed frame: ") + exception.getDescription().cStr()};
  } catch (const BadValue& bad) {
    return Error{std::string("frame with an unknown ") + bad.what};
  }
}

}  // namespace

Result<Envelope<AgentMessage>> DecodeFromAgent(std::string_view frame) { return Decode<AgentMessage>(frame); }
Result<Envelope<CoordinatorMessage>> DecodeFromCoordinator(std::string_view frame) {
  return Decode<CoordinatorMessage>(frame);
}

}  // namespace fastest
