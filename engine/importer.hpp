// Sorts what a capture or another store holds by what this server has of it, and offers what is missing.
//
// Pure: one thread drives it with pieces of validated messages and its clock. It looks the names up in this
// server's own store, in snapshots that last one look-up, so that only what may be missing reaches the fold
// stage, and held copies are compared byte by byte without costing it anything. What it knows may be
// kViewAge old: the arbiter decides. Memory is bounded: kViewsMax streams, each with its gaps and one block.
#pragma once

#include "engine/offer.hpp"

#include <twinlink/store_reader.hpp>

#include <map>
#include <span>
#include <vector>

namespace twinlink {

/// A run of messages from a source: names first .. first + count - 1.
struct OfferRun {
    Stream stream;
    Seq first;
    u32 count = 0;
    Bytes messages;
};

class Importer {
public:
    /// `acds`: the switches whose messages are wanted. `by`: what gaps that are closed will say. `dry`:
    /// offers nothing, and counts as filled what it would offer.
    Importer(OfferDesk& desk, StoreReader own, std::span<const Acd> acds, FilledBy by, bool dry = false);
    /// Gives back a piece that is being gathered.
    ~Importer();
    Importer(const Importer&) = delete;
    Importer& operator=(const Importer&) = delete;

    /// Sorts and offers; takes what it dealt with off the front of `run`. False when the fold stage has to
    /// catch up first: wait and call again with what is left. Errors: the own store cannot be read.
    [[nodiscard]] Expected<bool> take(OfferRun& run, Nanos mono);
    /// Sends what is gathered on its way.
    void flush();
    /// The fold stage has dealt with all that was offered.
    [[nodiscard]] bool taken() const noexcept { return piece_ == nullptr && desk_.idle(); }
    /// Any thread: what became of messages here; beside it count the desk's.
    [[nodiscard]] const OfferCounters& counts() const noexcept { return counts_; }

private:
    /// What the own store knows of a stream, as of `read_at`.
    struct View {
        Nanos read_at;
        Seq next;
        bool over = false;            // another life has begun since
        Seq pruned;                   // names up to this one are not in the journal
        std::vector<GapRecord> gaps;  // missing ones, ascending
        std::vector<Range> offered;   // since then, ascending
        Range block{Seq{1}, Seq{0}};  // of the journal block read last
        std::vector<std::byte> block_bytes;
        Seq block_at;  // where in it was compared last ...
        std::size_t block_offset = 0;
    };
    enum class Kind : u8 { Missing, Held, Other };
    /// The front of a run, all of one kind.
    struct Front {
        Kind kind;
        OfferCounter counter;  // of Kind::Other
        Seq end;
    };
    Expected<u32> step(const OfferRun& run, Nanos mono);
    Expected<View*> view_of(Stream stream, Nanos mono);
    Expected<Front> front(View& view, const OfferRun& run);
    Expected<Front> in_journal(View& view, Stream stream, Seq first, Seq end, bool merged);
    void compare(View& view, Bytes messages, Seq first, Seq end);
    u32 gather(View& view, const OfferRun& run, u32 count);
    static void note_offered(View& view, Range range);

    /// Chosen: a look-up of 4,096 gaps takes 1 ms, and fills are seldom faster than a commit.
    static constexpr Nanos kViewAge = 50_ms;
    static constexpr std::size_t kViewsMax = 64;

    OfferDesk& desk_;
    StoreReader own_;
    std::vector<Acd> acds_;
    FilledBy by_;
    bool dry_;
    std::map<Stream, View> views_;
    OfferPiece* piece_ = nullptr;  // being gathered
    OfferCounters counts_;
};

}  // namespace twinlink
