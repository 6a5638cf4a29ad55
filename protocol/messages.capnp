@0xc3a5f2d1e07b4a96;
# What travels between coordinator and agent, as frames of ZeroMQ. The values and what they mean: protocol/message.h.
# Fields are only ever added, with new numbers; a reader gives an absent field its default.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("fastest::wire");

struct Envelope {
  version @0 :UInt32;         # kProtocolVersion; another one is refused by name.
  sequence @1 :UInt64;        # Of the first message, counted from 1 in each direction of a session. 0: only an acknowledgement.
  acknowledged @2 :UInt64;    # The last message of the other direction that was taken in order.
  messages @3 :List(Message);
  session @4 :Text;           # Agent -> coordinator, over the network: the session's own random name. Whoever has it is that agent.
  expired @5 :Bool;           # Coordinator -> agent: no such session (any more); begin a new one.
  part @6 :Data;              # Not empty: a piece of a larger Envelope's bytes, and no messages.
  partIndex @7 :UInt32;
  partCount @8 :UInt32;
}

struct Message {
  union {
    hello @0 :Hello;
    ready @1 :Ready;
    credit @2 :Credit;
    walked @3 :Walked;
    collected @4 :Collected;
    itemStarted @5 :ItemAt;
    itemReport @6 :ItemReport;
    itemFinished @7 :ItemAt;
    itemsUnknown @8 :ItemsUnknown;
    warning @9 :WorkerText;
    output @10 :WorkerText;
    leaseDone @11 :LeaseDone;
    revoked @12 :Revoked;
    workerUp @13 :WorkerUp;
    workerLost @14 :WorkerLost;
    workerDone @15 :WorkerText;
    workerStopping @16 :WorkerStopping;
    internalError @17 :WorkerText;
    heartbeat @18 :Void;
    goodbye @19 :Text;
    welcome @20 :Welcome;
    refused @21 :Refused;
    begin @22 :Begin;
    walk @23 :Void;
    assign @24 :Assign;
    release @25 :Release;
    revoke @26 :UInt64;
    stop @27 :Stop;
    leaving @28 :Text;
    codeWanted @29 :List(Data);
    codeChunk @30 :CodeChunk;
    sharedSaid @31 :Shared;
    sharedAnswer @32 :Shared;
    abandon @33 :UInt64;
  }
}

struct ItemKey {
  nodeId @0 :Text;
  occurrence @1 :UInt32;
}

struct CollectReport {
  nodeId @0 :Text;
  outcome @1 :UInt8;
  envelope @2 :Text;
}

struct Hello {
  version @0 :UInt32;
  name @1 :Text;
  workers @2 :UInt32;
  codeDigest @3 :Text;
  platform @4 :Text;
  fetch @5 :Text;
  differences @6 :Text;
}

struct Ready {
  ok @0 :Bool;
  answer @1 :Text;
  exitCode @2 :UInt32;
}

struct Walked {
  worker @0 :UInt32;
  paths @1 :List(Text);
  reports @2 :List(CollectReport);
}

struct Credit {
  batches @0 :UInt32;
  idle @1 :UInt32;
  taken @2 :UInt32;
}

struct Collected {
  worker @0 :UInt32;
  lease @1 :UInt64;
  unit @2 :UInt32;
  nodeIds @3 :List(Text);
  reports @4 :List(CollectReport);
  deselected @5 :List(Text);
  serial @6 :List(UInt32);
  groups @7 :List(Text);
  seconds @8 :Float64;
  problem @9 :Text;
  divisible @10 :List(Text);
  header @11 :List(Text);
  finish @12 :List(Text);
}

struct ItemAt {
  worker @0 :UInt32;
  lease @1 :UInt64;
  unit @2 :UInt32;
  item @3 :ItemKey;
}

struct ItemReport {
  at @0 :ItemAt;
  phase @1 :UInt8;
  outcome @2 :UInt8;
  start @3 :Float64;
  stop @4 :Float64;
  duration @5 :Float64;
  envelope @6 :Text;
}

struct ItemsUnknown {
  worker @0 :UInt32;
  lease @1 :UInt64;
  unit @2 :UInt32;
  items @3 :List(ItemKey);
}

struct WorkerText {
  worker @0 :UInt32;
  text @1 :Text;
}

struct LeaseDone {
  lease @0 :UInt64;
  worker @1 :UInt32;
}

struct Revoked {
  lease @0 :UInt64;
  parts @1 :List(Part);
  struct Part {
    unit @0 :UInt32;
    whole @1 :Bool;
    items @2 :List(ItemKey);
  }
}

struct Release {
  lease @0 :UInt64;
  next @1 :List(Part);
  gone @2 :List(Part);
  rest @3 :Bool;
  struct Part {
    unit @0 :UInt32;
    items @1 :List(ItemKey);
  }
}

struct WorkerUp {
  worker @0 :UInt32;
  pid @1 :Int32;
  forked @2 :Bool;
  whyFresh @3 :Text;
  restarts @4 :UInt32;
}

struct WorkerLost {
  worker @0 :UInt32;
  pid @1 :Int32;
  status @2 :Int32;
  hung @3 :Bool;
  state @4 :UInt8;
  lease @5 :UInt64;
  unit @6 :UInt32;
  item @7 :ItemKey;
  traceback @8 :Text;
  leases @9 :List(UInt64);
}

struct WorkerStopping {
  worker @0 :UInt32;
  kind @1 :Text;
  reason @2 :Text;
  exitCode @3 :Int32;
  place @4 :Text;
}

struct Welcome {
  runId @0 :Text;
  agent @1 :UInt32;
  firstWorker @2 :UInt32;
  setup @3 :Text;
}

struct Refused {
  why @0 :Text;
  manifest @1 :Text;
  tree @2 :Text;
  directory @3 :Data;
}

struct CodeChunk {
  bytes @0 :Data;
  last @1 :Bool;
  problem @2 :Text;
}

struct Begin {
  mode @0 :UInt8;
  single @1 :Bool;
  workerCount @2 :UInt32;
  start @3 :Text;
  hangTimeout @4 :Float64;
  maxWorkerRestart @5 :Int32 = -1;
  workerMemoryLimit @6 :UInt64;
}

struct Assignment {
  unit @0 :UInt32;
  path @1 :Text;
  roots @2 :UInt32;
  include @3 :List(Text);
  exclude @4 :List(Text);
  items @5 :List(ItemKey);
}

struct Assign {
  lease @0 :UInt64;
  deadline @1 :Float64;
  run @2 :Bool;
  worker @3 :Int32;
  alone @4 :Bool;
  units @5 :List(Assignment);
  avoid @6 :Int32 = -1;
  together @7 :Bool;
}

struct Stop {
  how @0 :UInt8;
  why @1 :Text;
}

struct Shared {
  worker @0 :UInt32;
  what @1 :UInt8;
  key @2 :Text;
  ticket @3 :Text;
  text @4 :Text;
}
