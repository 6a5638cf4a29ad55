// JUnitXml: the file of --junitxml, equal to pytest's own but for times, timestamp and host.
//
// Written once, at RunFinished, with the test cases in collection order, whatever order the workers reported in.
// Needs full reports. Family, suite name, logging and prefix come from READY's options and ini.

#pragma once

#include <functional>
#include <memory>
#include <string>

#include "protocol/event.h"
#include "report/sink.h"

namespace fastest {

class JUnitXml : public Reporter {
 public:
  // `hostname` as platform.node() says it. `complain` is told when the file cannot be written. `columns`: the width
  // that pytest would lay tracebacks out for (COLUMNS, else the terminal's, else 80).
  JUnitXml(std::string hostname, FileSink sink, std::function<void(const std::string&)> complain, int columns = 80);
  ~JUnitXml() override;

  void OnEvent(const Event& event) override;

 private:
  class Suite;
  std::unique_ptr<Suite> suite_;
  FileSink sink_;
  std::function<void(const std::string&)> complain_;
};

}  // namespace fastest
