// Hands each frame to every server's switch for that link. See transmitter.hpp.
#include "tools/acdsim/transmitter.hpp"

#include <algorithm>

namespace twinlink::sim {

Transmitter::Transmitter(std::vector<ServerSenders> servers, const std::vector<FaultRule>& rules, u64 seed,
                         FateLog* log)
    : log_(log), books_(servers.size()) {
    for (std::size_t s = 0; s < servers.size(); ++s)
        for (const Link link : {Link::A, Link::B}) {
            auto lane =
                std::make_unique<Lane>(static_cast<u8>(s + 1), link, std::move(servers[s][index(link)]));
            switches_.push_back(std::make_unique<FaultSwitch>(rules, seed, *lane, books_[s], log));
            lanes_.push_back(std::move(lane));
        }
}

void Transmitter::frame(const CutFrame& frame) {
    for (std::size_t i = index(frame.link); i < switches_.size(); i += kLinks) switches_[i]->offer(frame);
}

std::vector<Acd> Transmitter::advance(Nanos now) {
    std::vector<Acd> came_up;
    for (auto& s : switches_) s->advance(now, came_up);
    std::sort(came_up.begin(), came_up.end());
    came_up.erase(std::unique(came_up.begin(), came_up.end()), came_up.end());
    return came_up;
}

Nanos Transmitter::deadline() const noexcept {
    Nanos first{~u64{0}};
    for (const auto& s : switches_) first = std::min(first, s->deadline());
    return first;
}

void Transmitter::release_all() {
    for (auto& s : switches_) s->release_all();
}

std::size_t Transmitter::send(std::size_t frames_max, u64 messages_max) {
    std::size_t sent = 0;
    for (auto& lane : lanes_)
        if (lane->messages_sent() < messages_max) sent += lane->send(frames_max, log_);
    return sent;
}

void Transmitter::give_up(Fate fate) {
    for (auto& lane : lanes_) lane->give_up(fate, log_);
}

void Transmitter::give_up_without_peer() {
    for (auto& lane : lanes_)
        if (!lane->empty() && !lane->sender().ready()) lane->give_up(Fate::NoPeer, log_);
}

bool Transmitter::empty() const noexcept {
    return std::all_of(lanes_.begin(), lanes_.end(), [](const auto& l) { return l->empty(); });
}

std::size_t Transmitter::backlog_bytes() const noexcept {
    std::size_t bytes = 0;
    for (const auto& l : lanes_) bytes += l->backlog_bytes();
    return bytes;
}

bool Transmitter::all_ready() noexcept {
    return std::all_of(lanes_.begin(), lanes_.end(), [](auto& l) { return l->sender().ready(); });
}

bool Transmitter::flush() noexcept {
    bool all = true;
    for (auto& l : lanes_) all = l->flush() && all;
    return all;
}

}  // namespace twinlink::sim
