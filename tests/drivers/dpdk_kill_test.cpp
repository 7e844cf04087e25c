// Peers that die, come late or come first must not disturb the port: the promise of the default wire.
#include "drivers/dpdk.hpp"
#include "tests/drivers/conformance.hpp"
#include "tests/drivers/eal.hpp"
#include "tests/drivers/frames.hpp"
#include "tests/drivers/remote_sender.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>

using namespace twinlink;
using namespace twinlink::drivers;
using namespace twinlink::drivers::test;

namespace {

using Clock = std::chrono::steady_clock;
constexpr u64 kSeed = 99;

std::string socket_path() {
    return std::filesystem::temp_directory_path() / ("twinlink-kill-" + std::to_string(getpid()) + ".sock");
}

std::unique_ptr<Port> open_vhost() {
    PortConfig config = port_config();
    config.pool_frames = 1'024;
    auto port = open_dpdk_port({.device = "net_vhost_k,iface=" + socket_path()}, config);
    REQUIRE_MESSAGE(port.has_value(), port.error().text);
    return std::move(*port);
}

std::unique_ptr<RemoteSender> make_sender() {
    return std::make_unique<RemoteSender>("net_virtio_user0,path=" + socket_path(), flow_config());
}

/// A batch for the peer; keeps the bytes alive.
struct Batch {
    explicit Batch(u64 first, u64 count) {
        for (u64 n = first; n < first + count; ++n) bytes.push_back(numbered_frame(kSeed, n));
        for (const auto& b : bytes) frames.push_back({b, {}});
    }
    std::vector<std::vector<std::byte>> bytes;
    std::vector<TxFrame> frames;
};

/// Receives until `enough` frames came or 20 s passed; every frame must be intact and newer than the one
/// before.
u64 receive_intact(Port& port, u64 enough) {
    u64 got = 0;
    u64 newest = 0;
    const auto deadline = Clock::now() + std::chrono::seconds(20);
    while (got < enough && Clock::now() < deadline) {
        std::array<RxFrame, 32> frames;
        const std::size_t n = port.receive(frames);
        for (const RxFrame& f : std::span(frames).first(n)) {
            const u64 number = read<u64>(f.data);
            const auto expected = numbered_frame(kSeed, number);
            REQUIRE(f.bytes == expected.size());
            REQUIRE(std::memcmp(f.data, expected.data(), f.bytes) == 0);
            REQUIRE(number >= newest);
            newest = number + 1;
            port.release({&f.token, 1});
        }
        got += n;
    }
    return got;
}

}  // namespace

TEST_CASE("vhost: a sender that has flushed may go: all that it sent was read") {
    if (!dpdk_here()) return;
    const auto port = open_vhost();
    constexpr u64 kFrames = 200;  // fit the ring, so they are sent before anything is read
    const Batch batch(0, kFrames);
    auto sender = make_sender();
    sender->start_sending(batch.frames);
    u64 got = receive_intact(*port, 1);  // the peer is connected
    REQUIRE(sender->confirm() == kFrames);
    sender->start_flushing();
    const auto deadline = Clock::now() + std::chrono::seconds(20);
    while (!sender->heard() && Clock::now() < deadline) {
        std::array<RxFrame, 1> frames;
        for (const RxFrame& f : std::span(frames).first(port->receive(frames))) {
            CHECK(read<u64>(f.data) == got++);
            port->release({&f.token, 1});
        }
    }
    CHECK(got == kFrames);
    CHECK(sender->confirm() == 1);
    CHECK(port->counters().get(PortCounter::RefusedOther) != 0);
}

TEST_CASE("vhost: a sender killed in the middle of sending, again and again, leaves the port going") {
    if (!dpdk_here()) return;
    const auto port = open_vhost();
    constexpr u64 kFrames = 5'000;
    const Batch batch(0, kFrames);
    for (int life = 0; life < 8; ++life) {
        const auto sender = make_sender();
        sender->start_sending(batch.frames);
        // Killed at a different point each time, while it sends or has more to send.
        CHECK(receive_intact(*port, 1 + static_cast<u64>(life) * 500) > 0);
        sender->kill();
        // What it left in shared memory may still come; it must be intact as well.
        std::array<RxFrame, 32> frames;
        for (int i = 0; i < 1'000; ++i) {
            for (const RxFrame& f : std::span(frames).first(port->receive(frames)))
                port->release({&f.token, 1});
        }
        port->read_device();
    }
    const auto last = make_sender();
    const Batch whole(0, 500);
    last->start_sending(whole.frames);
    CHECK(receive_intact(*port, 500) == 500);
    port->read_device();
    CHECK(port->link_up());
    CHECK(port->counters().get(PortCounter::LinkChanges) >= 9);
    CHECK(port->counters().get(PortCounter::Packets) == sum_of_outcomes(port->counters()));
}

TEST_CASE("vhost: a sender that comes before the port waits for it, and goes on when the port comes back") {
    if (!dpdk_here()) return;
    const auto sender = make_sender();
    const Batch first(0, 100);
    sender->start_sending(first.frames);
    {
        const auto port = open_vhost();
        CHECK(receive_intact(*port, 100) == 100);
        CHECK(sender->confirm() == 100);
    }
    for (int life = 0; life < 3; ++life) {
        const auto port = open_vhost();
        // What is sent before the sender notices that nobody is there is lost, as on any wire; what follows
        // is not.
        u64 got = 0;
        for (u64 n = 0; got == 0 && n < 1'000; ++n) {
            const Batch batch(n, 1);
            if (sender->send(batch.frames) != 1) break;
            std::array<RxFrame, 32> frames;
            for (int polls = 0; polls < 1'000 && got == 0; ++polls) {
                got = port->receive(frames);
                for (const RxFrame& f : std::span(frames).first(got)) port->release({&f.token, 1});
            }
        }
        CHECK(got != 0);
        const Batch rest(2'000, 100);
        sender->start_sending(rest.frames);
        CHECK(receive_intact(*port, 100) == 100);
        CHECK(sender->confirm() == 100);
    }
}

TEST_CASE("vhost: without a sender the port is idle and its link down") {
    if (!dpdk_here()) return;
    const auto port = open_vhost();
    RxFrame none;
    CHECK(port->receive({&none, 1}) == 0);
    port->read_device();
    CHECK(!port->link_up());
}
