// ReportLog: pytest-reportlog's file (--report-log): one JSON object a line, written as the run goes.
//
// Needs full reports (SETUP's "full_reports"). The first write that fails is told to `complain`, once; the
// run goes on without the file.

#pragma once

#include <functional>
#include <string>

#include "protocol/event.h"
#include "report/sink.h"

namespace fastest {

class ReportLog : public Reporter {
 public:
  ReportLog(FileSink sink, std::function<void(const std::string&)> complain)
      : sink_(std::move(sink)), complain_(std::move(complain)) {}

  void OnEvent(const Event& event) override;

 private:
  void Write(std::string line);

  FileSink sink_;
  std::function<void(const std::string&)> complain_;
  bool drop_logs_ = false;  // --report-log-exclude-logs-on-passed-tests
  bool failed_ = false;
};

}  // namespace fastest
