// PcapPort: frames from a capture file.
//
// One thread calls everything but counters(), link_up() and title(). Owns the file and the buffers.
#include "drivers/buffer_pool.hpp"
#include "drivers/config.hpp"
#include "drivers/packet.hpp"
#include "drivers/pcap.hpp"
#include "drivers/wire.hpp"

#include <pcap/pcap.h>

#include <algorithm>

namespace twinlink::drivers {
namespace {

struct CloseCapture {
    void operator()(pcap_t* p) const noexcept { pcap_close(p); }
};
using Capture = std::unique_ptr<pcap_t, CloseCapture>;

bool is_known_link(int type) noexcept {
    return type == DLT_EN10MB || type == DLT_RAW || type == DLT_IPV4 || type == DLT_IPV6 ||
           type == DLT_LINUX_SLL || type == DLT_LINUX_SLL2;
}

class PcapPort final : public CapturePort {
public:
    PcapPort(Capture capture, const std::string& path, const PacketParser& parser, u32 pool_frames,
             u32 frame_bytes_max)
        : capture_(std::move(capture)),
          link_type_(pcap_datalink(capture_.get())),
          parser_(parser),
          pool_(pool_frames, frame_bytes_max),
          title_("pcap " + path) {}

    std::size_t receive(std::span<RxFrame> out) noexcept override {
        std::size_t filled = 0;
        while (filled < out.size() && !ended_) {
            if (pool_.available() == 0) {
                if (!exhausted_) counters_.add(PortCounter::NicNoBuffer);
                exhausted_ = true;
                break;
            }
            pcap_pkthdr* header = nullptr;
            const u_char* data = nullptr;
            const int result = pcap_next_ex(capture_.get(), &header, &data);
            if (result == 1)
                filled += take(*header, data, out[filled]) ? 1U : 0U;
            else
                end(result);
        }
        return filled;
    }

    void release(std::span<void* const> tokens) noexcept override {
        for (void* token : tokens) pool_.give(token);
        if (!tokens.empty()) exhausted_ = false;
    }

    void read_device() noexcept override {}
    [[nodiscard]] bool ended() const noexcept override { return ended_; }
    [[nodiscard]] bool link_up() const noexcept override { return true; }
    [[nodiscard]] const PortCounters& counters() const noexcept override { return counters_; }
    [[nodiscard]] std::string_view title() const noexcept override { return title_; }
    [[nodiscard]] Nanos last_time() const noexcept override { return last_time_; }
    [[nodiscard]] u64 bytes_read() const noexcept override {
        const off_t at = ftello(pcap_file(capture_.get()));
        return at < 0 ? 0 : static_cast<u64>(at);
    }
    [[nodiscard]] std::string_view error() const noexcept override {
        return broken_ ? pcap_geterr(capture_.get()) : "";
    }

private:
    bool take(const pcap_pkthdr& header, const u_char* data, RxFrame& out) noexcept {
        const Bytes packet{static_cast<const std::byte*>(static_cast<const void*>(data)), header.caplen};
        counters_.add(PortCounter::Packets);
        counters_.add(PortCounter::Bytes, packet.size());
        const Parsed parsed = parse(packet);
        if (parsed.outcome != PortCounter::Frames) {
            const bool question = parsed.outcome >= PortCounter::AnsweredArp;
            counters_.add(question ? PortCounter::RefusedOther : parsed.outcome);
            return false;
        }
        counters_.add(PortCounter::Frames);
        // libpcap's bytes are gone at the next packet.
        std::byte* buffer = pool_.take();
        if (parsed.bytes != 0) std::memcpy(buffer, packet.data() + parsed.at, parsed.bytes);
        out = {buffer, buffer, parsed.bytes, parsed.source_acd};
        // With nanosecond precision the field that is called microseconds holds nanoseconds.
        last_time_ =
            Nanos{static_cast<u64>(header.ts.tv_sec) * 1'000'000'000U + static_cast<u64>(header.ts.tv_usec)};
        return true;
    }

    Parsed parse(Bytes packet) const noexcept {
        constexpr u32 kCookedBytes = 16;
        constexpr u32 kCooked2Bytes = 20;
        if (link_type_ == DLT_EN10MB) return parser_.parse(packet);
        const bool cooked2 = link_type_ == DLT_LINUX_SLL2;
        if (cooked2 || link_type_ == DLT_LINUX_SLL) {
            const u32 bytes = cooked2 ? kCooked2Bytes : kCookedBytes;
            if (packet.size() < bytes) return {.outcome = PortCounter::RefusedMalformed};
            return parser_.parse_tagged(packet, bytes, get16(packet.data() + (cooked2 ? 0 : 14)), {});
        }
        if (packet.empty()) return {.outcome = PortCounter::RefusedMalformed};
        const u32 version = get8(packet.data()) >> 4U;
        return parser_.parse_tagged(packet, 0, version == 6 ? kEtherIpv6 : kEtherIpv4, {});
    }

    void end(int result) noexcept {
        ended_ = true;
        broken_ = result != PCAP_ERROR_BREAK;
        if (broken_) counters_.add(PortCounter::NicErrors);
    }

    Capture capture_;
    int link_type_;
    PacketParser parser_;
    BufferPool pool_;
    PortCounters counters_;
    Nanos last_time_;
    bool ended_ = false;
    bool broken_ = false;
    bool exhausted_ = false;
    std::string title_;
};

}  // namespace

namespace {

Expected<Capture> open_capture(const std::string& path) {
    std::array<char, PCAP_ERRBUF_SIZE> why{};
    Capture capture(
        pcap_open_offline_with_tstamp_precision(path.c_str(), PCAP_TSTAMP_PRECISION_NANO, why.data()));
    if (capture == nullptr) return failure("cannot read capture: " + std::string(why.data()));
    const int type = pcap_datalink(capture.get());
    if (!is_known_link(type)) {
        const char* name = pcap_datalink_val_to_name(type);
        return failure("capture " + path + " is of link type " +
                       (name != nullptr ? name : std::to_string(type)) +
                       "; Ethernet, raw IP and Linux cooked captures can be read");
    }
    return capture;
}

}  // namespace

Expected<std::unique_ptr<CapturePort>> open_pcap_port(const std::string& path, const PortConfig& config) {
    if (auto good = check(config); !good) return std::unexpected(std::move(good.error()).in("pcap " + path));
    auto capture = open_capture(path);
    if (!capture) return std::unexpected(std::move(capture.error()));
    return std::make_unique<PcapPort>(std::move(*capture), path, PacketParser(config), config.pool_frames,
                                      config.frame_bytes_max);
}

Expected<std::unique_ptr<CapturePort>> open_pcap_from_elsewhere(const std::string& path, u32 pool_frames) {
    auto capture = open_capture(path);
    if (!capture) return std::unexpected(std::move(capture.error()));
    return std::make_unique<PcapPort>(std::move(*capture), path, PacketParser(), pool_frames, kFrameBytesMax);
}

}  // namespace twinlink::drivers
