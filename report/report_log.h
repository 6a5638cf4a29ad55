// ReportLog: pytest-reportlog's file (--report-log): one JSON object a line, written as the run goes.
//
// Needs full reports (SETUP's "full_reports").

#pragma once

#include <functional>
#include <string>

#include "protocol/event.h"
#include "report/sink.h"

namespace fastest {

class ReportLog : public Reporter {
 public:
  ReportLog(FileSink sink, std::function<void(const std::string&)> complain)
      : lines_("the report log", std::move(sink), std::move(complain)) {}

  void OnEvent(const Event& event) override;

 private:
  LineFile lines_;
  bool drop_logs_ = false;  // --report-log-exclude-logs-on-passed-tests
};

}  // namespace fastest
