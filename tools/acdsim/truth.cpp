// Keeps and writes the ground truth. See truth.hpp for what is kept, README.md for the form of the files.
#include "tools/acdsim/truth.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace twinlink::sim {
namespace {

constexpr std::size_t kBufferBytes = 1 << 20;

}  // namespace

Ledger::Open& Ledger::open(Stream stream) {
    if (last_open_ == nullptr || last_stream_ != stream) {
        last_open_ = &open_.at(stream);
        last_stream_ = stream;
    }
    return *last_open_;
}

void Ledger::begin_epoch(Stream stream, Nanos time) {
    StreamTruth& truth = truths_[stream];
    truth.begins = time;
    truth.servers.resize(servers_);
    open_[stream].truth = &truth;
    if (file_ != nullptr)
        buffer_ += fmt::format("{{\"kind\":\"epoch_begin\",\"acd\":{},\"epoch\":{},\"time\":{}}}\n",
                               stream.acd.value, stream.epoch.value, time.value);
}

void Ledger::message(Stream stream, Seq, MessageView message) {
    Open& o = open(stream);
    ++o.truth->messages;
    o.records.push_back({message.time().value, {}, message.template_id, static_cast<u8>(servers_ * kLinks)});
    settle(stream, o);  // a fate may have come first: the frame was cut before the message was logged
}

void Ledger::end_epoch(Stream stream, Nanos time, Seq last, bool orderly) {
    StreamTruth& truth = truths_.at(stream);
    truth.ends = time;
    truth.ended = true;
    truth.orderly = orderly;
    if (file_ != nullptr)
        buffer_ += fmt::format(
            "{{\"kind\":\"epoch_end\",\"acd\":{},\"epoch\":{},\"time\":{},\"last_seq\":{},\"orderly\":{}}}\n",
            stream.acd.value, stream.epoch.value, time.value, last.value, orderly);
}

void Ledger::fate(u8 server, Link link, Stream stream, Seq first, u32 count, Fate fate) {
    Open& o = open(stream);
    for (u32 i = 0; i < count; ++i) {
        Record& r = o.records[(first + i) - o.front];
        Fate& copy = r.fates[server - 1U][index(link)];
        if (copy != Fate::Pending) continue;
        copy = fate;
        --r.pending;
    }
    settle(stream, o);
}

void Ledger::settle(Stream stream, Open& o) {
    while (!o.records.empty() && o.records.front().pending == 0) {
        add_up(*o.truth, o.front, o.records.front());
        if (file_ != nullptr) write(stream, o.front, o.records.front());
        o.records.pop_front();
        o.front = o.front + 1;
    }
    if (buffer_.size() > kBufferBytes) (void)flush();
}

void Ledger::add_up(StreamTruth& truth, Seq seq, const Record& r) const {
    for (u8 s = 0; s < servers_; ++s) {
        ServerTruth& server = truth.servers[s];
        const std::array<bool, kLinks> got{delivered(r.fates[s][0]), delivered(r.fates[s][1])};
        for (std::size_t l = 0; l < kLinks; ++l) {
            ++server.links[l].messages[static_cast<std::size_t>(r.fates[s][l])];
            if (!got[l] && got[1 - l]) ++server.links[l].lost_alone;
        }
        if (got[0] && got[1]) ++server.duplicates;
        if (got[0] || got[1]) continue;
        ++server.lost_both;
        if (!server.lost.empty() && server.lost.back().last + 1 == seq)
            server.lost.back().last = seq;
        else
            server.lost.push_back({seq, seq});
    }
}

void Ledger::write(Stream stream, Seq seq, const Record& r) {
    auto out = std::back_inserter(buffer_);
    fmt::format_to(out,
                   "{{\"kind\":\"message\",\"acd\":{},\"epoch\":{},\"seq\":{},\"time\":{},\"name\":\"{}\"",
                   stream.acd.value, stream.epoch.value, seq.value, r.time, template_name(r.template_id));
    for (u8 s = 0; s < servers_; ++s)
        fmt::format_to(out, ",\"server{}\":{{\"A\":\"{}\",\"B\":\"{}\"}}", s + 1, name(r.fates[s][0]),
                       name(r.fates[s][1]));
    buffer_ += "}\n";
}

void Ledger::sent_frame(u8 server, Link link, Stream stream, bool heartbeat) {
    LinkTruth& truth = open(stream).truth->servers[server - 1U].links[index(link)];
    ++truth.frames;
    if (heartbeat) ++truth.heartbeats;
}

void Ledger::event(u8 server, Link link, std::string_view what, Nanos time) {
    if (file_ == nullptr) return;
    buffer_ +=
        fmt::format("{{\"kind\":\"fault\",\"server\":{},\"link\":\"{}\",\"fault\":\"{}\",\"time\":{}}}\n",
                    server, letter(link), what, time.value);
}

Expected<void> Ledger::flush() {
    if (file_ == nullptr) return {};
    failed_ |= std::fwrite(buffer_.data(), 1, buffer_.size(), file_) != buffer_.size();
    buffer_.clear();
    if (failed_ || std::fflush(file_) != 0)
        return failure("the truth file did not take everything (disk full?)");
    return {};
}

std::string Ledger::summary() const {
    nlohmann::ordered_json all{
        {"schema", 1}, {"servers", servers_}, {"streams", nlohmann::ordered_json::array()}};
    for (const auto& [stream, truth] : truths_) {
        nlohmann::ordered_json s{
            {"acd", stream.acd.value},      {"epoch", stream.epoch.value},
            {"begins", truth.begins.value}, {"ends", truth.ends.value},
            {"messages", truth.messages},   {"last_seq", truth.messages},
            {"orderly", truth.orderly},     {"servers", nlohmann::ordered_json::array()}};
        for (std::size_t i = 0; i < truth.servers.size(); ++i) {
            const ServerTruth& server = truth.servers[i];
            nlohmann::ordered_json j{{"server", i + 1},
                                     {"lost_both", server.lost_both},
                                     {"duplicates", server.duplicates},
                                     {"lost", nlohmann::ordered_json::array()}};
            for (const Range& r : server.lost)
                j["lost"].push_back({{"first", r.first.value}, {"last", r.last.value}, {"count", r.count()}});
            for (const Link link : {Link::A, Link::B}) {
                const LinkTruth& l = server.links[index(link)];
                nlohmann::ordered_json k{
                    {"frames", l.frames}, {"heartbeats", l.heartbeats}, {"lost_alone", l.lost_alone}};
                u64 got = 0;
                for (std::size_t f = 1; f < kFates; ++f) {
                    k[kFateNames[f]] = l.messages[f];
                    if (delivered(static_cast<Fate>(f))) got += l.messages[f];
                }
                k["delivered"] = got;
                j["links"][std::string(1, letter(link))] = std::move(k);
            }
            s["servers"].push_back(std::move(j));
        }
        all["streams"].push_back(std::move(s));
    }
    return all.dump(2) + "\n";
}

}  // namespace twinlink::sim
