// See import_reader.hpp.
#include "tools/twinlinkd/import_reader.hpp"

#include "drivers/pcap.hpp"
#include "tools/backup/backup_file.hpp"
#include "tools/twinlinkd/import_archive.hpp"

#include <twinlink/store_reader.hpp>

#include <filesystem>

namespace twinlink::daemon {
namespace {

using Kind = ImportRecord::Kind;
using Pipe = ImportPipe;

/// Packets or blocks between two counts.
constexpr u64 kCountsEvery = 256;
/// Frames of a capture that are in memory at a time: a burst and room for the next.
constexpr u32 kPoolFrames = 64;
/// Damaged blocks that are named one by one.
constexpr u64 kDamageNamed = 20;

// ---- captures

// Below, false: nobody reads any more, or Failed was said and is the last record.

/// Passes a frame's messages on, or counts why not. False when nobody reads any more.
bool pass_on(Pipe& pipe, const RxFrame& frame, SourceCounts& counts) {
    const Bytes bytes{frame.data, frame.bytes};
    const FrameRefusal refusal = validate(bytes);
    if (refusal != FrameRefusal::Ok) {
        ++counts.refused[static_cast<std::size_t>(refusal)];
        return true;
    }
    ++counts.frames;
    const FrameView view(bytes);
    if (view.heartbeat()) return true;
    return pipe.write({.kind = Kind::Messages,
                       .bytes = 0,
                       .count = view.count(),
                       .acd = view.header().acd,
                       .reserved = 0,
                       .epoch = view.header().epoch,
                       .first = view.first().value},
                      view.body());
}

bool read_capture(const std::string& path, Pipe& pipe) {
    auto port = drivers::open_pcap_from_elsewhere(path, kPoolFrames);
    if (!port) return pipe.fail(port.error().text);
    SourceCounts counts;
    std::error_code none;
    counts.bytes_total = std::filesystem::file_size(path, none);
    u64 told = 0;
    while (!(*port)->ended()) {
        std::array<RxFrame, kBurstFrames> burst;
        const std::size_t n = (*port)->receive(burst);
        for (RxFrame& frame : std::span(burst).first(n)) {
            if (!pass_on(pipe, frame, counts)) return false;
            (*port)->release({&frame.token, 1});
        }
        counts.packets = (*port)->counters().get(PortCounter::Packets);
        counts.not_udp = counts.packets - (*port)->counters().get(PortCounter::Frames);
        counts.bytes = (*port)->bytes_read();
        if (counts.packets - told < kCountsEvery) continue;
        told = counts.packets;
        if (!write_counts(pipe, counts)) return false;
    }
    if (!write_counts(pipe, counts)) return false;
    if (const auto why = (*port)->error(); !why.empty()) {
        const std::string text = "the capture breaks off after " + std::to_string(counts.packets) +
                                 " packets (" + std::string(why) + "); what is in front of that was read";
        if (!pipe.say(Kind::Remark, text)) return false;
    }
    if (counts.frames == 0)
        return pipe.fail("none of the " + std::to_string(counts.packets) +
                         " packets in the capture holds a valid frame of an ACD link");
    return true;
}

// ---- stores

class StoreWalk {
public:
    StoreWalk(StoreReader reader, Pipe& pipe) : reader_(std::move(reader)), pipe_(pipe) {}

    bool run() {
        const auto snapshot = reader_.snapshot();
        if (!snapshot) return pipe_.fail(snapshot.error().text);
        if (const auto info = snapshot->info()) counts_.bytes_total = info->journal_bytes;
        for (const StreamRecord& s : snapshot->streams())
            if (!read_stream({Acd{s.acd}, Epoch{s.epoch}})) return false;
        counts_.bytes = counts_.bytes_total;
        if (!write_counts(pipe_, counts_)) return false;
        for (const std::string& remark : remarks_)
            if (!pipe_.say(Kind::Remark, remark)) return false;
        if (counts_.damaged <= kDamageNamed) return true;
        return pipe_.say(Kind::Remark, std::to_string(counts_.damaged - kDamageNamed) +
                                           " more damaged values were left out; try: twinlink store check");
    }

private:
    bool read_stream(Stream stream) {
        for (Seq at{1}; at.value != 0;) {
            Seq next{0};
            u32 count = 0;
            bool valid = true;
            {
                auto snapshot = reader_.snapshot();
                if (!snapshot) return pipe_.fail(snapshot.error().text);
                snapshot->on_damage([&](const Damage& damage) { note(damage); });
                snapshot->blocks(stream, {at, Seq{~u64{0} - 1}}, [&](const BlockView& block) {
                    first_ = block.range.first;
                    next = block.range.last + 1;
                    count = static_cast<u32>(block.range.count());
                    messages_.assign(block.messages.begin(), block.messages.end());
                    return false;
                });
                valid = snapshot->still_valid();
            }
            if (!valid) continue;  // without the lock file a writer may overtake: again
            if (count != 0 && !pass_on(stream, count)) return false;
            at = next;
        }
        return true;
    }

    bool pass_on(Stream stream, u32 count) {
        counts_.bytes += messages_.size();
        if (!pipe_.write({.kind = Kind::Messages,
                          .bytes = 0,
                          .count = count,
                          .acd = stream.acd.value,
                          .reserved = 0,
                          .epoch = stream.epoch.value,
                          .first = first_.value},
                         messages_))
            return false;
        return ++counts_.blocks % kCountsEvery != 0 || write_counts(pipe_, counts_);
    }

    void note(const Damage& damage) {
        if (++counts_.damaged <= kDamageNamed)
            remarks_.push_back("damaged there, left out: " + damage.where + ": " + damage.what);
    }

    StoreReader reader_;
    Pipe& pipe_;
    SourceCounts counts_;
    Seq first_;
    std::vector<std::byte> messages_;
    std::vector<std::string> remarks_;
};

bool read_file(const std::string& path, Pipe& pipe) {
    const auto archive = backup::is_archive(path);
    if (!archive) return pipe.fail(archive.error().text);
    return *archive ? read_archive(path, pipe) : read_capture(path, pipe);
}

bool read_store(const std::string& path, Pipe& pipe) {
    auto reader = StoreReader::open(path);
    if (!reader) return pipe.fail(reader.error().text);
    return StoreWalk(std::move(*reader), pipe).run();
}

}  // namespace

void read_import(const std::string& path, int out) {
    Pipe pipe(out);
    std::error_code none;
    const bool whole =
        std::filesystem::is_directory(path, none) ? read_store(path, pipe) : read_file(path, pipe);
    if (whole) pipe.say(Kind::End, "");
}

}  // namespace twinlink::daemon
