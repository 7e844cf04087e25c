// PcapSender: frames into a capture file, as the packets that they would be on a wire.
//
// One thread calls everything. Owns the file.
#include "drivers/config.hpp"
#include "drivers/packet.hpp"
#include "drivers/pcap.hpp"
#include "drivers/writer.hpp"

#include <pcap/pcap.h>

#include <cassert>
#include <cstdio>

namespace twinlink::drivers {
namespace {

struct CloseCapture {
    void operator()(pcap_t* p) const noexcept { pcap_close(p); }
    void operator()(pcap_dumper_t* d) const noexcept { pcap_dump_close(d); }
};
using Capture = std::unique_ptr<pcap_t, CloseCapture>;
using Dumper = std::unique_ptr<pcap_dumper_t, CloseCapture>;

class PcapSender final : public CaptureSender {
public:
    PcapSender(Capture capture, Dumper dumper, const std::string& path, const FlowConfig& flow)
        : capture_(std::move(capture)), dumper_(std::move(dumper)), writer_(flow), title_("pcap " + path) {}

    std::size_t send(std::span<const TxFrame> frames) noexcept override {
        if (!ready()) return 0;
        for (const TxFrame& frame : frames) {
            assert(writer_.packet_bytes(frame) <= packet_.size());
            pcap_pkthdr header{};
            header.ts.tv_sec = static_cast<time_t>(time_.value / 1'000'000'000U);
            header.ts.tv_usec =
                static_cast<suseconds_t>(time_.value % 1'000'000'000U);  // ns, by the file's header
            header.caplen = header.len = writer_.write(packet_.data(), frame);
            void* dumper = dumper_.get();
            const void* bytes = packet_.data();
            pcap_dump(static_cast<u_char*>(dumper), &header, static_cast<const u_char*>(bytes));
        }
        return frames.size();
    }

    [[nodiscard]] bool flush() noexcept override {
        pcap_dump_flush(dumper_.get());
        return true;
    }
    [[nodiscard]] bool ready() noexcept override { return std::ferror(pcap_dump_file(dumper_.get())) == 0; }
    [[nodiscard]] std::string_view title() const noexcept override { return title_; }
    void set_time(Nanos time) noexcept override { time_ = time; }

private:
    Capture capture_;
    Dumper dumper_;  // after the capture: closed before it
    PacketWriter writer_;
    Nanos time_;
    std::string title_;
    std::array<std::byte, kFrameBytesMax + kHeaderBytesMax> packet_{};
};

}  // namespace

Expected<std::unique_ptr<CaptureSender>> open_pcap_sender(const std::string& path, const FlowConfig& flow) {
    if (auto good = check(flow); !good) return std::unexpected(std::move(good.error()).in("pcap " + path));
    constexpr int kSnapBytes = 262'144;
    Capture capture(pcap_open_dead_with_tstamp_precision(DLT_EN10MB, kSnapBytes, PCAP_TSTAMP_PRECISION_NANO));
    if (capture == nullptr) return failure("cannot write capture " + path + ": no memory");
    Dumper dumper(pcap_dump_open(capture.get(), path.c_str()));
    if (dumper == nullptr) return failure("cannot write capture: " + std::string(pcap_geterr(capture.get())));
    return std::make_unique<PcapSender>(std::move(capture), std::move(dumper), path, flow);
}

}  // namespace twinlink::drivers
