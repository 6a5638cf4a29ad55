#include "agent/frame_channel.h"

#include "base/pipe.h"

namespace fastest {

FrameChannel::FrameChannel(EventLoop& loop, UniqueFd socket, OnFrame on_frame, OnGarbage on_garbage, OnClosed on_closed)
    : loop_(loop),
      socket_(std::move(socket)),
      on_frame_(std::move(on_frame)),
      on_garbage_(std::move(on_garbage)),
      on_closed_(std::move(on_closed)) {
  SetNonBlocking(socket_.get());
  loop_.WatchRead(socket_.get(), [this] { ReadAll(); });
}

FrameChannel::~FrameChannel() {
  loop_.UnwatchRead(socket_.get());
  loop_.UnwatchWrite(socket_.get());
}

void FrameChannel::Send(std::uint8_t kind, std::string_view body, std::vector<UniqueFd> fds) {
  outgoing_.push_back({EncodeFrame(kind, body), std::move(fds)});
  if (outgoing_.size() == 1) SendQueued();
}

void FrameChannel::SendQueued() {
  while (!outgoing_.empty()) {
    Outgoing& first = outgoing_.front();
    std::vector<int> fds;
    for (const UniqueFd& fd : first.fds) fds.push_back(fd.get());
    const std::size_t sent = SendAvailable(socket_.get(), first.bytes, fds);
    if (sent == 0) break;
    first.fds.clear();
    first.bytes.erase(0, sent);
    if (first.bytes.empty()) outgoing_.pop_front();
  }
  // Once the other end is gone, nobody will read the rest; watching a dead socket would turn the loop without end.
  if (outgoing_.empty() || !reading_) {
    loop_.UnwatchWrite(socket_.get());
  } else {
    loop_.WatchWrite(socket_.get(), [this] { SendQueued(); });
  }
}

void FrameChannel::ReadAll() {
  // In turns, so that a large stream needs little memory.
  for (bool more = reading_; more && reading_;) {
    std::string bytes;
    const ReadEnd end = ReadAvailable(socket_.get(), bytes);
    more = !bytes.empty();
    reader_.Append(bytes);
    TakeFrames();
    if (end != ReadEnd::kClosed) continue;
    StopReading();
    if (on_closed_) on_closed_();
  }
}

void FrameChannel::TakeFrames() {
  while (reading_) {
    const auto frame = reader_.Next();
    if (!frame.ok()) {
      StopReading();
      return on_garbage_(frame.error().message);
    }
    if (!frame->has_value()) return;
    on_frame_(**frame);
  }
}

void FrameChannel::StopReading() {
  reading_ = false;
  loop_.UnwatchRead(socket_.get());
  loop_.UnwatchWrite(socket_.get());
}

}  // namespace fastest
