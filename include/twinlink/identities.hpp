// What must hold in every complete row, whatever happened: the fold checks each row that it closes, and
// `twinlink store check` and `verify` each row of a store. Pure, any thread.
//
// Sources: the definitions of the field's items; see engine/fold/README.md for the accounting laws behind
// them.
#pragma once

#include <twinlink/items.hpp>

namespace twinlink {

/// Whether the row satisfies the identities of its table. Precondition: `row` has the table's columns, and
/// its INCOMPLETE is 0. Tables without identities always do.
[[nodiscard]] constexpr bool identities_hold(TableId table, std::span<const u64> r) noexcept {
    switch (table) {
        case TableId::Hsplit:
            return r[hsplit("CALLSOFFERED")] == r[hsplit("ACDCALLS")] + r[hsplit("ABNCALLS")] +
                                                    r[hsplit("BUSYCALLS")] + r[hsplit("DISCCALLS")] +
                                                    r[hsplit("OUTFLOWCALLS")] + r[hsplit("DEQUECALLS")] &&
                   r[hsplit("I_STAFFTIME")] == r[hsplit("I_ACDTIME")] + r[hsplit("I_ACWTIME")] +
                                                   r[hsplit("I_AUXTIME")] + r[hsplit("I_AVAILTIME")] +
                                                   r[hsplit("I_OTHERTIME")] + r[hsplit("I_RINGTIME")];
        case TableId::Hvdn:
            return r[hvdn("INCALLS")] == r[hvdn("ACDCALLS")] + r[hvdn("ABNCALLS")] + r[hvdn("OTHERCALLS")] &&
                   r[hvdn("OTHERCALLS")] == r[hvdn("BUSYCALLS")] + r[hvdn("CONNECTCALLS")] +
                                                r[hvdn("DISCCALLS")] + r[hvdn("OUTFLOWCALLS")] &&
                   r[hvdn("INTIME")] == r[hvdn("ACDTIME")] + r[hvdn("ABNTIME")] + r[hvdn("ANSTIME")] +
                                            r[hvdn("HOLDTIME")] + r[hvdn("OTHERTIME")];
        case TableId::Hvector:
            return r[hvector("INCALLS")] ==
                       r[hvector("ACDCALLS")] + r[hvector("ABNCALLS")] + r[hvector("OTHERCALLS")] &&
                   r[hvector("OTHERCALLS")] ==
                       r[hvector("BUSYCALLS")] + r[hvector("DISCCALLS")] + r[hvector("OUTFLOWCALLS")];
        case TableId::Htkgrp:
        case TableId::Htrunk:
            return r[htrunk("INCALLS")] ==
                       r[htrunk("ACDCALLS")] + r[htrunk("ABNCALLS")] + r[htrunk("OTHERCALLS")] &&
                   r[htrunk("OUTCALLS")] ==
                       r[htrunk("O_ACDCALLS")] + r[htrunk("O_ABNCALLS")] + r[htrunk("O_OTHERCALLS")];
        case TableId::CallRec:
            return r[call_rec("DISPOSITION")] != 2 ||
                   r[call_rec("DISPTIME")] >= r[call_rec("QUEUETIME")] + r[call_rec("RINGTIME")];
        default: return true;
    }
}

}  // namespace twinlink
