// See world.hpp.
#include "tests/sim/world.hpp"
#include "tests/sim/oracle.hpp"

#include <xxhash.h>

#include <stdexcept>

namespace twinlink::sim_test {
namespace {

using namespace test;
using partner::Counter;

constexpr std::size_t kEventsKept = 200;
constexpr u64 kFirstFrames = 3;    // both links need two frames to begin: these arrive
constexpr u64 kCalmMost = 90'000;  // steps that healing may take

class Violated : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Troubles of one link to one server: how likely, in millionths, and until when.
struct LinkTrouble {
    u64 loss_ppm = 0;
    u64 burst_left = 0;  ///< frames still to be lost
    u64 burst_ppm = 0;
    u64 dup_ppm = 0;
    u64 delay_ppm = 0;
    u64 corrupt_ppm = 0;
    u64 wild_ppm = 0;
    u64 down_until = 0;  ///< step
};

struct Delayed {
    u64 due;
    int server;
    Link link;
    std::size_t frame;
    bool operator<(const Delayed& other) const { return due > other.due; }
};

class World {
public:
    explicit World(u64 seed)
        : random_(seed * 0x9E37'79B9'7F4A'7C15ULL + 1), truth_(plan(seed)), pair_(servers(seed)) {
        outcome_.seed = seed;
        outcome_.messages = truth_.size();
        for (const PairRig::Server* s : {&pair_.one, &pair_.two}) durable_[s] = {};
        PartnerConfig config = pair_.config_of(pair_.one);
        lost_after_ = config.lost_after;
        players_[0] = std::make_unique<Player>(pair_.one.rig, truth_);
        players_[1] = std::make_unique<Player>(pair_.two.rig, truth_);
        swarm();
    }

    Outcome run() {
        try {
            troubles();
            calm();
            compare();
        } catch (const std::exception& why) {
            outcome_.failure = why.what();
        }
        outcome_.steps = step_;
        return std::move(outcome_);
    }

private:
    // ---- the seed's choices
    static sim::CentreConfig plan(u64 seed) {
        sim::CentreConfig c = centre(seed, 5 + static_cast<u32>(seed % 8), 1 + seed % 2);
        return c;
    }
    /// Time passes faster for the switch than for the servers: states are saved as often as it has intervals.
    static EngineConfig servers(u64 seed) {
        EngineConfig config = PipelineRig::defaults();
        config.checkpoint_every = Nanos{(seed % 4) * 20'000'000};
        return config;
    }
    u64 upto(u64 most) { return random_() % (most + 1); }
    bool chance(u64 ppm) { return ppm != 0 && random_() % 1'000'000 < ppm; }

    /// Each run has some kinds of trouble and not others, so that they meet in all combinations.
    void swarm() {
        pace_ = upto(2) == 0 ? 1 + upto(2) : upto(1) == 0 ? 1 : 0;
        slow_pace_ = 2 + upto(4);
        for (LinkTrouble& t : links_) {
            if (upto(1) == 0) t.loss_ppm = 1'000 + upto(250'000);
            if (upto(2) == 0) t.burst_ppm = 1'000 + upto(15'000);
            if (upto(3) == 0) t.dup_ppm = upto(300'000);
            if (upto(2) == 0) t.delay_ppm = upto(200'000);
            if (upto(3) == 0) t.corrupt_ppm = upto(50'000);
            if (upto(3) == 0) t.wild_ppm = upto(10'000);
        }
        both_down_ppm_ = upto(2) == 0 ? upto(5'000) : 0;
        link_down_ppm_ = upto(2) == 0 ? upto(4'000) : 0;
        kill_ppm_ = upto(2) == 0 ? upto(6'000) : 0;
        wipe_ppm_ = upto(9) == 0 ? upto(3'000) : 0;
        stop_ppm_ = upto(4) == 0 ? upto(4'000) : 0;
        cut_ppm_ = upto(1) == 0 ? upto(20'000) : 0;
        stall_ppm_ = upto(2) == 0 ? upto(10'000) : 0;
        slow_ppm_ = upto(3) == 0 ? upto(10'000) : 0;
        pause_ppm_ = upto(2) == 0 ? upto(10'000) : 0;
        refold_every_ = upto(1) == 0 ? 1 : 1 + upto(40);
        connected_late_ = upto(3) == 0;
    }

    // ---- events
    void say(const std::string& what) {
        const std::string line = std::to_string(step_) + " " + what;
        outcome_.hash = XXH3_64bits_withSeed(line.data(), line.size(), outcome_.hash);
        outcome_.events.push_back(line);
        if (outcome_.events.size() > kEventsKept) outcome_.events.pop_front();
    }
    [[noreturn]] void violated(const std::string& what) {
        say("VIOLATED: " + what);
        throw Violated(what);
    }
    PairRig::Server& server(int n) { return n == 0 ? pair_.one : pair_.two; }
    static std::string called(int n) { return "server " + std::to_string(n + 1); }

    // ---- the switch
    void send_frame(int n, Link link, std::size_t frame) {
        if (down_until_[n] != 0) return;  // nobody there
        players_[n]->send(frame, std::string(1, letter(link)));
    }
    void deliver(int n, Link link, std::size_t frame) {
        LinkTrouble& t = trouble(n, link);
        const bool first = frame < kFirstFrames || is_first_of_life(frame);
        if (step_ < t.down_until)
            return say(called(n) + letter(link) + " down, frame " + std::to_string(frame));
        if (!first) {
            if (t.burst_left == 0 && chance(t.burst_ppm)) t.burst_left = 1 + upto(20);
            if (t.burst_left != 0 || chance(t.loss_ppm)) {
                t.burst_left -= t.burst_left != 0 ? 1 : 0;
                return say(called(n) + letter(link) + " loses frame " + std::to_string(frame));
            }
            if (chance(t.corrupt_ppm)) {
                say(called(n) + letter(link) + " gets frame " + std::to_string(frame) + " damaged");
                if (down_until_[n] == 0) corrupt(n, link, frame);
                return;
            }
            if (chance(t.delay_ppm)) {
                delayed_.push_back({step_ + 1 + upto(60), n, link, frame});
                return;
            }
        }
        send_frame(n, link, frame);
        if (chance(t.dup_ppm)) send_frame(n, link, frame);
        if (chance(t.wild_ppm)) wild(n, link);
    }
    LinkTrouble& trouble(int n, Link link) { return links_[static_cast<std::size_t>(n) * 2 + index(link)]; }

    bool is_first_of_life(std::size_t frame) const {
        const OfferRun run = players_[0]->run(frame);
        return run.first.value <= kFirstFrames * Player::kFrame;
    }
    void corrupt(int n, Link link, std::size_t frame) {
        const OfferRun run = players_[0]->run(frame);
        std::array<std::byte, kFrameBytesDefault> buffer;
        FrameBuilder builder(buffer);
        FrameHeader h{};
        h.acd = 1;
        h.link = static_cast<u8>(link);
        h.epoch = run.stream.epoch.value;
        h.first_seq = run.first.value;
        builder.reset(h);
        Bytes rest = run.messages;
        for (u32 i = 0; i < run.count; ++i) {
            const u32 bytes = message_at(rest.data()).wire_bytes();
            builder.add_encoded(rest.first(bytes));
            rest = rest.subspan(bytes);
        }
        Bytes good = builder.finish(Nanos{0});
        std::vector<std::byte> bad(good.begin(), good.end());
        bad[random_() % bad.size()] ^= std::byte{1};
        server(n).rig.datagram(link, bad);
    }
    /// A number that nobody sent, far off, in a valid frame.
    void wild(int n, Link link) {
        if (down_until_[n] != 0) return;
        PipelineRig& rig = server(n).rig;
        std::array<std::byte, 64> bytes;
        const u32 size = write_message(bytes.data(), ClockSet{1, 1, 1});
        const u64 kept = std::exchange(rig.epoch, epoch_);
        rig.transmit(link, sent_seq_ + kWindowSeqs * 4 + upto(u64{1} << 40), Bytes(bytes).first(size), 1);
        rig.epoch = kept;
        say(called(n) + letter(link) + " gets a wild number");
    }
    void heartbeat(int n, Link link) {
        if (down_until_[n] != 0 || step_ < trouble(n, link).down_until || epoch_ == 0) return;
        PipelineRig& rig = server(n).rig;
        const u64 kept = std::exchange(rig.epoch, epoch_);
        rig.transmit(link, sent_seq_ + 1, {}, 0);
        rig.epoch = kept;
    }
    void send_due() {
        const u64 frames = pace_ != 0 ? pace_ : step_ % slow_pace_ == 0 ? 1 : 0;
        for (u64 i = 0; i < frames && next_frame_ < players_[0]->frames(); ++i, ++next_frame_) {
            const OfferRun run = players_[0]->run(next_frame_);
            epoch_ = run.stream.epoch.value;
            sent_seq_ = run.first.value + run.count - 1;
            for (int n = 0; n < 2; ++n)
                for (const Link link : {Link::A, Link::B}) deliver(n, link, next_frame_);
        }
        for (std::size_t i = 0; i < delayed_.size();) {
            if (delayed_[i].due > step_) {
                ++i;
                continue;
            }
            send_frame(delayed_[i].server, delayed_[i].link, delayed_[i].frame);
            delayed_.erase(delayed_.begin() + static_cast<std::ptrdiff_t>(i));
        }
        if (step_ % 100 == 0)
            for (int n = 0; n < 2; ++n)
                for (const Link link : {Link::A, Link::B}) heartbeat(n, link);
    }

    // ---- troubles of servers and connection
    void trouble_servers() {
        for (int n = 0; n < 2; ++n) {
            if (down_until_[n] != 0) {
                if (step_ >= down_until_[n]) rise(n);
                continue;
            }
            if (chance(kill_ppm_))
                fall(n, false, false);
            else if (chance(stop_ppm_))
                fall(n, true, false);
            else if (chance(wipe_ppm_) && down_until_[1 - n] == 0 && may_wipe(n))
                fall(n, false, true);
            if (chance(pause_ppm_)) {
                commit_paused_until_[n] = step_ + upto(200);
                say(called(n) + " commits nothing for a while");
            }
            if (chance(pause_ppm_)) {
                refold_paused_until_[n] = step_ + upto(400);
                say(called(n) + " refolds nothing for a while");
            }
            if (chance(both_down_ppm_)) {
                for (const Link link : {Link::A, Link::B})
                    trouble(n, link).down_until = step_ + 300 + upto(1'500);
                say(called(n) + " is deaf");
            }
            for (const Link link : {Link::A, Link::B}) {
                if (!chance(link_down_ppm_)) continue;
                trouble(n, link).down_until = step_ + upto(1'500);
                say(called(n) + letter(link) + " goes down");
            }
        }
        if (pair_.connected() && chance(cut_ppm_)) {
            say("the partner's connection breaks");
            pair_.disconnect();
        }
        for (int n = 0; n < 2; ++n) {
            if (chance(stall_ppm_)) {
                stalled_until_[n] = step_ + upto(1'000);
                say("what " + called(n) + " says is held up");
            }
            if (chance(slow_ppm_)) {
                slow_until_[n] = step_ + upto(1'000);
                say("what " + called(n) + " says goes slowly");
            }
        }
    }
    /// A machine may be replaced when its partner has all that it had: else names are gone that nobody agreed
    /// on.
    bool may_wipe(int n) {
        const LostNames here = missing_of(server(n));
        const LostNames there = missing_of(server(1 - n));
        const auto tip = [&](int of) {
            const auto streams = server(of).rig.snapshot().streams();
            return streams.empty() ? std::pair<u64, u64>{}
                                   : std::pair{streams.back().epoch, streams.back().next};
        };
        return there.empty() && here.empty() && tip(1 - n) >= tip(n) && next_frame_ > 8;
    }
    void fall(int n, bool orderly, bool wiped) {
        PairRig::Server& s = server(n);
        check_account(1 - n, n);
        say(called(n) + (wiped     ? " is replaced by an empty machine"
                         : orderly ? " is stopped"
                                   : " is killed"));
        ++outcome_.kills;
        pair_.disconnect();
        if (orderly) {
            s.rig.stop();
            s.rig.receive_only();
        }
        s.shim.reset();
        s.rig.drop();
        drain_ports(s);
        if (wiped) {
            std::filesystem::remove_all(s.rig.store_path());
            durable_[&s].clear();
        }
        down_until_[n] = step_ + 1 + upto(1'200);
    }
    /// What the wire brings to a machine that is down is gone.
    static void drain_ports(PairRig::Server& s) {
        for (const Link link : {Link::A, Link::B}) {
            std::array<RxFrame, kBurstFrames> burst;
            while (const std::size_t got = s.rig.port(link).receive(burst)) {
                std::array<void*, kBurstFrames> tokens;
                for (std::size_t i = 0; i < got; ++i) tokens[i] = burst[i].token;
                s.rig.port(link).release(std::span(tokens).first(got));
            }
        }
    }
    void rise(int n) {
        say(called(n) + " starts");
        down_until_[n] = 0;
        server(n).rig.open();
        start_shim(n);
    }
    void start_shim(int n) {
        PairRig::Server& s = server(n);
        PartnerConfig config = pair_.config_of(s);
        config.lost_after = lost_after_;
        config.self.life += ++lives_ * 1'000;
        pair_.start_shim(s, config);
    }
    void keep_connected() {
        if (pair_.connected() || down_until_[0] != 0 || down_until_[1] != 0 || connected_late_) return;
        if (step_ < connect_at_) return;
        connect_at_ = step_ + 50;
        wants_[0].clear();
        wants_[1].clear();
        pair_.connect();
        say("connected");
    }

    // ---- a step
    void step() {
        ++step_;
        for (int n = 0; n < 2; ++n) {
            PairRig::Server& s = server(n);
            s.rig.now.mono = s.rig.now.mono + 1_ms;
            s.rig.now.wall = s.rig.now.wall + 1_ms;
            if (down_until_[n] != 0) continue;
            Engine& engine = s.rig.engine();
            while (engine.poll_receive(s.rig.now) != 0) engine.poll_fold(s.rig.now);
            engine.poll_fold(s.rig.now);
            if (step_ >= commit_paused_until_[n]) engine.poll_commit(s.rig.now);
            if (step_ >= refold_paused_until_[n] && step_ % refold_every_ == 0) engine.poll_refold();
            if (step_ % 10 == 0) tell_links(s);
            s.shim->poll(s.rig.now);
        }
        if (down_until_[0] == 0 && down_until_[1] == 0) {
            move(0);
            move(1);
            if (pair_.connected() && (pair_.one.shim->over() || pair_.two.shim->over())) {
                say("the session ends: " + pair_.one.shim->status().text + " / " +
                    pair_.two.shim->status().text);
                pair_.disconnect();
            }
        }
        keep_connected();
        check_step();
    }
    static void tell_links(PairRig::Server& s) {
        const auto acds = s.rig.engine().status().acds;
        if (acds.empty()) return;
        s.shim->links(Acd{1}, acds[0].links[0].silent == 0, acds[0].links[1].silent == 0);
    }
    void move(int from) {
        std::vector<std::byte>& out = server(from).shim->out();
        if (!pair_.connected()) return out.clear();
        if (step_ < stalled_until_[from]) return;
        std::size_t n = std::min(out.size(), server(1 - from).shim->room());
        if (step_ < slow_until_[from]) n = std::min<std::size_t>(n, 300);
        watch_bytes(from, Bytes(out).first(n));
        server(1 - from).shim->received(Bytes(out).first(n));
        out.erase(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(n));
    }

    // ---- what must hold
    /// Reads along: no name may be asked for while it is on its way.
    void watch_bytes(int from, Bytes bytes) {
        auto& heard = heard_[from];
        heard.insert(heard.end(), bytes.begin(), bytes.end());
        std::size_t at = 0;
        for (;;) {
            const partner::FrameRead got = partner::read_frame(Bytes(heard).subspan(at));
            if (got.bytes == 0) break;
            if (got.fault == partner::FrameFault::Ok) watch_frame(from, got.frame);
            at += got.bytes;
        }
        heard.erase(heard.begin(), heard.begin() + static_cast<std::ptrdiff_t>(at));
    }
    void watch_frame(int from, const partner::FrameIn& frame) {
        using namespace partner;
        if (frame.template_id == Hello::kTemplate) {
            wants_[from].clear();
        } else if (frame.template_id == Want::kTemplate) {
            const auto want = frame.as<Want>();
            RangeSet asked;
            for (u32 n = 0; n < frame.entries; ++n) {
                const auto e = frame.entry<RangeEntry>(n);
                const Range range{Seq{e.first}, Seq{e.last}};
                for (const auto& [id, other] : wants_[from])
                    if (other.first.value == want.epoch && other.second.touches(range) &&
                        id + 64 > want.request)
                        violated(called(from) + " asks for " + std::to_string(e.first) + " to " +
                                 std::to_string(e.last) + " while they are on their way");
                asked.add(range);
            }
            say(called(from) + " asks for " + std::to_string(asked.names()) + " names");
            wants_[from][want.request] = {Epoch{want.epoch}, asked};
        } else if (frame.template_id == Block::kTemplate) {
            const auto block = frame.as<Block>();
            if ((block.flags & kBlockLast) != 0) wants_[1 - from].erase(block.request);
        }
    }
    void check_step() {
        for (int n = 0; n < 2; ++n) {
            if (down_until_[n] != 0) continue;
            const PairRig::Server& s = server(n);
            if (step_ % 50 == 0 && pair_.count(s, Counter::SessionsBroken) != 0)
                violated(called(n) + ": " + s.shim->status().text);
            if (s.shim->out().size() > (std::size_t{16} << 20))
                violated(called(n) + ": what is to be sent grows");
            if (step_ % 50 == 0) check_durable(n);
            if (step_ % 97 == 0) check_account(n, 1 - n);
        }
    }
    /// What is durable never goes back, and all that the gap table has is within its bounds.
    void check_durable(int n) {
        PairRig::Server& s = server(n);
        const StoreSnapshot snapshot = s.rig.snapshot();
        for (const StreamRecord& stream : snapshot.streams()) {
            auto& known = durable_[&s][stream.epoch];
            if (stream.next < known.first) violated(called(n) + ": names that were durable are gone");
            if (stream.watermark < known.second) violated(called(n) + ": the watermark went back");
            known = {stream.next, stream.watermark};
            u64 missing = 0;
            for (const GapRecord& gap :
                 snapshot.gaps({.acd = Acd{1}, .epoch = Epoch{stream.epoch}, .states = GapFilter::kMissing}))
                missing += gap.missing;
            if (missing != stream.missing) violated(called(n) + ": gaps and stream do not add up");
            if (stream.messages + stream.missing + 1 != stream.next)
                violated(called(n) + ": messages and missing names do not add up to the names");
        }
        if (s.shim->status().asked > partner::kNamesInFlight) violated(called(n) + ": too much in flight");
    }
    /// Nobody is told to hold what is not durable.
    void check_account(int teller, int of) {
        if (down_until_[teller] != 0 || down_until_[of] != 0 || !pair_.connected()) return;
        const StoreSnapshot snapshot = server(of).rig.snapshot();
        for (const auto& [stream, holding] : server(teller).shim->theirs()) {
            const auto record = snapshot.stream(stream);
            if (!record || Seq{record->next} < holding.next)
                violated(called(of) + " told of names that are not durable there");
            for (const GapRecord& gap :
                 snapshot.gaps({.acd = stream.acd, .epoch = stream.epoch, .states = GapFilter::kMissing})) {
                const Seq last = std::min(Seq{gap.last}, holding.next - 1);
                if (Seq{gap.first} <= last && gap.merged == 0 &&
                    !holding.missing.holds({Seq{gap.first}, last}) &&
                    reported_.insert({of, stream.epoch.value, gap.first, step_ / 4'000}).second &&
                    gap.opened_wall + 2'000'000'000 < server(of).rig.now.wall.value &&
                    step_ >= stalled_until_[of] + 500 && step_ >= slow_until_[of] + 500)
                    violated(called(of) + " lacks " + std::to_string(gap.first) + " to " +
                             std::to_string(gap.last) + " and has not told");
            }
        }
    }
    LostNames missing_of(PairRig::Server& s) {
        LostNames all;
        std::map<Epoch, partner::RangeSet> sets;  // neighbours are one, however they came about
        for (const GapRecord& gap :
             s.rig.snapshot().gaps({.acd = {}, .epoch = {}, .states = GapFilter::kMissing}))
            sets[Epoch{gap.epoch}].add(gap.range());
        for (const auto& [epoch, set] : sets) all[epoch].assign(set.ranges().begin(), set.ranges().end());
        return all;
    }

    // ---- the two phases
    void troubles() {
        for (int n = 0; n < 2; ++n) start_shim(n);
        for (u64 last = 0; next_frame_ < players_[0]->frames() || last < 200; ++last) {
            if (next_frame_ < players_[0]->frames()) last = 0;
            trouble_servers();
            send_due();
            step();
        }
    }
    void calm() {
        say("calm");
        links_ = {};
        both_down_ppm_ = link_down_ppm_ = kill_ppm_ = wipe_ppm_ = stop_ppm_ = cut_ppm_ = stall_ppm_ =
            slow_ppm_ = pause_ppm_ = 0;
        stalled_until_ = slow_until_ = commit_paused_until_ = refold_paused_until_ = {};
        connected_late_ = false;
        for (const Delayed& d : delayed_) send_frame(d.server, d.link, d.frame);
        delayed_.clear();
        for (int n = 0; n < 2; ++n)
            if (down_until_[n] != 0) rise(n);
        heal();
        late_copies();
    }
    void heal() {
        const u64 begin = step_;
        for (u64 quiet = 0; quiet < 400;) {
            if (step_ - begin > kCalmMost) violated("the pair does not heal: " + state());
            send_due();
            step();
            quiet = healed() ? quiet + 1 : 0;
        }
    }
    /// What both had given up turns up all the same, some of it, at one of them.
    void late_copies() {
        if (upto(2) != 0) return;
        const LostNames lost = missing_of(pair_.one);
        bool any = false;
        for (std::size_t f = 0; f < players_[0]->frames(); ++f) {
            const OfferRun run = players_[0]->run(f);
            const auto ranges = lost.find(run.stream.epoch);
            if (ranges == lost.end() || upto(1) != 0) continue;
            const bool given_up =
                std::ranges::any_of(ranges->second, [&](const Range& r) { return r.holds(run.first); });
            if (!given_up) continue;
            const int n = static_cast<int>(upto(1));
            say(called(n) + " gets frame " + std::to_string(f) + " after all");
            send_frame(n, Link::A, f);
            any = true;
        }
        if (any) heal();
    }
    /// All that is missing was agreed to be lost, on both alike, and nothing waits to be folded.
    bool healed() {
        if (step_ % 20 != 0) return was_healed_;
        was_healed_ = false;
        for (int n = 0; n < 2; ++n) {
            const EngineStatus s = server(n).rig.engine().status();
            if (s.refolding || s.committed_messages != s.messages || s.acds.empty()) return false;
            if (s.acds[0].stream.epoch != epoch_ || s.acds[0].stream.next != sent_seq_ + 1) return false;
            if (server(n).shim->status().asked != 0) return false;
            for (const GapRecord& gap : server(n).rig.snapshot().gaps())
                if (gap.state == GapState::Open || gap.state == GapState::Requested ||
                    gap.state == GapState::Filled)
                    return false;
        }
        if (missing_of(pair_.one) != missing_of(pair_.two)) return false;
        return was_healed_ = lives_of(pair_.one) == lives_of(pair_.two);
    }
    static std::vector<std::pair<u64, u64>> lives_of(PairRig::Server& s) {
        std::vector<std::pair<u64, u64>> lives;
        for (const StreamRecord& stream : s.rig.snapshot().streams())
            lives.emplace_back(stream.epoch, stream.next);
        return lives;
    }
    std::string state() {
        std::string text;
        for (int n = 0; n < 2; ++n) {
            PairRig::Server& s = server(n);
            const EngineStatus e = s.rig.engine().status();
            text += "\n  " + called(n) + ": " + s.shim->status().text + " asked " +
                    std::to_string(s.shim->status().asked) + (e.refolding ? " refolding" : "") + " next";
            for (const auto& [epoch, next] : lives_of(s))
                text += " " + std::to_string(epoch) + ":" + std::to_string(next);
            text += " of " + std::to_string(epoch_) + ":" + std::to_string(sent_seq_ + 1) + " gaps";
            for (const GapRecord& gap : s.rig.snapshot().gaps())
                if (gap.state != GapState::Healed)
                    text += " " + std::to_string(gap.first) + "-" + std::to_string(gap.last) + ":" +
                            std::string(name(gap.state));
        }
        return text;
    }
    void compare() {
        const LostNames lost = missing_of(pair_.one);
        for (const auto& [epoch, ranges] : lost)
            for (const Range& range : ranges) outcome_.lost += range.count();
        Ends ends;
        for (const auto& [epoch, next] : lives_of(pair_.one)) ends[Epoch{epoch}] = Seq{next};
        const std::string want = fold_of(truth_, lost, ends);
        for (int n = 0; n < 2; ++n) {
            outcome_.filled_by_partner += pair_.count(server(n), Counter::NamesIn);
            server(n).rig.stop();
            const std::string got = store_of(server(n).rig.snapshot());
            if (got != want)
                violated(called(n) + " holds other rows than a plain fold of the truth\n" +
                         first_difference(want, got));
            check_journal(n, lost, ends);
        }
    }
    /// What was lost is in neither journal, and all else is, byte for byte.
    void check_journal(int n, const LostNames& lost, const Ends& ends) {
        const StoreSnapshot snapshot = server(n).rig.snapshot();
        for (const auto& [epoch, first] : truth_.lives) {
            const auto known = ends.find(epoch);
            if (known == ends.end() || known->second.value == 1) continue;
            const Range names{Seq{1}, known->second - 1};
            partner::RangeSet rest;
            rest.add(names);
            if (const auto at = lost.find(epoch); at != lost.end())
                for (const Range& range : at->second) rest.remove(range);
            snapshot.blocks({Acd{1}, epoch}, names, [&](const BlockView& block) {
                const std::size_t from = first + block.range.first.value - 1;
                const Bytes want = truth_.range(from, from + block.range.count());
                if (!std::ranges::equal(want, block.messages))
                    violated(called(n) + ": the journal differs from what was sent, from " +
                             std::to_string(block.range.first.value));
                if (!rest.holds(block.range))
                    violated(called(n) + ": the journal holds what is lost, or twice");
                rest.remove(block.range);
                return true;
            });
            if (!rest.empty())
                violated(called(n) + ": the journal lacks " +
                         std::to_string(rest.ranges().front().first.value));
        }
    }

    std::mt19937_64 random_;
    SimStream truth_;
    PairRig pair_;
    std::array<std::unique_ptr<Player>, 2> players_;
    Outcome outcome_;
    u64 step_ = 0;
    u64 pace_ = 1;  ///< frames a step; 0 = one in so many steps:
    u64 slow_pace_ = 1;
    std::size_t next_frame_ = 0;
    u64 epoch_ = 0;
    u64 sent_seq_ = 0;
    std::array<LinkTrouble, 4> links_;
    std::vector<Delayed> delayed_;
    u64 link_down_ppm_ = 0;
    u64 both_down_ppm_ = 0;
    u64 kill_ppm_ = 0;
    u64 wipe_ppm_ = 0;
    u64 stop_ppm_ = 0;
    u64 cut_ppm_ = 0;
    u64 stall_ppm_ = 0;
    u64 slow_ppm_ = 0;
    u64 pause_ppm_ = 0;
    u64 refold_every_ = 1;
    bool connected_late_ = false;
    bool was_healed_ = false;
    u64 connect_at_ = 0;
    u64 lives_ = 0;
    Nanos lost_after_;
    std::array<u64, 2> down_until_{};
    std::array<u64, 2> commit_paused_until_{};
    std::array<u64, 2> refold_paused_until_{};
    std::array<u64, 2> stalled_until_{};
    std::array<u64, 2> slow_until_{};
    std::array<std::vector<std::byte>, 2> heard_;
    std::array<std::map<u32, std::pair<Epoch, partner::RangeSet>>, 2> wants_;
    std::map<const PairRig::Server*, std::map<u64, std::pair<u64, u64>>> durable_;
    std::set<std::tuple<int, u64, u64, u64>> reported_;
};

}  // namespace

Outcome run_seed(u64 seed) { return World(seed).run(); }

}  // namespace twinlink::sim_test
