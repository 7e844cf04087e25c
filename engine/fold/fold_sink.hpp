// What the fold hands on: called by the fold's thread at boundaries, flushes and pump-ups, never per message.
#pragma once

#include <twinlink/messages.hpp>
#include <twinlink/records.hpp>

namespace twinlink {

class FoldSink {
public:
    virtual ~FoldSink() = default;
    /// A row that changed since it was last handed on. `items` is valid during the call: the table's items,
    /// all of them or up to some item behind which all are 0.
    virtual void row(const RowKey& key, std::span<const u64> items, bool closed) = 0;
    /// An interval opened, changed or closed. Rows of a closed interval were handed on before its record.
    virtual void interval(const IntervalRecord&) = 0;
    /// A translation that is new or changed.
    virtual void translation(const NameRecord&) = 0;
    /// What the ACD says of itself, new or changed.
    virtual void acd(const AcdRecord&) = 0;
    /// The interval that began with `start` is open: the state of the fold here is worth a checkpoint. `seq`
    /// is the number of the boundary message, the last one that the state contains.
    virtual void checkpoint(Epoch epoch, Seq seq, u64 interval_start) = 0;
    /// A pump-up is whole and was taken over; 0 where its begin was before the state was loaded.
    virtual void pump_up(PumpUpWhy) {}
};

}  // namespace twinlink
