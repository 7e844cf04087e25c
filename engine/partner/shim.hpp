// The partner shim: what this server and its partner tell, ask and give each other, as a pure core.
//
// One thread (the partner thread) calls everything but status(). Bytes come in through received() and go out
// through out(); whoever owns the connection (tools/twinlinkd/partner_link.hpp, or a test) moves them. Time
// is a parameter. It reads this server's own store in short snapshots, learns from the mirror feed what
// became durable, and hands what the partner gives to the fold stage through an offer desk; it never writes
// the store.
//
//     mirror feed ──▶ own holdings ──┬──▶ Mirror: Have ─────────────────────────▶ partner
//                                    ├──▶ Fetcher: Want ─▶ ... ─▶ Block ──▶ offer desk ──▶ fold stage
//     partner ──▶ Have: theirs ──────┘
//     partner ──▶ Want ──▶ Lender: journal ──▶ Block, Lack ─────────────────────▶ partner
//
// Bounds: each buffer, queue and set below has a constant beside it; a partner that goes beyond one has
// broken the protocol, which ends the session and changes nothing else.
#pragma once

#include "engine/offer.hpp"
#include "engine/partner/account_pages.hpp"
#include "engine/partner/differing_rows.hpp"
#include "engine/partner/digests.hpp"
#include "engine/partner/fetcher.hpp"
#include "engine/partner/frames.hpp"
#include "engine/partner/holdings.hpp"
#include "engine/partner/lender.hpp"
#include "engine/partner/losses.hpp"
#include "engine/partner/mirror.hpp"
#include "engine/partner/mirror_feed.hpp"
#include "engine/partner/rivals.hpp"
#include "engine/partner/session.hpp"

#include <twinlink/store_reader.hpp>

#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace twinlink {

struct PartnerConfig {
    partner::Identity self;
    std::vector<Acd> acds;
    Nanos heartbeat_every = 100_ms;
    u32 heartbeats_missed_max = 5;
    Nanos have_every = 10_ms;  ///< the least time between two Haves of one stream
    Nanos lost_after = 10_s;   ///< T_lost: how long both wait for what neither has
    /// How long an ACD must be heard on no link before lives that the partner has are taken up. Chosen: three
    /// times what a link waits for before it believes a life without a pump-up.
    Nanos lives_after = 10_s;
    u64 lend_bytes_per_s = u64{256} << 20;
};

/// One moment of the pair, as this server knows it.
struct PartnerStatus {
    struct OfStream {
        Stream stream;
        Seq own_next;
        Seq their_next;
        u64 own_missing = 0;
        u64 their_missing = 0;
        u64 wanted = 0;        ///< names that we lack and they have
        u64 wanted_there = 0;  ///< names that they lack and we have
        u64 both_missing = 0;  ///< names that neither has
    };
    partner::SessionState state = partner::SessionState::Closed;
    std::string text;  ///< why there is no session, or what ended the last one
    std::string partner_name;
    u16 partner_server = 0;
    u16 version = 0;
    Nanos up_since;    ///< monotonic, of the session
    Nanos round_trip;  ///< 0 = not measured yet
    u64 their_refilling = 0;
    u64 to_come = 0;  ///< names that we lack and they have, and that no link is about to bring
    std::vector<OfStream> streams;
    u64 asked = 0;              ///< names in flight
    std::vector<u64> counters;  ///< by partner::Counter
};

class PartnerShim {
public:
    PartnerShim(const PartnerConfig& config, StoreReader own, OfferDesk& desk, MirrorFeed& feed);

    // ---- the connection's part
    /// A connection is up: greets.
    void connected(Now now);
    /// Bytes that came. Precondition: at most room().
    void received(Bytes bytes);
    [[nodiscard]] std::size_t room() const noexcept;
    /// The connection is gone, or could not be made.
    void disconnected(std::string_view why, Now now);
    /// Bytes to be sent, in order; the connection takes them out.
    [[nodiscard]] std::vector<std::byte>& out() noexcept { return out_; }
    /// The session is over: send what is in out(), then close.
    [[nodiscard]] bool over() const noexcept { return session_.state() == partner::SessionState::Over; }

    /// A slice: takes what came, lets time pass, says and asks what is due. Returns frames, 0 when idle.
    std::size_t poll(Now now);
    /// Whether an ACD is heard on its links: tells the partner, and lets the tail be asked for.
    void links(Acd acd, bool a, bool b);
    /// Whether something that came late has yet to be folded in here: until then rows differ for that reason.
    void refolding(bool yes) noexcept { refolding_ = yes; }
    /// Orderly end of a session.
    void bye(partner::ByeWhy why, std::string_view text);

    /// Any thread: what is held here and there, table by table and interval by interval.
    [[nodiscard]] std::vector<Compared> compared() const { return digests_.compared(); }
    /// Any thread: asks for the partner's account. Null: another question is under way; ask again.
    [[nodiscard]] AccountAnswerPtr ask_account(const AccountQuestion& q) { return account_asks_.ask(q); }
    /// Any thread: which rows of a table and interval differ. Null: another question is under way; ask again.
    [[nodiscard]] RowsAnswerPtr ask_rows(const RowsQuestion& q) { return row_asks_.ask(q); }
    /// What the partner is known to hold.
    [[nodiscard]] const partner::Holdings& theirs() const noexcept { return theirs_; }
    /// Any thread.
    [[nodiscard]] PartnerStatus status() const;

private:
    std::size_t take_frames(Now now);
    void take(const partner::FrameIn& frame, Now now);
    // lives.cpp
    void learn_lives();
    void listen(Now now);
    void take_up_lives(Now now);
    [[nodiscard]] std::optional<std::pair<Stream, Range>> next_life(Acd acd) const;
    void learn_own();
    bool room_for_life(Stream stream);
    void reload_own();
    void read_pruned();
    void read_pruned(const StoreSnapshot& snapshot);
    void look_into_differences(Now now);
    bool compare_interval(partner::Digests::Key key, u32 back);
    [[nodiscard]] bool accounts_alike(Acd acd) const;
    void count_to_come();
    void tell_needs();
    void publish(Now now);
    [[nodiscard]] std::vector<Acd> deaf() const;

    PartnerConfig config_;
    StoreReader own_reader_;
    OfferDesk& desk_;
    MirrorFeed& feed_;
    partner::ShimCounters counters_;
    partner::Holdings own_;
    partner::Holdings theirs_;
    u64 transaction_ = 0;  ///< own_ is as of this one at least
    std::vector<std::byte> in_;
    std::size_t in_at_ = 0;  ///< bytes of in_ that are dealt with
    std::vector<std::byte> out_;
    partner::Session session_;
    partner::Mirror mirror_;
    partner::Fetcher fetcher_;
    partner::Lender lender_;
    partner::Losses losses_;
    partner::Digests digests_;
    AccountAsks account_asks_;
    partner::AccountLender account_lender_;
    RowAsks row_asks_;
    partner::RowLender row_lender_;
    partner::Rivals rivals_;
    /// An interval that differs, and how far back its cause was looked for.
    struct Looking {
        partner::Digests::Key key;
        u32 back = 0;
        u64 found_before = 0;
    };
    std::optional<Looking> looking_;
    std::map<Stream, Seq> lives_told_;  ///< the fold stage was told how far the partner knows them
    /// An ACD that is heard on no link.
    struct Deaf {
        Nanos since;
        Nanos looked_at;  ///< for lives to take up; 0 = not yet
    };
    std::map<Acd, Deaf> deaf_;
    u64 to_come_ = 0;  ///< names that the partner has and this server lacks
    bool refolding_ = false;
    Nanos digests_at_;
    Nanos published_at_;
    mutable std::mutex status_mutex_;  // the partner thread only tries it
    PartnerStatus status_;
};

}  // namespace twinlink
