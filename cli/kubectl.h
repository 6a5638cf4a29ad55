// Kubectl: the user's own kubectl, run as it would be by hand: with the user's kubeconfig, which we never open.
//
// Blocks its caller, but turns the loop meanwhile, so that signals are heard: after Interrupt() whatever runs is ended
// and nothing more is waited for. One thread.

#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/event_loop.h"
#include "base/result.h"
#include "base/time.h"

namespace fastest {

class Kubectl {
 public:
  // `common` stands behind the program in each call: --context, --namespace.
  Kubectl(EventLoop& loop, std::string program, std::vector<std::string> common)
      : loop_(loop), program_(std::move(program)), common_(std::move(common)) {}

  struct Finished {
    bool ok = false;     // It ended by itself, with 0.
    std::string output;  // Empty where `listen` was given.
    std::string errors;
  };
  using Listen = std::function<void(std::string_view)>;

  // An Error where it cannot be started. `listen` hears its output as it comes.
  Result<Finished> Run(const std::vector<std::string>& words, std::string input = "", const Listen& listen = nullptr);
  void Pause(Duration time);
  void Interrupt();
  bool interrupted() const { return interrupted_; }
  // Once more, for tidying up.
  void Forget() { interrupted_ = false; }

 private:
  EventLoop& loop_;
  std::string program_;
  std::vector<std::string> common_;
  bool interrupted_ = false;
};

}  // namespace fastest
