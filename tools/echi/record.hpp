// One call record as a record of an ECHI file.
//
// Rules. Times are seconds, each rounded once from ns; moments are Unix seconds (UTC), as the fields _UTC say
// beside them (that SEGSTART is the same: unverified). What is not known, or what nothing tells, is -1 in
// 2-byte fields, 0 in others, and blank in text. What does not fit its field is counted by field (Misfits):
// what names something becomes "not known", because a cut name is another name; a time or a number becomes
// the greatest that fits; CALLID keeps its low 31 bits; the caller's and the dialled number are cut. Pure;
// one thread.
#pragma once

#include "tools/echi/layout.hpp"

#include <twinlink/items.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace twinlink::echi {

/// Values that did not fit, by line of the layout.
using Misfits = std::vector<u64>;

class Encoder {
public:
    /// Precondition: an index of kVersions.
    explicit Encoder(std::size_t version_index);

    /// Appends the record. Precondition: a row of call_rec.
    void append(std::vector<std::byte>& out, const RowView& row);
    [[nodiscard]] const Misfits& misfits() const noexcept { return misfits_; }
    [[nodiscard]] std::size_t record_bytes() const noexcept { return record_bytes_; }

private:
    /// What a line's value is made of.
    enum class Source : u8 {
        None,
        CallId,
        Start,
        Stop,
        Acd,
        Ucid,
        Flags,
        Time,
        Quantity,
        Number,
        Skill,
        Text
    };
    struct Field {
        Source source = Source::None;
        u16 column = 0;
        Type type = Type::Signed;
        u8 bytes = 0;
        u16 line = 0;
    };
    static Source source_of(const FieldLine& line, const Column& column);
    void put_number(std::byte* to, const Field& field, u64 value, bool quantity);
    void put_text(std::byte* to, const Field& field, std::string_view text, bool may_be_cut);
    void put(std::byte* to, const Field& field, const RowView& row);

    std::vector<Field> fields_;
    std::size_t record_bytes_;
    Misfits misfits_;
};

/// The header of a file.
void append_header(std::vector<std::byte>& out, u32 version, u32 sequence);

}  // namespace twinlink::echi
