// See world.hpp. The top layer: what happens to servers and connection, step by step, and the two phases.
#include "tests/sim/world.hpp"

#include "tests/sim/checks.hpp"

namespace twinlink::sim_test {
namespace {

class World final : public Checks {
public:
    explicit World(u64 seed) : Checks(seed) {}

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
            // Its links may be longer in coming than its partner.
            if (upto(1) == 0)
                for (const Link link : {Link::A, Link::B})
                    trouble(n, link).down_until = step_ + 1'200 + upto(2'000);
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
        config.self.life += ++lives_ * 1'000;
        // Long silences are rare in so short a time: deaf servers follow into new lives sooner.
        config.lives_after = Nanos{50'000'000 * (1 + outcome_.seed % 8)};
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
};

}  // namespace

Outcome run_seed(u64 seed) { return World(seed).run(); }

}  // namespace twinlink::sim_test
