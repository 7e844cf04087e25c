// See judge.hpp.
#include "tests/crash/judge.hpp"

#include "engine/store/check.hpp"
#include "tests/sim/oracle.hpp"
#include "tests/store/store_rig.hpp"

namespace twinlink::crash {
namespace {

static_assert(kJudgesAcd == rig::kStream.acd);

StoreConfig config(bool create) {
    StoreConfig c;
    c.map_bytes = server_config().map_bytes;
    c.journal_bytes = 0;  // the judge adds and lets nothing go
    c.journal_age = Nanos{0};
    c.create = create;
    return c;
}

std::string content_error(const Store& store, const Allowed& allowed) {
    const auto snapshot = store.snapshot();
    if (!snapshot) return snapshot.error().text;
    const auto info = snapshot->info();
    if (!info) return info.error().text;
    if (info->commits != allowed.first.commits && info->commits != allowed.next.commits)
        return "holds " + std::to_string(info->commits) + " commits, " +
               std::to_string(allowed.first.commits) + " were acknowledged";
    const u64 want = info->commits == allowed.first.commits ? allowed.first.content : allowed.next.content;
    if (content_of(*snapshot, kJudgesAcd) != want) return "holds other content than its last commit left";
    return snapshot->damaged() == 0 ? "" : "has damaged values";
}

/// Two commits more, and what they wrote is there.
std::string commit_error(Store& store, u64 before) {
    for (u64 n = 1; n <= 2; ++n)
        if (auto done = store.commit(rig::model_batch(n)); !done) return done.error().text;
    const auto snapshot = store.snapshot();
    if (!snapshot) return snapshot.error().text;
    const auto info = snapshot->info();
    if (!info || info->commits != before + 2) return "does not count two more commits";
    if (rig::names_held(*snapshot) != rig::numbers(1, 2 * rig::kModelMessages))
        return "does not hold what two more commits wrote";
    return snapshot->structure_error();
}

std::string check_error(const std::filesystem::path& path) {
    const auto report = check(path, CheckLevel::Full);
    if (!report) return report.error().text;
    return report->healthy() ? "" : report->findings.front().where + ": " + report->findings.front().what;
}

/// A server takes the store up, folds in what is left to be, and stops.
std::string run_server(const std::filesystem::path& path) {
    EngineConfig c = server_config();
    c.store_path = path;
    Now now{1_s, Nanos{test::kEight + 48 * test::kHour}};
    auto engine = Engine::open(c, {nullptr, nullptr}, now);
    if (!engine) return engine.error().text;
    Engine& e = **engine;
    const auto slice = [&] {
        now.mono = now.mono + 1_ms;
        now.wall = now.wall + 1_ms;
        e.poll_fold(now);
        return e.poll_commit(now) + e.poll_refold();
    };
    constexpr int kSlicesMax = 20'000;
    int quiet = 0;
    for (int i = 0; i < kSlicesMax && quiet < 400; ++i)
        quiet = slice() == 0 && !e.status().refolding ? quiet + 1 : 0;
    if (quiet < 400) return "a server on it does not come to rest";
    e.stop();
    for (int i = 0; i < kSlicesMax && !e.stopped(); ++i) slice();
    if (e.status().store_stopped) return e.status().store_error;
    return e.stopped() ? "" : "a server on it does not stop";
}

std::string journal_error(const StoreSnapshot& snapshot, const test::SimStream& truth,
                          const test::SimStream::Life& life) {
    std::string wrong;
    const Range all{Seq{1}, Seq{~u64{0}}};
    snapshot.blocks({Acd{1}, life.epoch}, all, [&](const BlockView& b) {
        const std::size_t from = life.first + b.range.first.value - 1;
        if (!std::ranges::equal(truth.range(from, from + b.range.count()), b.messages))
            wrong = "its journal differs from what was sent, from " + std::to_string(b.range.first.value);
        return wrong.empty();
    });
    return wrong;
}

/// Rows and intervals equal a plain fold of all messages but the missing ones; the journal is what was sent.
std::string fold_error(const std::filesystem::path& path, const test::SimStream& truth) {
    const auto reader = StoreReader::open(path);
    if (!reader) return reader.error().text;
    const auto snapshot = reader->snapshot();
    if (!snapshot) return snapshot.error().text;
    sim_test::Ends ends;
    sim_test::LostNames missing;
    for (const StreamRecord& s : snapshot->streams()) ends[{Acd{s.acd}, Epoch{s.epoch}}] = Seq{s.next};
    for (const GapRecord& g : snapshot->gaps({.acd = {}, .epoch = {}, .states = GapFilter::kMissing}))
        missing[{Acd{g.acd}, Epoch{g.epoch}}].push_back(g.range());
    const std::string want = sim_test::fold_of(truth, Acd{1}, missing, ends);
    const std::string got = sim_test::store_of(*snapshot, Acd{1});
    if (want != got)
        return "its rows differ from a fold of what was sent\n" + test::first_difference(want, got);
    for (const auto& life : truth.lives)
        if (std::string wrong = journal_error(*snapshot, truth, life); !wrong.empty()) return wrong;
    return "";
}

}  // namespace

std::string whole_error(const std::filesystem::path& path, const test::SimStream& truth) {
    std::string wrong = check_error(path);
    if (wrong.empty()) wrong = run_server(path);
    if (wrong.empty()) wrong = check_error(path);
    if (wrong.empty()) wrong = fold_error(path, truth);
    return wrong;
}

std::string judge(const std::filesystem::path& path, const Allowed& allowed, Depth depth,
                  const test::SimStream& truth) {
    auto store = Store::open(path, config(false), Nanos{1});
    if (!store) return store.error().text;
    if (std::string wrong = content_error(*store, allowed); !wrong.empty()) return wrong;
    u64 commits = store->snapshot()->info()->commits;
    if (depth == Depth::Whole) {
        store = failure("closed");
        if (std::string wrong = whole_error(path, truth); !wrong.empty()) return wrong;
        store = Store::open(path, config(false), Nanos{1});
        if (!store) return store.error().text;
        commits = store->snapshot()->info()->commits;
    }
    if (std::string wrong = commit_error(*store, commits); !wrong.empty()) return wrong;
    if (depth != Depth::Deep) return "";
    const u64 want = commits == allowed.first.commits ? allowed.first.content : allowed.next.content;
    const bool same = content_of(*store->snapshot(), kJudgesAcd) == want;
    return same ? "" : "two more commits changed what was there";
}

std::string judge_creation(const std::filesystem::path& path) {
    const bool there = std::filesystem::exists(path) && !std::filesystem::is_empty(path);
    auto store = Store::open(path, config(false), Nanos{1});
    if (store.has_value() != there)
        return there ? "is there, half made: " + store.error().text : "was made without leave";
    if (!store) store = Store::open(path, config(true), Nanos{1});
    if (!store) return "cannot be made after a crash: " + store.error().text;
    const auto info = store->snapshot()->info();
    if (!info || info->commits != 0 || info->rows != 0) return "is new and not empty";
    return commit_error(*store, 0);
}

}  // namespace twinlink::crash
