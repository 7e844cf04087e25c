// Copies that differ between two servers: both come to hold the same one, and say that there was another.
#include "engine/rival.hpp"
#include "tests/partner/pair_rig.hpp"

using namespace twinlink;
using namespace twinlink::test;
using partner::Counter;

namespace {

const SimStream& day() {
    static const SimStream stream(centre(7, 12, 2));
    return stream;
}

/// Frame `f` with the time of its message `k` a nanosecond off, on the links named.
void send_other(PipelineRig& rig, const Player& player, std::size_t f, u32 k, const std::string& links) {
    const OfferRun run = player.run(f);
    std::vector<std::byte> body(run.messages.begin(), run.messages.end());
    body[bytes_of_messages(body, k) + sizeof(SbeHeader)] ^= std::byte{1};
    rig.epoch = run.stream.epoch.value;
    for (const char c : links) rig.transmit(c == 'A' ? Link::A : Link::B, run.first.value, body, run.count);
}

/// What differs is looked into when it has differed for a while.
void settle(PairRig& pair) {
    pair.settle();
    pair.run(3_s);
    pair.settle();
}

/// Everything on both links of both servers, but frame `odd`: that goes where `send` sends it.
template <class F>
void play(PairRig& pair, std::size_t odd, F&& send) {
    Player to_one(pair.one.rig, day());
    Player to_two(pair.two.rig, day());
    for (std::size_t f = 0; f < to_one.frames(); ++f) {
        if (f == odd) {
            send(to_one, to_two);
        } else {
            to_one.send(f, "AB");
            to_two.send(f, "AB");
        }
        if (f % 8 == 7) pair.run(3_ms);
    }
    settle(pair);
}

std::vector<std::byte> held(PipelineRig& rig, Stream stream, Seq seq) {
    std::vector<std::byte> found;
    const StoreSnapshot snapshot = rig.snapshot();
    snapshot.blocks(stream, {seq, seq}, [&](const BlockView& b) {
        const Bytes rest =
            b.messages.subspan(bytes_of_messages(b.messages, static_cast<u32>(seq - b.range.first)));
        found.assign(rest.begin(), rest.begin() + message_at(rest.data()).wire_bytes());
        return false;
    });
    return found;
}

constexpr std::size_t kOdd = 30;
constexpr u32 kWhich = 5;

/// Both have the copy of the lower hash, the same rows, and whoever `knows` has a record of the other copy.
void check_settled(PairRig& pair, bool one_knows, bool two_knows) {
    Player player(pair.one.rig, day());
    const OfferRun run = player.run(kOdd);
    const Seq seq = run.first + kWhich;
    std::vector<std::byte> sent(run.messages.begin(), run.messages.end());
    sent.erase(sent.begin(), sent.begin() + bytes_of_messages(run.messages, kWhich));
    sent.resize(message_at(sent.data()).wire_bytes());
    std::vector<std::byte> other = sent;
    other[sizeof(SbeHeader)] ^= std::byte{1};
    const auto& winner = outranks(other, sent) ? other : sent;
    for (PairRig::Server* s : {&pair.one, &pair.two}) {
        CHECK((held(s->rig, run.stream, seq) == winner));
        const auto conflicts = s->rig.snapshot().conflicts();
        REQUIRE(conflicts.size() == ((s == &pair.one ? one_knows : two_knows) ? 1 : 0));
        if (!conflicts.empty()) CHECK(conflicts[0].seq == seq.value);
        for (const Compared& c : s->shim->compared()) CHECK(c.likeness == Likeness::Equal);
    }
    pair.one.rig.stop();
    pair.two.rig.stop();
    const std::string rows = all_of(pair.one.rig);
    CHECK_MESSAGE((all_of(pair.two.rig) == rows), first_difference(rows, all_of(pair.two.rig)));
}

}  // namespace

TEST_CASE("rivals: links that differ, alike on both servers but in another order") {
    PairRig pair;
    pair.connect();
    play(pair, kOdd, [&](const Player&, const Player&) {
        Player one(pair.one.rig, day());
        Player two(pair.two.rig, day());
        one.send(kOdd, "A");
        send_other(pair.one.rig, one, kOdd, kWhich, "B");
        send_other(pair.two.rig, two, kOdd, kWhich, "B");
        two.send(kOdd, "A");
    });
    check_settled(pair, true, true);
}

TEST_CASE("rivals: one server sees both copies, the other only one: the first tells") {
    for (const bool other_alone : {false, true}) {
        PairRig pair;
        pair.connect();
        play(pair, kOdd, [&](const Player&, const Player&) {
            Player one(pair.one.rig, day());
            Player two(pair.two.rig, day());
            one.send(kOdd, "A");
            send_other(pair.one.rig, one, kOdd, kWhich, "B");
            if (other_alone)
                send_other(pair.two.rig, two, kOdd, kWhich, "AB");
            else
                two.send(kOdd, "AB");
        });
        CHECK(pair.count(pair.one, Counter::CopiesOut) > 0);
        // Who had the copy that counts all along, and nothing else, never hears of another one.
        const bool two_knows = !pair.two.rig.snapshot().conflicts().empty();
        check_settled(pair, true, two_knows);
    }
}

TEST_CASE("rivals: each server has seen one copy only: rows differ, and that is looked into") {
    PairRig pair;
    pair.connect();
    play(pair, kOdd, [&](const Player&, const Player&) {
        Player one(pair.one.rig, day());
        Player two(pair.two.rig, day());
        one.send(kOdd, "AB");
        send_other(pair.two.rig, two, kOdd, kWhich, "AB");
    });
    CHECK(pair.count(pair.one, Counter::NamesCompared) + pair.count(pair.two, Counter::NamesCompared) > 0);
    check_settled(pair, true, true);
}

TEST_CASE("rivals: servers that were apart all the time settle it when they meet") {
    PairRig pair;
    play(pair, kOdd, [&](const Player&, const Player&) {
        Player one(pair.one.rig, day());
        Player two(pair.two.rig, day());
        one.send(kOdd, "AB");
        send_other(pair.two.rig, two, kOdd, kWhich, "AB");
    });
    pair.restart(pair.one);
    pair.connect();
    settle(pair);
    check_settled(pair, true, true);
}
