// Determinism: batches, save and load anywhere, and bytes that are not ours.
#include "tests/fold/sim_stream.hpp"

namespace twinlink::test {
namespace {

std::vector<std::byte> saved(const Fold& fold) {
    std::vector<std::byte> bytes;
    fold.save(bytes);
    return bytes;
}

/// Rows that `after` has and that closed or opened after `before` ended, against `want`.
void check_same_rows(const RowsSink& got, const RowsSink& want) {
    for (const auto& [key, row] : got.rows) {
        const auto same = want.rows.find(key);
        REQUIRE(same != want.rows.end());
        CHECK(row == same->second);
    }
}

}  // namespace

TEST_CASE("the same messages give the same rows and state whatever batches and flushes they came in") {
    for (u64 seed = 1; seed <= 6; ++seed) {
        CAPTURE(seed);
        const SimStream s(centre(seed, 25, 3));
        Fold ones(Acd{1}, kSmall);
        ones.trace(kSomeAgents);
        Fold many(Acd{1}, kSmall);
        many.trace(kSomeAgents);
        RowsSink a;
        RowsSink b;
        const Holes holes{{s.size() / 3, s.size() / 3 + 25}};
        for (std::size_t at = 0; at < s.size(); at += 5'000) {
            run(ones, a, s, at, std::min(at + 5'000, s.size()), 1, holes);
            ones.flush(a);
        }
        run(many, b, s, 0, s.size(), 4'096, holes);
        many.flush(b);
        ones.flush(a);
        CHECK(saved(ones) == saved(many));
        CHECK(a.rows == b.rows);
        CHECK(a.checkpoints == b.checkpoints);
    }
}

TEST_CASE("a fold that was saved and loaded anywhere goes on exactly as the one that was not") {
    for (u64 seed = 1; seed <= 10; ++seed) {
        CAPTURE(seed);
        std::mt19937_64 random(seed);
        const SimStream s(centre(seed, 25, 3));
        const std::size_t hole = random() % s.size();
        const Holes holes{{hole, std::min(hole + 30, s.size())}};
        std::size_t cut = random() % s.size();
        if (seed == 1) cut = 40;  // inside the first pump-up
        CAPTURE(cut);
        Fold straight(Acd{1}, kSmall);
        straight.trace(kSomeAgents);
        RowsSink want;
        run(straight, want, s, 0, cut, 100, holes);
        const auto bytes = saved(straight);
        Fold loaded(Acd{1}, kSmall);
        REQUIRE(loaded.load(bytes).has_value());
        CHECK(saved(loaded) == bytes);
        // A hole that spans the cut is told twice to neither: run() ends each part with what is missing.
        RowsSink got;
        run(straight, want, s, cut, s.size(), 100, holes);
        run(loaded, got, s, cut, s.size(), 100, holes);
        straight.flush(want);
        loaded.flush(got);
        check_same_rows(got, want);
        CHECK(saved(loaded) == saved(straight));
    }
}

TEST_CASE("a checkpoint that the fold announces is the state at the boundary") {
    const SimStream s(centre(4, 20, 3));
    Fold fold(Acd{1}, kSmall);
    fold.trace(kSomeAgents);
    RowsSink sink;
    sink.saves = &fold;
    run(fold, sink, s, 0, s.size(), 1'000);
    fold.flush(sink);
    REQUIRE(sink.checkpoints.size() >= 5);
    for (std::size_t i = 0; i < sink.checkpoints.size(); ++i) {
        Fold again(Acd{1}, kSmall);
        REQUIRE(again.load(sink.saved[i]).has_value());
        RowsSink rest;
        run(again, rest, s, sink.checkpoints[i], s.size(), 500);
        again.flush(rest);
        check_same_rows(rest, sink);
        CHECK(saved(again) == saved(fold));
    }
}

TEST_CASE("loading refuses damage, another ACD, too small tables, and leaves the fold as it was") {
    const SimStream s(centre(2, 20, 2));
    Fold fold(Acd{1}, kSmall);
    fold.trace(kSomeAgents);
    RowsSink sink;
    run(fold, sink, s, 0, s.size() / 2, 1'000);
    const auto good = saved(fold);

    Fold other(Acd{2}, kSmall);
    CHECK_FALSE(other.load(good).has_value());
    Fold small(Acd{1}, {.calls = 2, .agents = 3, .skills = 2, .agent_skills = 4});
    CHECK_FALSE(small.load(good).has_value());

    std::mt19937_64 random(7);
    for (int i = 0; i < 300; ++i) {
        auto bad = good;
        if (i % 3 == 0) bad.resize(random() % bad.size());
        if (i % 3 != 0) bad[random() % bad.size()] ^= static_cast<std::byte>(1U << random() % 8);
        CHECK_FALSE(fold.load(bad).has_value());
    }
    CHECK(saved(fold) == good);
}

TEST_CASE("hostile checkpoints with a valid checksum are refused or loaded, and then fold on without harm") {
    const SimStream s(centre(3, 20, 2));
    Fold fold(Acd{1}, kSmall);
    fold.trace(kSomeAgents);
    RowsSink sink;
    run(fold, sink, s, 0, s.size() / 2, 1'000);
    const auto good = saved(fold);
    std::mt19937_64 random(11);
    u32 taken = 0;
    for (int i = 0; i < 400; ++i) {
        auto bad = good;
        for (u64 n = 1 + random() % 4; n != 0; --n)
            bad[random() % (bad.size() - 4)] = static_cast<std::byte>(random());
        const u32 crc = crc32c(Bytes(bad).first(bad.size() - 4));
        std::memcpy(bad.data() + bad.size() - 4, &crc, 4);
        Fold victim(Acd{1}, kSmall);
        if (!victim.load(bad).has_value()) continue;
        ++taken;
        RowsSink rest;
        run(victim, rest, s, s.size() / 2, std::min(s.size(), s.size() / 2 + 3'000), 500);
        victim.flush(rest);
    }
    MESSAGE(taken << " of 400 were loaded");
    CHECK(taken > 0);
}

}  // namespace twinlink::test
