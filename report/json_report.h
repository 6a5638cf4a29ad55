// JsonReport: the file of --json: one versioned JSON document about the run (docs/json.md), written at RunFinished.
//
// Tests stand in collection order, each with its phases; text that a test printed stands with the phase that reported
// it.

#pragma once

#include <functional>
#include <memory>
#include <string>

#include "protocol/event.h"
#include "report/sink.h"

namespace fastest {

class JsonReport : public Reporter {
 public:
  JsonReport(FileSink sink, std::function<void(const std::string&)> complain);
  ~JsonReport() override;

  void OnEvent(const Event& event) override;

 private:
  class Document;
  std::unique_ptr<Document> document_;
  FileSink sink_;
  std::function<void(const std::string&)> complain_;
};

}  // namespace fastest
