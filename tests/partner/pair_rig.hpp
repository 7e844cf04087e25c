// A pair of servers in one thread: two whole servers, each with a shim, and the bytes between them moved by
// hand. Time is a number; the connection breaks when a test says so.
#pragma once

#include "engine/partner/shim.hpp"
#include "tests/pipeline/stream_rig.hpp"

namespace twinlink::test {

class PairRig {
public:
    struct Server {
        explicit Server(EngineConfig config) : rig(std::move(config)) {}
        PipelineRig rig;
        std::unique_ptr<PartnerShim> shim;
        bool links = true;  ///< as the shim is told
    };

    explicit PairRig(const EngineConfig& config = PipelineRig::defaults()) : one(config), two(config) {
        two.rig.now.mono = 5'000_s;  // clocks of two machines have nothing to do with each other
        for (Server* s : {&one, &two}) start_shim(*s);
    }

    PartnerConfig config_of(const Server& s) const {
        PartnerConfig config;
        config.self.pair = {1, 2};
        config.self.server = &s == &one ? 1 : 2;
        config.self.life = 100 + config.self.server;
        config.self.fold_version = kFoldVersion;
        config.self.name = &s == &one ? "one" : "two";
        config.acds = {Acd{1}};
        return config;
    }
    void start_shim(Server& s) { start_shim(s, config_of(s)); }
    void start_shim(Server& s, const PartnerConfig& config) {
        auto own = StoreReader::open(s.rig.store_path());
        REQUIRE(own.has_value());
        s.shim = std::make_unique<PartnerShim>(config, std::move(*own), s.rig.engine().partner_offers(),
                                               s.rig.engine().mirror_feed());
    }
    /// As after kill -9, and a new start on the same store.
    void restart(Server& s) {
        disconnect();
        s.shim.reset();
        s.rig.drop();
        s.rig.open();
        start_shim(s);
    }

    void connect() {
        connected_ = true;
        one.shim->connected(one.rig.now);
        two.shim->connected(two.rig.now);
    }
    void disconnect() {
        if (!std::exchange(connected_, false)) return;
        one.shim->disconnected("cut by the test", one.rig.now);
        two.shim->disconnected("cut by the test", two.rig.now);
    }
    [[nodiscard]] bool connected() const { return connected_; }

    /// Both servers and what they say, 1 ms apart.
    void run(Nanos span) {
        for (u64 t = 0; t < span.value; t += 1'000'000) {
            for (Server* s : {&one, &two}) {
                s->rig.run(1_ms);
                s->shim->links(Acd{1}, s->links, s->links);
                s->shim->poll(s->rig.now);
            }
            move(one, two);
            move(two, one);
            if (one.shim->over() || two.shim->over()) disconnect();
        }
    }
    /// Until nobody asks, refolds or rolls any more.
    void settle() {
        std::array<u64, 6> before{};
        for (int quiet = 0, i = 0; quiet < 4 && i < 600; ++i) {
            run(100_ms);
            std::array<u64, 6> now{};
            for (const Server* s : {&one, &two}) {
                const EngineStatus e = const_cast<Server*>(s)->rig.engine().status();
                const std::size_t at = s == &one ? 0 : 3;
                now[at] = e.refolded_messages;
                now[at + 1] = e.messages;
                now[at + 2] = s->shim->status().asked + e.periods_due;
            }
            quiet = now == before ? quiet + 1 : 0;
            before = now;
        }
    }
    [[nodiscard]] u64 count(const Server& s, partner::Counter counter) const {
        const PartnerStatus status = s.shim->status();
        return status.counters.empty() ? 0 : status.counters[static_cast<std::size_t>(counter)];
    }

    Server one;
    Server two;

private:
    void move(Server& from, Server& to) {
        std::vector<std::byte>& out = from.shim->out();
        if (!connected_) return out.clear();
        const std::size_t n = std::min(out.size(), to.shim->room());
        to.shim->received(Bytes(out).first(n));
        out.erase(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(n));
    }

    bool connected_ = false;
};

}  // namespace twinlink::test
