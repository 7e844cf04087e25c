// Frames of the partner protocol: what is cut from the byte stream and checked whole before any of it is
// believed, and what is written to it.
//
// Pure; any thread on its own data. After read_frame() said Ok the view's message can be read as its struct,
// its entries one by one, and every number in it is in its range; what the numbers mean together with what
// was said before is the session's to judge.
#pragma once

#include "engine/partner/messages.hpp"

#include <twinlink/counters.hpp>
#include <twinlink/frame.hpp>

#include <cstring>
#include <span>
#include <vector>

namespace twinlink::partner {

/// What came of the bytes at the front of the stream. All but Ok, Unknown and NeedMore end the session.
enum class FrameFault : u8 {
    Ok = 0,
    NeedMore,    ///< no whole frame is there yet
    Unknown,     ///< a template of a newer version: skipped
    BadLength,   ///< the frame is shorter than its parts or longer than any may be
    BadCrc,      ///< content does not match
    BadSchema,   ///< another schema
    BadBlock,    ///< a block or entry shorter than its template, or not a multiple of 8
    BadCount,    ///< more entries or messages than are there or allowed
    BadNumber,   ///< a number outside its range, or ranges that are not ascending
    BadMessage,  ///< a Block whose messages are not whole
    Count_
};
[[nodiscard]] CounterInfo info(FrameFault) noexcept;

/// A checked frame. Does not own the bytes.
struct FrameIn {
    u16 template_id = 0;
    const std::byte* block = nullptr;
    const std::byte* first_entry = nullptr;
    u16 entry_bytes = 0;
    u16 entries = 0;
    Bytes data;  ///< of a Block or Copy

    template <class M>
    [[nodiscard]] M as() const noexcept {
        return read<M>(block);
    }
    /// Precondition: n < entries, and E is the entry of the message.
    template <class E>
    [[nodiscard]] E entry(u32 n) const noexcept {
        return read<E>(first_entry + std::size_t{n} * entry_bytes);
    }
};

struct FrameRead {
    FrameFault fault;
    u32 bytes;  ///< of the frame, where it was Ok or Unknown
    FrameIn frame;
};
/// Reads the frame at the front of `stream`.
[[nodiscard]] FrameRead read_frame(Bytes stream) noexcept;

namespace detail {
void finish_frame(std::vector<std::byte>& out, std::size_t begin) noexcept;
template <class T>
void append(std::vector<std::byte>& out, const T& value) {
    const auto at = out.size();
    out.resize(at + sizeof value);
    std::memcpy(out.data() + at, &value, sizeof value);
}
}  // namespace detail

/// Appends a frame to `out`. Precondition: within the bounds of messages.hpp.
template <class M>
void write_frame(std::vector<std::byte>& out, const M& message,
                 std::span<const typename M::Entry> entries = {}, Bytes data = {}) {
    const std::size_t begin = out.size();
    detail::append(out, FrameHead{});
    detail::append(out, SbeHeader{sizeof(M), M::kTemplate, kPartnerSchema, kPartnerSchemaVersion});
    detail::append(out, message);
    if constexpr (!std::is_same_v<typename M::Entry, NoEntry>) {
        detail::append(out, GroupHead{sizeof(typename M::Entry), static_cast<u16>(entries.size())});
        for (const auto& entry : entries) detail::append(out, entry);
    }
    if constexpr (kHasData<M>) {
        detail::append(out, static_cast<u32>(data.size()));
        out.insert(out.end(), data.begin(), data.end());
    }
    detail::finish_frame(out, begin);
}

/// Text for a field of fixed size: cut where it does not fit.
template <std::size_t N>
[[nodiscard]] std::array<char, N> fixed_text(std::string_view text) noexcept {
    std::array<char, N> out{};
    std::memcpy(out.data(), text.data(), std::min(N - 1, text.size()));
    return out;
}
template <std::size_t N>
[[nodiscard]] std::string_view text_of(const std::array<char, N>& text) noexcept {
    return {text.data(), strnlen(text.data(), N)};
}

}  // namespace twinlink::partner
