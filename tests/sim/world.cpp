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
            trouble();
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
            if (!up(n)) {
                if (step_ >= down_until_[index(n)]) rise(n);
                continue;
            }
            if (dice_.chance(troubles_.kill))
                fall(n, End::Killed);
            else if (dice_.chance(troubles_.stop))
                fall(n, End::Stopped);
            else if (dice_.chance(troubles_.wipe) && up(1 - n) && may_wipe(n))
                fall(n, End::Replaced);
            trouble_stages(n);
            trouble_links(n);
            if (dice_.chance(troubles_.clock)) {
                Nanos& wall = server(n).rig.now.wall;
                const u64 by = dice_.upto(7'200);
                wall = wall + Nanos{by * 1'000'000'000} - 3'600_s;
                ++outcome_.clocks;
                say(called(n) + " has its clock set, by " + std::to_string(by) + " s less an hour");
            }
        }
    }
    void trouble_stages(int n) {
        if (dice_.chance(troubles_.pause)) {
            commit_paused_until_[index(n)] = step_ + dice_.upto(dice_.one_in(4) ? 1'000 : 200);
            say(called(n) + " commits nothing for a while");
        }
        if (dice_.chance(troubles_.pause)) {
            refold_paused_until_[index(n)] = step_ + dice_.upto(dice_.one_in(4) ? 2'000 : 400);
            say(called(n) + " refolds nothing for a while");
        }
    }
    void trouble_links(int n) {
        if (dice_.chance(troubles_.both_down)) {
            for (const Link link : {Link::A, Link::B})
                Links::trouble(n, link).down_until = step_ + 300 + dice_.upto(1'500);
            say(called(n) + " is deaf");
        }
        for (const Link link : {Link::A, Link::B}) {
            if (!dice_.chance(troubles_.link_down)) continue;
            Links::trouble(n, link).down_until = step_ + dice_.upto(1'500);
            say(called_link(n, link) + " goes down");
        }
    }
    void trouble_others() {
        if (pair_.connected() && dice_.chance(troubles_.cut)) {
            say("the partner's connection breaks");
            ++outcome_.cuts;
            disconnect();
        }
        for (int n = 0; n < 2; ++n) {
            if (dice_.chance(troubles_.stall)) {
                stalled_until_[index(n)] = step_ + dice_.upto(1'000);
                say("what " + called(n) + " says is held up");
            }
            // Not for ever: what is known of the partner would become older and older.
            if (dice_.chance(troubles_.slow) && step_ >= slow_until_[index(n)] + 1'000) {
                constexpr std::array<std::size_t, 3> kBytesAStep{300, 20, 6};
                slow_bytes_[index(n)] = kBytesAStep[dice_.upto(2)];
                slow_until_[index(n)] = step_ + dice_.upto(dice_.one_in(4) ? 7'000 : 1'000);
                say("what " + called(n) + " says goes slowly");
            }
        }
        for (Switch& s : switches_) {
            if (!dice_.chance(troubles_.quiet)) continue;
            s.quiet_until = step_ + dice_.upto(2'000);
            say("ACD " + std::to_string(s.acd.value) + " says nothing");
        }
    }
    /// A machine may be replaced when its partner has all that it had: else names are gone that nobody agreed
    /// on.
    bool may_wipe(int n) {
        if (!missing_of(server(1 - n)).empty() || !missing_of(server(n)).empty()) return false;
        const Ends here = lives_of(server(n));
        const Ends there = lives_of(server(1 - n));
        const bool all_there = std::ranges::all_of(here, [&](const auto& life) {
            const auto at = there.find(life.first);
            return at != there.end() && at->second >= life.second;
        });
        return all_there && std::ranges::all_of(switches_, [](const Switch& s) { return s.next_frame > 8; });
    }

    enum class End : u8 { Killed, Stopped, Replaced };
    void fall(int n, End how) {
        PairRig::Server& s = server(n);
        check_account(1 - n, n);
        say(called(n) + (how == End::Replaced  ? " is replaced by an empty machine"
                         : how == End::Stopped ? " is stopped"
                                               : " is killed"));
        ++outcome_.kills;
        disconnect();
        if (how == End::Stopped) {
            s.rig.stop();
            s.rig.receive_only();
            check_rows(n, Of::All);
        }
        look(n, s.rig.snapshot());
        s.shim.reset();
        s.rig.drop();
        drain_ports(s);
        if (how == End::Replaced) {
            std::filesystem::remove_all(s.rig.store_path());
            durable_[index(n)].clear();
            forget(n);
            ++outcome_.wiped;
            // Its links may be longer in coming than its partner.
            if (dice_.one_in(2))
                for (const Link link : {Link::A, Link::B})
                    Links::trouble(n, link).down_until = step_ + 1'200 + dice_.upto(2'000);
        }
        at_rest_since_[index(n)] = 0;
        down_until_[index(n)] = step_ + 1 + dice_.upto(1'200);
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
    /// A server that starts has, after its first commit, what its journal gives.
    void rise(int n) {
        say(called(n) + " starts");
        down_until_[index(n)] = 0;
        PipelineRig& rig = server(n).rig;
        rig.open();
        rig.engine().poll_fold(rig.now);
        rig.engine().poll_commit(rig.now);
        check_rows(n, Of::All);
        start_shim(n);
    }
    void start_shim(int n) {
        PairRig::Server& s = server(n);
        PartnerConfig config = pair_.config_of(s);
        config.self.life += ++lives_ * 1'000;
        config.lost_after = settings_.lost_after;
        config.acds.clear();
        for (const Switch& of : switches_) config.acds.push_back(of.acd);
        // Long silences are rare in so short a time: deaf servers follow into new lives sooner.
        config.lives_after = Nanos{50'000'000 * (1 + outcome_.seed % 8)};
        pair_.start_shim(s, config);
    }
    void keep_connected() {
        if (pair_.connected() || !up(0) || !up(1) || (settings_.connected_late && !calm_)) return;
        if (step_ < connect_at_) return;
        connect_at_ = step_ + 50;
        pair_.connect();
        connections_.push_back({step_, 0});
        if (connections_.size() > 32) connections_.pop_front();
        say("connected");
    }
    void disconnect() {
        if (!pair_.connected()) return;
        pair_.disconnect();
        connections_.back().ended = step_;
        connection_ends();
    }

    // ---- a step
    void step() {
        ++step_;
        for (int n = 0; n < 2; ++n) {
            Now& now = server(n).rig.now;
            const Nanos passed{1'000'000 + settings_.drift_ns[index(n)]};
            now = {now.mono + passed, now.wall + passed};
            if (up(n)) work(n);
        }
        if (up(0) && up(1)) {
            move(0);
            move(1);
            if (pair_.connected() && (pair_.one.shim->over() || pair_.two.shim->over())) {
                say("the session ends: " + pair_.one.shim->status().text + " / " +
                    pair_.two.shim->status().text);
                disconnect();
            }
        }
        keep_connected();
        check_step();
    }
    void work(int n) {
        PairRig::Server& s = server(n);
        Engine& engine = s.rig.engine();
        while (engine.poll_receive(s.rig.now) != 0) engine.poll_fold(s.rig.now);
        engine.poll_fold(s.rig.now);
        if (step_ >= commit_paused_until_[index(n)]) engine.poll_commit(s.rig.now);
        if (step_ >= refold_paused_until_[index(n)] && step_ % settings_.refold_every == 0)
            engine.poll_refold();
        if (step_ % 10 == 0) tell_links(s);
        s.shim->poll(s.rig.now);
    }
    static void tell_links(PairRig::Server& s) {
        const EngineStatus status = s.rig.engine().status();
        s.shim->refolding(status.refolding);
        for (const AcdStatus& acd : status.acds)
            s.shim->links(Acd{acd.stream.acd}, acd.links[0].silent == 0, acd.links[1].silent == 0);
    }
    void move(int from) {
        std::vector<std::byte>& out = server(from).shim->out();
        if (!pair_.connected()) return out.clear();
        if (out.empty() || step_ < stalled_until_[index(from)]) return;
        std::size_t n = std::min(out.size(), server(1 - from).shim->room());
        if (step_ < slow_until_[index(from)]) n = std::min(n, slow_bytes_[index(from)]);
        watch_bytes(from, Bytes(out).first(n));
        server(1 - from).shim->received(Bytes(out).first(n));
        out.erase(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(n));
    }

    // ---- the two phases
    void trouble() {
        for (int n = 0; n < 2; ++n) start_shim(n);
        for (u64 last = 0; last < 200; ++last) {
            if (!std::ranges::all_of(switches_, [](const Switch& s) { return s.over(); })) last = 0;
            trouble_servers();
            trouble_others();
            send_due();
            step();
        }
    }
    void calm() {
        say("calm");
        calm_ = true;
        for (LinkTrouble& t : links_) t = {.down_until = t.down_until};  // ends by itself
        troubles_ = {};
        stalled_until_ = slow_until_ = commit_paused_until_ = refold_paused_until_ = {};
        for (Switch& s : switches_) s.quiet_until = 0;
        send_delayed();
        for (int n = 0; n < 2; ++n)
            if (!up(n)) rise(n);
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
        if (!dice_.one_in(3)) return;
        const LostNames lost = missing_of(pair_.one);
        bool any = false;
        for (Switch& s : switches_) {
            for (std::size_t f = 0; f < s.players[0]->frames(); ++f) {
                const OfferRun run = s.players[0]->run(f);
                const auto ranges = lost.find(run.stream);
                if (ranges == lost.end() || !dice_.one_in(2)) continue;
                const bool given_up =
                    std::ranges::any_of(ranges->second, [&](const Range& r) { return r.holds(run.first); });
                if (!given_up) continue;
                const int n = dice_.one_in(2) ? 0 : 1;
                say(called(n) + " gets frame " + std::to_string(f) + " after all");
                s.players[index(n)]->send(f, "A");
                any = true;
            }
        }
        if (any) heal();
    }

    bool calm_ = false;
    u64 connect_at_ = 0;
    u64 lives_ = 0;
    std::array<u64, 2> refold_paused_until_{};
    std::array<std::size_t, 2> slow_bytes_{};
};

}  // namespace

Outcome run_seed(u64 seed) { return World(seed).run(); }

}  // namespace twinlink::sim_test
