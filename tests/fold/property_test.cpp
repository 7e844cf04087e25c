// Over many seeds of a simulated call centre: a legal stream shows nothing illegal, complete rows keep their
// identities, and whatever is missing, a row that is not INCOMPLETE equals the row of a run that missed
// nothing.
#include "tests/fold/sim_stream.hpp"

#include <twinlink/identities.hpp>

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <set>

namespace twinlink::test {
namespace {

/// More by TWINLINK_SEEDS, for long runs.
u64 seeds(u64 usual) {
    const char* const more = std::getenv("TWINLINK_SEEDS");
    if (more != nullptr) REQUIRE(std::from_chars(more, more + std::strlen(more), usual).ec == std::errc{});
    return usual;
}

constexpr u64 item(const KeptRow& r, u16 column) { return r.items[column]; }

/// The moments of an answered segment are the sum of its parts.
void check_record(const RowKey& key, const KeptRow& r) {
    if (r.items[call_rec("DISPOSITION")] != 2) return;
    CHECK(key.entity - r.items[call_rec("SEGSTART")] ==
          r.items[call_rec("DISPTIME")] + r.items[call_rec("TALKTIME")] + r.items[call_rec("ANSHOLDTIME")] +
              r.items[call_rec("ACWTIME")]);
}

/// Call records are a second account of the same calls.
void check_second_account(const RowsSink& sink) {
    using Account = std::array<u64, 4>;  // ACDCALLS, ACDTIME, ACWTIME, ABNCALLS
    std::map<std::tuple<u64, u16, u64>, Account> skills;
    std::map<std::tuple<u64, u16, u64>, Account> agents;
    for (const auto& [key, row] : sink.rows) {
        if (key.table != TableId::CallRec) continue;
        const auto at = [&](u16 c) { return row.items[c]; };
        const bool answered = at(call_rec("DISPOSITION")) == 2;
        const bool abandoned = at(call_rec("DISPOSITION")) == 3;
        const u64 skill = at(call_rec("DISPSPLIT"));
        if (skill == 0 || at(call_rec("DA_QUEUED")) != 0) continue;
        for (auto* const to : {&skills[{key.interval_start, key.instance, skill}],
                               &agents[{key.interval_start, key.instance, at(call_rec("ANSLOGIN"))}]}) {
            (*to)[0] += answered;
            (*to)[1] += answered ? at(call_rec("TALKTIME")) : 0;
            (*to)[2] += answered ? at(call_rec("ACWTIME")) : 0;
            (*to)[3] += abandoned;
        }
    }
    std::map<std::tuple<u64, u16, u64>, Account> of_agents;
    for (const auto& [key, row] : sink.rows) {
        const std::tuple at{key.interval_start, key.instance, key.entity};
        if (key.table == TableId::Hsplit) {
            const Account& a = skills[at];
            CHECK(row.items[hsplit("ACDCALLS")] == a[0]);
            CHECK(row.items[hsplit("ACDTIME")] == a[1]);
            CHECK(row.items[hsplit("ACWTIME")] == a[2]);
            CHECK(row.items[hsplit("ABNCALLS")] == a[3]);
        } else if (key.table == TableId::Hagent) {
            Account& a = of_agents[at];
            a[0] += row.items[hagent("ACDCALLS")];
            a[1] += row.items[hagent("ACDTIME")];
            a[2] += row.items[hagent("ACWTIME")];
        }
    }
    for (const auto& [at, a] : of_agents) {
        for (u32 n = 0; n < 3; ++n) CHECK(a[n] == agents[at][n]);
    }
}

void check_identities(const RowsSink& sink) {
    std::map<std::tuple<u64, u16, u64>, std::pair<u64, u64>> agents;  // TI_STAFFTIME, sum of its parts
    std::set<std::tuple<u64, u16, u64>> incomplete;
    for (const auto& [key, row] : sink.rows) {
        const std::tuple agent{key.interval_start, key.instance, key.entity};
        if (!row.incomplete()) CHECK(identities_hold(key.table, row.items));
        if (key.table == TableId::CallRec && !row.incomplete()) check_record(key, row);
        if (key.table == TableId::Hsplit) {
            if (row.incomplete()) continue;
            CHECK(item(row, hsplit("CALLSOFFERED")) == item(row, hsplit("ACDCALLS")) +
                                                           item(row, hsplit("ABNCALLS")) +
                                                           item(row, hsplit("OTHERCALLS")));
            u64 answered = 0;
            u64 abandoned = 0;
            u64 aux = 0;
            for (u16 n = 0; n < 10; ++n) answered += item(row, static_cast<u16>(hsplit("ACDCALLS1") + n));
            for (u16 n = 0; n < 10; ++n) abandoned += item(row, static_cast<u16>(hsplit("ABNCALLS1") + n));
            for (u16 n = 0; n < 100; ++n) aux += item(row, static_cast<u16>(hsplit("I_AUXTIME0") + n));
            CHECK(answered == item(row, hsplit("ACDCALLS")));
            CHECK(abandoned == item(row, hsplit("ABNCALLS")));
            CHECK(aux == item(row, hsplit("I_AUXTIME")));
            continue;
        }
        if (key.table != TableId::Hagent) continue;
        if (row.incomplete()) incomplete.insert(agent);
        auto& [staff, parts] = agents[agent];
        staff += item(row, hagent("TI_STAFFTIME"));
        for (const u16 c :
             {hagent("I_ACDTIME"), hagent("I_ACWTIME"), hagent("I_DA_ACDTIME"), hagent("I_DA_ACWTIME"),
              hagent("I_RINGTIME"), hagent("TI_AUXTIME"), hagent("TI_AVAILTIME"), hagent("TI_OTHERTIME")})
            parts += item(row, c);
    }
    for (const auto& [agent, sums] : agents) {
        if (!incomplete.contains(agent)) CHECK(sums.first == sums.second);
    }
}

/// An agent's activities follow one another without a hole or an overlap, within one interval's clock.
void check_activities(const RowsSink& sink) {
    u64 activities = 0;
    u64 follow = 0;
    const std::pair<const RowKey, KeptRow>* before = nullptr;
    for (const auto& row : sink.rows) {
        if (row.first.table != TableId::AgActv) continue;
        ++activities;
        CHECK(std::ranges::find(kSomeAgents, row.first.entity) != kSomeAgents.end());
        if (before != nullptr && before->first.entity == row.first.entity &&
            before->first.entity2 + before->second.items[ag_actv("DURATION")] == row.first.entity2)
            ++follow;
        before = &row;
    }
    CHECK(activities > 20);
    CHECK(follow > activities / 2);
}

std::string differences(const RowKey& key, const KeptRow& a, const KeptRow& b) {
    const Table& t = *find_table(key.table);
    std::string text;
    for (u16 i = 0; i < t.columns; ++i) {
        if (a.items[i] != b.items[i])
            text += name_of(column_at(t, i)) + " " + std::to_string(a.items[i]) + " for " +
                    std::to_string(b.items[i]) + ", ";
    }
    return text;
}

}  // namespace

TEST_CASE(
    "a legal stream of a call centre has nothing illegal in it, and its complete rows keep their "
    "identities") {
    for (u64 seed = 1; seed <= seeds(12); ++seed) {
        CAPTURE(seed);
        const SimStream s(centre(seed, 40, 4));
        Fold fold(Acd{1}, kSmall);
        fold.trace(kSomeAgents);
        RowsSink sink;
        run(fold, sink, s, 0, s.size(), 1'000);
        fold.flush(sink);
        check_identities(sink);
        check_second_account(sink);
        check_activities(sink);
        for (auto c = static_cast<u8>(FoldCounter::IgnoredBeforePumpUp);
             c <= static_cast<u8>(FoldCounter::Missing); ++c) {
            CAPTURE(info(static_cast<FoldCounter>(c)).name);
            CHECK(fold.counter(static_cast<FoldCounter>(c)) == 0);
        }
        if (seed % 5 != 0) {
            CHECK(fold.counter(FoldCounter::AgentsCorrected) == 0);
            CHECK(fold.counter(FoldCounter::AgentSkillsCorrected) == 0);
            CHECK(fold.counter(FoldCounter::CallsCorrected) == 0);
            CHECK(fold.counter(FoldCounter::CallsDropped) == 0);
        }
        CHECK(fold.counter(FoldCounter::IdentityBroken) == 0);
        CHECK(fold.counter(FoldCounter::PumpUpsTorn) == 0);
        u64 answered = 0;
        for (const auto& [key, row] : sink.rows) {
            if (key.table == TableId::Hsplit) answered += row.items[hsplit("ACDCALLS")];
        }
        CHECK(answered > 100);
    }
}

TEST_CASE(
    "a row that is not INCOMPLETE equals the row of a run that missed nothing, wherever the holes are") {
    u64 compared = 0;
    u64 incomplete = 0;
    for (u64 seed = 1; seed <= seeds(40); ++seed) {
        std::mt19937_64 random(seed);
        const SimStream s(centre(seed, 30, 4));
        Fold whole(Acd{1}, kSmall);
        whole.trace(kSomeAgents);
        RowsSink truth;
        run(whole, truth, s, 0, s.size(), 1'000);
        whole.flush(truth);
        for (u32 placement = 0; placement < 4; ++placement) {
            Holes holes;
            for (std::size_t n = 1 + random() % 3, at = 0; n != 0; --n) {
                at += random() % s.size() / 2;
                if (at >= s.size()) break;
                const std::size_t length = placement == 3 ? 1 + random() % (s.size() / 5) : 1 + random() % 40;
                holes.emplace_back(at, std::min(at + length, s.size()));
                at = holes.back().second + 1;
            }
            Fold lossy(Acd{1}, kSmall);
            lossy.trace(kSomeAgents);
            RowsSink sink;
            run(lossy, sink, s, 0, s.size(), 1 + random() % 50, holes);
            lossy.flush(sink);
            CAPTURE(seed);
            CAPTURE(placement);
            for (const auto& [key, row] : sink.rows) {
                const auto record = sink.intervals.find({key.interval_start, key.instance});
                REQUIRE(record != sink.intervals.end());
                if (row.incomplete()) {
                    ++incomplete;
                    CHECK(record->second.incomplete == 1);
                    continue;
                }
                ++compared;
                const auto want = truth.rows.find(key);
                CAPTURE(static_cast<int>(key.table));
                CAPTURE(key.entity);
                CAPTURE(key.entity2);
                CAPTURE((key.interval_start - 1'767'600'000ULL * sim::kSecond) / sim::kMinute);
                REQUIRE(want != truth.rows.end());
                if (want->second.incomplete()) continue;
                CAPTURE(differences(key, row, want->second));
                CHECK(row.items == want->second.items);
            }
            // What the lossy run lacks altogether lies in an interval that it calls incomplete, or never saw.
            for (const auto& [key, row] : truth.rows) {
                const auto record = sink.intervals.find({key.interval_start, key.instance});
                if (record == sink.intervals.end() || sink.rows.contains(key)) continue;
                CHECK(record->second.incomplete == 1);
            }
            check_identities(sink);
        }
    }
    MESSAGE(compared << " complete rows equal, " << incomplete << " INCOMPLETE");
    CHECK(compared > incomplete / 4);
}

}  // namespace twinlink::test
