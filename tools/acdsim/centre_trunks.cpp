// Trunks of a simulated call centre: seized, idle, taken out of service and put back. See call_centre.hpp.
#include "tools/acdsim/call_centre.hpp"

namespace twinlink::sim {

bool CallCentre::seize(u32 slot, u16 group, std::string_view calling, std::string_view dialled) {
    SimTrunkGroup& g = groups_[group - 1U];
    if (g.idle.empty()) return false;
    SimCall& c = calls_[slot];
    c.group = group;
    c.trunk = g.idle.back();
    g.idle.pop_back();
    g.call[c.trunk] = slot;
    emit(TrunkSeized{clock(), c.id, c.ucid, c.group, c.trunk, c.direction, 0, 0, text<24>(calling),
                     text<24>(dialled)});
    return true;
}

void CallCentre::idle_trunk(u32 slot) {
    SimCall& c = calls_[slot];
    if (c.trunk == 0) return;
    SimTrunkGroup& g = groups_[c.group - 1U];
    emit(TrunkIdle{clock(), c.id, c.group, c.trunk, 0});
    g.call[c.trunk] = kNoCall;
    g.idle.push_back(c.trunk);
    c.trunk = 0;
}

void CallCentre::trunk_out() {
    events_.add(now_ + random_.exponential(kDay / config_.trunk_out_per_day), What::TrunkOut);
    const auto group = static_cast<u16>(random_.between(1, groups_.size()));
    SimTrunkGroup& g = groups_[group - 1U];
    const auto trunk = static_cast<u16>(random_.between(1, g.trunks));
    if (g.out[trunk]) return;
    const u32 slot = g.call[trunk];
    if (slot == kNoCall) {
        std::erase(g.idle, trunk);
        emit(TrunkMaintenance{clock(), 0, group, trunk, 1, 0, 0});
    } else {
        const Stage at = calls_[slot].stage;
        if (at != Stage::Vector && at != Stage::Queued && at != Stage::Talking) return;
        emit(TrunkMaintenance{clock(), calls_[slot].id, group, trunk, 1, 0, 0});
        calls_[slot].trunk = 0;
        g.call[trunk] = kNoCall;
        const u32 agent = at == Stage::Talking ? calls_[slot].agent : kNobody;
        free_call(slot);
        g.out[trunk] = true;
        if (agent != kNobody) {  // tracking of the call is aborted: no after-call work
            next_task(agent);
            offer_work(agent);
        }
    }
    g.out[trunk] = true;
    events_.add(now_ + random_.between(60, 1'800) * kSecond, What::TrunkBack, group, trunk);
}

void CallCentre::trunk_back(u32 group, u32 trunk) {
    SimTrunkGroup& g = groups_[group - 1U];
    emit(TrunkMaintenance{clock(), 0, static_cast<u16>(group), static_cast<u16>(trunk), 0, 0, 0});
    g.out[trunk] = false;
    g.idle.push_back(static_cast<u16>(trunk));
}

}  // namespace twinlink::sim
