// What runs in the machine whose power is cut: says what the store holds, checks it, goes on writing and
// says so after each commit.
//
//     guest STORE SEED
//
// Lines on stdout: "found K EPOCH NEXT", "whole" or "wrong WHY", "ack K EPOCH NEXT" for each commit, "done".
// K counts commits; (EPOCH, NEXT) is the first name of the newest stream that is not durable.
#define DOCTEST_CONFIG_IMPLEMENT
#include "tests/crash/judge.hpp"

#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <cstring>

namespace {

using namespace twinlink;
using namespace twinlink::crash;

void say(const std::string& line) {
    const std::string text = line + "\n";
    for (std::size_t done = 0; done < text.size();) {
        const ssize_t n = ::write(1, text.data() + done, text.size() - done);
        if (n <= 0) std::_Exit(4);
        done += static_cast<std::size_t>(n);
    }
}

void throw_failed(const doctest::AssertData& data) {
    say(std::string("wrong check failed: ") + data.m_expr + " at " + data.m_file + ":" +
        std::to_string(data.m_line));
    std::_Exit(4);
}

std::string place(const StoreSnapshot& snapshot, const StoreInfo& info) {
    const auto streams = snapshot.streams();
    const StreamRecord last = streams.empty() ? StreamRecord{} : streams.back();
    return std::to_string(info.commits) + " " + std::to_string(last.epoch) + " " + std::to_string(last.next);
}

/// What a restart finds; empty where the store does not open.
std::string found(const std::string& path) {
    if (!std::filesystem::exists(path)) return "0 0 0";
    const auto reader = StoreReader::open(path);
    if (!reader) return "";
    const auto snapshot = reader->snapshot();
    const auto info = snapshot ? snapshot->info() : failure("no snapshot");
    return info ? place(*snapshot, *info) : "";
}

}  // namespace

int main(int argc, char** argv) {
    doctest::Context context;
    context.setAsDefaultForAssertsOutOfTestCases();
    context.setAssertHandler(throw_failed);
    u64 seed = 0;
    if (argc != 3 || std::from_chars(argv[2], argv[2] + std::strlen(argv[2]), seed).ec != std::errc{}) {
        std::fprintf(stderr, "usage: guest STORE SEED\n");
        return 2;
    }
    const std::string store = argv[1];
    const std::string at = found(store);
    if (at.empty()) {
        say("wrong the store does not open: " + StoreReader::open(store).error().text);
        return 1;
    }
    say("found " + at);
    if (std::filesystem::exists(store)) {
        const std::string wrong = whole_error(store, switch_stream(seed));
        if (!wrong.empty()) {
            say("wrong " + wrong.substr(0, wrong.find('\n')));
            return 1;
        }
    }
    say("whole");
    run_workload({seed, store, [](const StoreSnapshot& snapshot, const StoreInfo& info, u64) {
                      say("ack " + place(snapshot, info));
                  }});
    say("done");
    return 0;
}
