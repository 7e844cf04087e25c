// Faults do what the truth says: what arrived in memory is decoded and held against the truth, copy by copy.
#include "tests/acdsim/rig.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <cstdio>

using namespace twinlink;
using namespace twinlink::sim;

namespace {

/// Reads back what was written to a temporary file.
std::vector<nlohmann::json> lines_of(std::FILE* file) {
    std::rewind(file);
    std::vector<nlohmann::json> lines;
    std::string line;
    for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file)) {
        if (c != '\n') {
            line += static_cast<char>(c);
            continue;
        }
        lines.push_back(nlohmann::json::parse(line));
        line.clear();
    }
    CHECK(line.empty());
    return lines;
}

struct FileCloser {
    void operator()(std::FILE* f) const noexcept { std::fclose(f); }
};

/// Runs with faults and checks every copy of every message, and the summary, against what arrived.
nlohmann::json check_truth(RigConfig config) {
    const std::unique_ptr<std::FILE, FileCloser> file{std::tmpfile()};
    REQUIRE(file != nullptr);
    config.truth = file.get();
    Rig rig(config);
    REQUIRE(rig.ledger.flush());
    std::vector<std::array<Rig::Received, kLinks>> got(config.servers);
    for (std::size_t s = 0; s < config.servers; ++s)
        for (const Link l : {Link::A, Link::B}) got[s][index(l)] = rig.received(s, l);

    std::vector<std::map<Stream, std::vector<u64>>> lost(config.servers);
    u64 wrong = 0;
    u64 messages = 0;
    for (const auto& line : lines_of(file.get())) {
        if (line["kind"] != "message") continue;
        ++messages;
        const Stream stream{Acd{line["acd"].get<u16>()}, Epoch{line["epoch"].get<u64>()}};
        const u64 seq = line["seq"];
        for (std::size_t s = 0; s < config.servers; ++s) {
            bool any = false;
            for (const char* l : {"A", "B"}) {
                const std::string fate = line["server" + std::to_string(s + 1)][l];
                const auto& numbers = got[s][*l == 'A' ? 0 : 1][stream];
                const auto at = numbers.find(seq);
                const std::size_t copies = at == numbers.end() ? 0 : at->second.size();
                const std::size_t expected = fate == "dup"                                            ? 2
                                             : fate == "sent" || fate == "late" || fate == "conflict" ? 1
                                                                                                      : 0;
                wrong += copies != expected;
                any |= copies != 0;
            }
            if (!any) lost[s][stream].push_back(seq);
        }
    }
    CHECK(wrong == 0);
    CHECK(messages > 100);
    auto summary = nlohmann::json::parse(rig.ledger.summary());
    for (const auto& stream : summary["streams"])
        for (const auto& server : stream["servers"]) {
            std::vector<u64> listed;
            for (const auto& r : server["lost"])
                for (u64 n = r["first"]; n <= r["last"].get<u64>(); ++n) listed.push_back(n);
            const std::size_t s = server["server"].get<std::size_t>() - 1;
            CHECK(listed == lost[s][{Acd{stream["acd"].get<u16>()}, Epoch{stream["epoch"].get<u64>()}}]);
            CHECK(server["lost_both"] == listed.size());
        }
    return summary;
}

u64 of_link(const nlohmann::json& summary, const char* link, const char* what) {
    return summary["streams"][0]["servers"][0]["links"][link][what].get<u64>();
}

}  // namespace

TEST_CASE("faults: a scripted drop hits exactly the numbers that it names, on both links") {
    const auto s = check_truth({.faults = {"link=both at-seq=500..503 drop", "link=A at-seq=600..620 drop"}});
    const auto lost = s["streams"][0]["servers"][0]["lost"];
    REQUIRE(lost.size() == 1);
    CHECK(lost[0]["first"] == 500);
    CHECK(lost[0]["last"] == 503);
    CHECK(of_link(s, "A", "lost_alone") == 21);
}

TEST_CASE("faults: every kind at random does what the truth says, on two servers, frames cut differently") {
    for (u64 seed = 1; seed <= 5; ++seed) {
        CAPTURE(seed);
        RigConfig c;
        c.seed = seed;
        c.servers = 2;
        c.acds = 2;
        c.restarts = {kRigStart + Nanos{31 * kMinute}};
        c.encoder.cut_differently = true;
        c.faults = {"loss=0.1",
                    "burst=0.02:5",
                    "dup=0.1",
                    "reorder=0.1:6",
                    "corrupt=0.05",
                    "truncate=0.05",
                    "differ=0.05",
                    "wild=0.02",
                    "link=B delay=700ms",
                    "server=2 link=A at=09:10 for=2m down",
                    "link=A at=09:20 for=30s silence"};
        check_truth(c);
    }
}

TEST_CASE("faults: never-both leaves nothing lost on both links, however bad they are") {
    for (u64 seed = 1; seed <= 5; ++seed) {
        CAPTURE(seed);
        RigConfig c;
        c.seed = seed;
        c.encoder.cut_differently = seed % 2 == 0;
        c.faults = {"never-both", "loss=0.4", "corrupt=0.1", "truncate=0.1", "at=09:10 for=1m down"};
        const auto s = check_truth(c);
        CHECK(s["streams"][0]["servers"][0]["lost_both"] == 0);
        CHECK(of_link(s, "A", "lost_alone") > 10);
        CHECK(of_link(s, "B", "lost_alone") > 10);
    }
}

TEST_CASE("faults: a link that comes up again is followed by a pump-up on every link") {
    const auto count = [](const RigConfig& c) {
        const Rig rig(c);
        u64 n = 0;
        for (const auto& bytes : rig.frames[0][1])
            if (validate(bytes) == FrameRefusal::Ok)
                for_each_message_in(FrameView{bytes}.body(), [&](const MessageView& m) {
                    n += m.template_id == PumpUpBegin::kTemplate &&
                         m.as<PumpUpBegin>().why == PumpUpWhy::LinkUp;
                });
        return n;
    };
    CHECK(count({}) == 0);
    CHECK(count({.faults = {"link=A at=09:10 for=1m down"}}) == 1);
    CHECK(count({.faults = {"server=1 link=A at-seq=700..900 down"}}) == 1);
}

TEST_CASE("faults: silence skips no number and delays what it holds") {
    RigConfig c;
    c.faults = {"at=09:10 for=5m silence"};
    c.encoder.flush_age = 5_ms;
    c.encoder.heartbeat_every = 100_ms;
    const auto s = check_truth(c);
    CHECK(s["streams"][0]["servers"][0]["lost_both"] == 0);
    CHECK(of_link(s, "A", "late") > 10);
    CHECK(of_link(s, "A", "lost_alone") == 0);
}

TEST_CASE("faults: differing copies have a valid CRC and other bytes for the same number") {
    const Rig rig({.faults = {"link=B at-seq=300..300 differ"}});
    const auto a = rig.received(0, Link::A);
    const auto b = rig.received(0, Link::B);
    u64 different = 0;
    for (const auto& [seq, copies] : a.begin()->second)
        different += b.begin()->second.at(seq).front() != copies.front();
    CHECK(different == 1);
}

TEST_CASE("faults: damaged frames are refused by a receiver, every one") {
    u64 refused = 0;
    const Rig rig({.faults = {"link=A corrupt"}});
    CHECK(rig.received(0, Link::A, &refused).empty());
    CHECK(refused == rig.frames[0][0].size());
}

TEST_CASE("faults: wild frames carry numbers that nobody sent") {
    const Rig rig({.faults = {"link=A wild=0.2"}});
    u64 wild = 0;
    for (const auto& [stream, numbers] : rig.received(0, Link::A))
        for (const auto& [seq, copies] : numbers) wild += seq > u64{1} << 31;
    CHECK(wild > 10);
}

TEST_CASE("faults: rules that make no sense are refused, with the word that is wrong") {
    for (const char* text : {"",
                             "link=A",
                             "link=C drop",
                             "server=3 drop",
                             "loss",
                             "loss=2",
                             "loss=x",
                             "loss=0.1234567",
                             "burst=0.1",
                             "burst=0.1:0",
                             "drop down",
                             "at-seq=0 drop",
                             "at-seq=5..3 drop",
                             "at=25:00 down",
                             "at=9:00 down",
                             "for=1m drop",
                             "delay=5",
                             "delay",
                             "silence",
                             "at=09:00 silence",
                             "acd=0 drop",
                             "drop=1",
                             "explode",
                             "at=09:00 at-seq=5 drop",
                             "at-seq=1..x drop",
                             "foo=bar drop"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_fault(text));
    }
    CHECK(parse_fault("explode").error().text.find("explode") != std::string::npos);
    for (const char* text : {"drop", "loss=0.01", "link=A server=1 at-seq=1000..1100 drop",
                             "link=B at=09:30:00 down for=60s", "link=both at-seq=5000..5003 drop",
                             "never-both", "reorder=1:8", "at=2026-03-02T09:30:00Z loss=1"}) {
        CAPTURE(text);
        CHECK(parse_fault(text));
    }
}
