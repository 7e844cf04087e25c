// Capture files: a port that reads what tcpdump or Wireshark wrote, and a sender that writes what they read.
//
// Reads pcap and pcapng, of Ethernet, raw IP and Linux "cooked" (any interface) captures. Writes pcap with
// times in ns. Answers nothing: questions in a capture count as refused_other.
#pragma once

#include <twinlink/port.hpp>

#include <memory>

namespace twinlink::drivers {

/// A port on a file: ended() once everything was read. A file that breaks off counts one nic_errors and ends.
class CapturePort : public Port {
public:
    /// When the frame that receive() handed out last was captured, ns since 1970. 0 before the first.
    [[nodiscard]] virtual Nanos last_time() const noexcept = 0;
    /// Bytes of the file that were read so far.
    [[nodiscard]] virtual u64 bytes_read() const noexcept = 0;
    /// Once ended(): why the file broke off, empty where it did not.
    [[nodiscard]] virtual std::string_view error() const noexcept = 0;
};

/// A sender into a file. It is not ready() any more after a write failed (a full disk), and takes nothing
/// then.
class CaptureSender : public Sender {
public:
    /// The time, ns since 1970, that the frames sent from now on are stamped with.
    virtual void set_time(Nanos time) noexcept = 0;
};

[[nodiscard]] Expected<std::unique_ptr<CapturePort>> open_pcap_port(const std::string& path,
                                                                    const PortConfig&);
/// The same for a capture from elsewhere: payloads to any address and UDP port, in any VLAN. `pool_frames` as
/// in a PortConfig.
[[nodiscard]] Expected<std::unique_ptr<CapturePort>> open_pcap_from_elsewhere(const std::string& path,
                                                                              u32 pool_frames);
/// Creates or replaces the file.
[[nodiscard]] Expected<std::unique_ptr<CaptureSender>> open_pcap_sender(const std::string& path,
                                                                        const FlowConfig&);

}  // namespace twinlink::drivers
