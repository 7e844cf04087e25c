// The check finds what is wrong and nothing else; rot never comes out as data.
#include "tests/store/store_rig.hpp"

#include "engine/store/check.hpp"
#include "engine/store/environment.hpp"
#include "engine/store/file_check.hpp"

#include <atomic>
#include <csignal>
#include <random>
#include <thread>

using namespace twinlink;
using namespace twinlink::rig;

namespace {

/// A store in which everything is consistent: `n` batches of the model with their interval.
void make_sound(const std::filesystem::path& path, u64 n, u64 messages = kModelMessages) {
    StoreConfig config;
    config.map_bytes = u64{64} << 20;
    Store store = open_store(path, config);
    IntervalRecord interval{};
    interval.acd = kStream.acd.value;
    interval.start = 1'800;
    for (u64 i = 1; i <= n; ++i) {
        CommitBatch b = model_batch(i, messages);
        b.intervals.push_back(interval);
        commit(store, b);
    }
}

CheckReport checked(const std::filesystem::path& path) {
    auto report = check(path, CheckLevel::Full);
    if (!report) FAIL(report.error().text);
    return *report;
}

/// After `spoil`ed batch 11 the check finds exactly `problems`.
template <class F>
void finds(u64 problems, F spoil) {
    TempFolder t;
    make_sound(t / "s", 10);
    {
        Store store = open_store(t / "s");
        CommitBatch b = model_batch(11);
        spoil(b);
        commit(store, b);
    }
    const CheckReport report = checked(t / "s");
    std::string all;
    for (const auto& f : report.findings) all += f.where + ": " + f.what + "\n";
    INFO(all);
    CHECK(report.problems == problems);
    CHECK(report.findings.size() == problems);
}

}  // namespace

TEST_CASE("check: a sound store is healthy, also while it is open, and what was read is counted") {
    TempFolder t;
    make_sound(t / "s", 10);
    CheckReport r = checked(t / "s");
    CHECK(r.healthy());
    CHECK(r.messages == 200);
    CHECK(r.rows == 5);
    CHECK(r.blocks > 0);
    Store store = open_store(t / "s");
    CHECK(checked(t / "s").healthy());
    CHECK(check(t / "s", CheckLevel::Quick)->healthy());
    CHECK(!check(t / "none", CheckLevel::Full));
}

TEST_CASE("check: every contradiction is found") {
    finds(0, [](CommitBatch&) {});
    finds(1, [](CommitBatch& b) { b.streams[0].next += 5; });                // names that nobody accounts for
    finds(1, [](CommitBatch& b) { b.streams[0].next -= 5; });                // held beyond the end
    finds(1, [](CommitBatch& b) { b.streams[0].missing = 3; });              // missing, but no gap
    finds(1, [](CommitBatch& b) { b.rows[0].key.interval_start = 3'600; });  // no such interval
    finds(1, [](CommitBatch& b) { b.blocks.clear(); });                      // a hole in the journal
    finds(0, [](CommitBatch& b) {                                            // ... that a gap explains
        b.blocks.clear();
        b.gaps = {gap(201, 220)};
        b.streams[0].missing = 20;
        b.streams[0].watermark = 200;
    });
    finds(1, [](CommitBatch& b) {  // ... but stands below the watermark
        b.blocks.clear();
        b.gaps = {gap(201, 220)};
        b.streams[0].missing = 20;
    });
    finds(1, [](CommitBatch& b) {  // ... and counts wrongly
        b.blocks.clear();
        b.gaps = {gap(201, 220)};
        b.gaps[0].missing = 19;
        b.streams[0].missing = 19;
        b.streams[0].watermark = 200;
    });
    finds(2, [](CommitBatch& b) {  // overlapping gaps of names that are here
        b.gaps = {gap(215, 220, GapState::Healed), gap(216, 217, GapState::Lost)};
        b.streams[0].missing = 2;
    });
    finds(1, [](CommitBatch& b) {  // a link of no stream
        LinkRecord l{};
        l.acd = 99;
        b.links.push_back(l);
    });
}

TEST_CASE("check: flipped bits are found or harmless, and never read as data") {
    TempFolder t;
    constexpr u64 kMessages = 300;
    make_sound(t / "s", 60, kMessages);
    const std::string whole = content_of(t / "s" / "data.mdb");
    std::filesystem::create_directory(t / "c");
    const u64 seed = seed_given();
    MESSAGE("seed ", seed);
    std::mt19937_64 random(seed);
    u64 found = 0;
    u64 crashed = 0;
    constexpr int kFlips = 400;
    for (int i = 0; i < kFlips; ++i) {
        std::string content = whole;
        const std::size_t at = random() % content.size();
        content[at] = static_cast<char>(content[at] ^ 1 << random() % 8);
        write_file(t / "c" / "data.mdb", content);
        INFO("seed ", seed, " flip ", i, " byte ", at);
        // In a child: LMDB may well die of it. What is read is the model's content of all batches, or less of
        // it.
        const auto said = store::in_child(
            [&]() -> std::string {
                auto reader = StoreReader::open(t / "c");
                if (!reader) return "error";
                auto snapshot = reader->snapshot();
                if (!snapshot || !snapshot->info()) return "error";
                u64 wrong = 0;
                const auto names = names_held(*snapshot);
                for (const u64 n : names) wrong += n == 0;
                wrong += !std::ranges::is_sorted(names) || names.size() > 60 * kMessages;
                snapshot->all_rows([&](const RowView& r) {
                    const u64 n = r.items[0];
                    wrong += n == 0 || n > 60 || !std::ranges::equal(r.items, items_of(model_batch(n, 1)));
                    return true;
                });
                if (wrong != 0) return "wrong";
                const bool complete = names.size() == 60 * kMessages && snapshot->info()->rows == 5;
                return snapshot->damaged() != 0 ? "damage" : complete ? "whole" : "less";
            },
            20);
        if (!said) {
            ++crashed;
            continue;
        }
        CHECK(*said != "wrong");
        if (*said == "whole" || *said == "error") continue;
        // What the reader noticed, or missed, the check names.
        const auto report = check(t / "c", CheckLevel::Full);
        CHECK((!report || !report->healthy()));
        ++found;
    }
    MESSAGE(found, " found, ", crashed, " crashed the child, of ", kFlips);
    CHECK(found > kFlips / 20);
}

TEST_CASE("store: a journal block that rotted is reported with its names, and late messages take its place") {
    TempFolder t;
    {
        StoreConfig config;
        config.map_bytes = u64{64} << 20;
        Store store = open_store(t / "s", config);
        for (u64 first = 1; first <= 2'001; first += 1'000) {
            CommitBatch b;
            add_block(b, kStream, first, 1'000);
            commit(store, b);
        }
    }
    std::string content = content_of(t / "s" / "data.mdb");
    const auto inside = message(1'504);
    const auto at = content.find(std::string(reinterpret_cast<const char*>(inside.data()), inside.size()));
    REQUIRE(at != std::string::npos);
    content[at + 20] = static_cast<char>(content[at + 20] ^ 4);
    write_file(t / "s" / "data.mdb", content);

    Store store = open_store(t / "s");
    std::vector<Range> damaged;
    std::vector<u64> firsts;
    CHECK(store.for_each_block(
        kStream, Seq{1},
        [&](const BlockView& b) {
            firsts.push_back(b.range.first.value);
            return true;
        },
        [&](const Damage& d) { damaged.push_back(d.range); }));
    CHECK(firsts == std::vector<u64>{1, 2'001});
    CHECK(damaged == std::vector<Range>{{Seq{1'001}, Seq{2'000}}});
    CommitBatch late;
    add_block(late, kStream, 1'001, 1'000, true);
    CHECK(commit(store, late).fill_inserted == 1'000);
    CHECK(names_held(snapshot_of(store)) == numbers(1, 3'000));
}

TEST_CASE("check: who is killed from outside, or finds no memory, did not die of what it read") {
    bool crashed = true;
    CHECK(!store::in_child([]() -> std::string { throw std::bad_alloc(); }, 10, &crashed));
    CHECK(!crashed);
    for (const auto& [number, of_what_it_read] :
         {std::pair{SIGKILL, false}, {SIGTERM, false}, {SIGSEGV, true}, {SIGBUS, true}, {SIGABRT, true}}) {
        CHECK(!store::in_child(
            [n = number]() -> std::string { return ::kill(::getpid(), n) == 0 ? "" : "?"; }, 10, &crashed));
        CHECK(crashed == of_what_it_read);
    }
}

TEST_CASE("check: a store that a writer lets grow meanwhile is whole at each look") {
    TempFolder t;
    Store store = open_store(t / "s");
    std::atomic<bool> over{false};
    std::string wrong;
    u64 looks = 0;
    std::thread looking([&] {
        for (; !over && wrong.empty(); ++looks)
            if (const auto ok = store::check_file(t / "s"); !ok) wrong = ok.error().text;
    });
    for (u64 n = 1; n <= 1'500; ++n) commit(store, model_batch(n, 400));
    over = true;
    looking.join();
    CHECK(wrong == "");
    CHECK(looks > 1'500);
}
