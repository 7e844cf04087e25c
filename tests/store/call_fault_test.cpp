// Every call that opening, creating and committing make fails in turn, once and for ever, until a run passes
// clean: each time the error is said, nothing that was acknowledged is lost, and the store opens again.
#include "tests/store/writer_process.hpp"

using namespace twinlink;
using namespace twinlink::rig;

namespace {

struct Errno {
    const char* option;
    const char* stops;  ///< what the store calls it
};
constexpr std::array<Errno, 4> kErrnos{
    {{"errno=5", "io"}, {"errno=28", "disk_full"}, {"errno=24", "other"}, {"errno=13", "other"}}};
constexpr u64 kBatches = 5;

/// What is done while calls fail: a store is made, one of three batches is opened, five are committed.
struct Work {
    const char* name;
    std::vector<std::string> options;
    int calls_least;  ///< fewer would mean that the faults are not where the work is
};

/// Call `n` fails, here or in the child process that opening forks; returns false when the work made fewer
/// calls.
bool fails_at(const Work& work, const Errno& error, bool for_ever, int n) {
    TempFolder t;
    std::vector<std::string> options = work.options;
    options.insert(options.end(), {error.option, "fail=" + std::to_string(n)});
    if (for_ever) options.emplace_back("forever");
    const Ran ran = run_writer(t / "s", options);
    INFO(work.name, ", call ", n, " ", error.option, " for ever ", for_ever);
    CHECK(WIFEXITED(ran.status));
    CHECK(ran.wrong == "");
    REQUIRE(ran.reopened);
    CHECK(ran.again >= ran.acknowledged);
    CHECK(ran.again <= ran.acknowledged + 1);
    // What stops says so; a fault that nobody needed to hear of cost nothing.
    const bool whole = ran.acknowledged == kBatches;
    CHECK(whole == (ran.stopped.empty() && ran.refused.empty()));
    if (!ran.stopped.empty()) CHECK(ran.stopped == error.stops);
    CHECK(whole_batches(t / "s") == ran.again);
    return ran.struck;
}

void fail_each_call(const Work& work) {
    for (const Errno& error : kErrnos)
        for (const bool for_ever : {false, true}) {
            int n = 0;
            while (fails_at(work, error, for_ever, n)) ++n;
            INFO(work.name);
            CHECK(n >= work.calls_least);
        }
}

}  // namespace

TEST_CASE(
    "store: each call of a creation fails in turn; nothing or a whole store is there, and it can be made") {
    fail_each_call({"creating", {"at_open", "batches=5"}, 40});
}

TEST_CASE("store: each call of an opening fails in turn; it is refused or open, and nothing is lost") {
    fail_each_call({"opening", {"opened=3", "at_open", "batches=5"}, 25});
}

TEST_CASE(
    "store: each call of an older store's opening fails in turn; it stays older or is of today's format, "
    "whole") {
    fail_each_call({"migrating", {"opened=3", "older", "at_open", "batches=5"}, 28});
}

TEST_CASE(
    "store: killed at each write or sync of an older store's opening, it opens again and lacks nothing") {
    int n = 0;
    for (bool struck = true; struck; ++n) {
        TempFolder t;
        const Ran ran = run_writer(t / "s", {"opened=3", "older", "at_open", "batches=5",
                                             "fail=" + std::to_string(n), "kill", "writing"});
        struck = WIFSIGNALED(ran.status);
        CHECK(whole_batches(t / "s") == (struck ? 3 : kBatches));
    }
    CHECK(n >= 4);
}

TEST_CASE(
    "store: each call of a commit fails in turn; what was acknowledged is there, and one more at most") {
    fail_each_call({"committing", {"opened=3", "at_commit", "batches=5"}, 6});
}
