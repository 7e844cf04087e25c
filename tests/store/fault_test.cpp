// Disks that fail, processes that die: after it the store holds exactly the result of the first k batches,
// and k is at least the last one that was acknowledged.
#include "tests/store/writer_process.hpp"

#include <random>

using namespace twinlink;
using namespace twinlink::rig;

TEST_CASE("store: any write or sync that fails stops it, and opened again it holds k or k+1 batches") {
    for (const char* errno_option : {"errno=5", "errno=28"})
        for (const bool for_ever : {false, true})
            for (const bool after : {false, true}) {
                int n = 0;
                for (;; ++n) {
                    TempFolder t;
                    std::vector<std::string> options{"opened=1", "batches=4", errno_option, "writing",
                                                     "fail=" + std::to_string(n)};
                    if (for_ever) options.emplace_back("forever");
                    if (after) options.emplace_back("after");
                    const Ran ran = run_writer(t / "s", options);
                    INFO("call ", n, " ", errno_option, " for ever ", for_ever, " after ", after);
                    CHECK(ran.wrong == "");
                    REQUIRE(ran.reopened);
                    CHECK(ran.again >= ran.acknowledged);
                    CHECK(ran.again <= ran.acknowledged + 1);
                    if (ran.struck && ran.acknowledged < 4)
                        CHECK(ran.stopped ==
                              (std::string_view(errno_option) == "errno=5" ? "io" : "disk_full"));
                    CHECK(whole_batches(t / "s") == ran.again);
                    if (!ran.struck) {
                        CHECK(ran.acknowledged == 4);
                        break;
                    }
                }
                // Three commits of at least a write, a sync and a meta page each: the faults did strike.
                CHECK(n >= 9);
            }
}

TEST_CASE("store: a creation that fails or dies at any step leaves nothing or a whole store") {
    for (const char* how : {"kill", "kill after", "error"}) {
        int n = 0;
        for (;; ++n) {
            TempFolder t;
            std::vector<std::string> options{"batches=1", "writing", "fail=" + std::to_string(n)};
            const std::string_view way = how;
            if (way.starts_with("kill")) options.emplace_back("kill");
            if (way.ends_with("after")) options.emplace_back("after");
            const Ran ran = run_writer(t / "s", options);
            INFO("step ", n, " ", how);
            CHECK(ran.wrong == "");
            if (std::filesystem::exists(t / "s")) CHECK(whole_batches(t / "s") <= 1);
            // What was left behind is in nobody's way.
            const Ran next = run_writer(t / "s", {"batches=2"});
            CHECK(next.refused == "");
            CHECK(next.again == 2);
            if (!ran.struck && WIFEXITED(ran.status) && WEXITSTATUS(ran.status) == 0) break;
        }
        CHECK(n >= 8);
    }
}

TEST_CASE("store: killed at random moments it opens with whole batches, none lost that was acknowledged") {
    TempFolder t;
    const u64 seed = seed_given();
    INFO("seed ", seed);
    MESSAGE("seed ", seed);
    std::mt19937_64 random(seed);
    u64 k = 0;
    for (int i = 0; i < 40; ++i) {
        const Ran ran = run_writer(t / "s", {"messages=200"}, k + 1 + random() % 20, random() % 3'000);
        CHECK(WIFSIGNALED(ran.status));
        CHECK(ran.wrong == "");
        const u64 now = whole_batches(t / "s", 200);
        CHECK(now >= ran.acknowledged);
        CHECK(now > k);
        k = now;
    }
}

TEST_CASE("store: a full map stops it with that reason, and a larger map takes it on") {
    TempFolder t;
    const Ran ran = run_writer(t / "s", {"map=1048576", "messages=500"});
    CHECK(ran.stopped == "map_full");
    CHECK(ran.acknowledged > 5);
    CHECK(ran.again == ran.acknowledged);
    const Ran more = run_writer(t / "s", {"messages=500", "batches=" + std::to_string(ran.again + 100)});
    CHECK(more.again == ran.again + 100);
}

TEST_CASE("store: a file that may not grow stops it as a full disk, content whole") {
    TempFolder t;
    const Ran ran = run_writer(t / "s", {"fsize=1000000", "messages=500"});
    CHECK(ran.stopped == "disk_full");
    CHECK(ran.acknowledged > 5);
    CHECK(ran.again >= ran.acknowledged);
    CHECK(ran.wrong == "");
}

TEST_CASE("store: a full file system stops it, content whole, and with room it goes on") {
    TempFolder t;
    const Ran ran = run_writer(t / "m", {"tmpfs", "messages=500"});
    if (WIFEXITED(ran.status) && WEXITSTATUS(ran.status) == 77) {
        MESSAGE("SKIPPED: no permission to mount a small file system");
        return;
    }
    CHECK(ran.stopped == "disk_full");
    CHECK(ran.acknowledged > 5);
    CHECK(ran.again >= ran.acknowledged);
    CHECK(ran.wrong == "");
}
