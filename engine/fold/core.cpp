// What the pipeline sees of the fold, and the one place where it allocates. See fold.hpp and core.hpp.
#include "engine/fold/core.hpp"

namespace twinlink {

Fold::Fold(Acd acd, const FoldLimits& limits) : core_(std::make_unique<fold::Core>(acd, limits)) {}
Fold::~Fold() = default;
Fold::Fold(Fold&&) noexcept = default;
Fold& Fold::operator=(Fold&&) noexcept = default;

void Fold::begin_epoch(Epoch epoch, FoldSink& sink) { core_->begin_epoch(epoch, sink); }
void Fold::apply(Seq first, Bytes messages, u32 count, FoldSink& sink) {
    core_->apply(first, messages, count, sink);
}
void Fold::missing(u64 count) { core_->missing(count); }
void Fold::flush(FoldSink& sink) { core_->flush(sink); }
void Fold::trace(std::span<const u64> agents) { core_->trace(agents); }
std::vector<u64> Fold::traced() const { return core_->traced(); }
void Fold::save(std::vector<std::byte>& to) const { core_->save(to); }
Expected<void> Fold::load(Bytes from) {
    auto fresh = std::make_unique<fold::Core>(core_->acd(), core_->limits());
    if (auto loaded = fresh->load(from); !loaded) return loaded;
    fresh->set_trail(core_->trail());
    core_ = std::move(fresh);
    return {};
}
void Fold::set_trail(FoldTrail* trail) noexcept { core_->set_trail(trail); }
void Fold::mark(Seq seq) noexcept { core_->mark(seq); }
u64 Fold::interval_of(Nanos time) const noexcept { return core_->interval_of(time); }
void Fold::look(RealTime& now) const { core_->look(now); }
u64 Fold::counter(FoldCounter which) const noexcept { return core_->counter(which); }
const AcdRecord& Fold::settings() const noexcept { return core_->settings(); }

namespace fold {

Core::Core(Acd acd, const FoldLimits& limits)
    : acd_(acd),
      limits_(limits),
      names_(limits.agents + limits.skills + 16'384),
      skill_slots_(65'536, u16{0xFFFF}),
      skills_(limits.skills),
      agent_ids_(limits.agents),
      agents_(limits.agents),
      links_(limits.agent_skills),
      call_ids_(limits.calls),
      calls_(limits.calls),
      legs_(limits.calls + limits.agents),
      vdn_ids_(limits.vdns),
      vdns_(limits.vdns),
      vector_slots_(65'536, u16{0xFFFF}),
      vectors_(limits.vectors),
      group_slots_(65'536, u16{0xFFFF}),
      groups_(limits.trunk_groups),
      trunk_ids_(limits.trunks),
      trunks_(limits.trunks),
      code_ids_(limits.codes),
      codes_(limits.codes),
      skill_rows_(TableId::Hsplit, limits.skills),
      agent_rows_(TableId::Hagent, limits.agent_skills),
      vdn_rows_(TableId::Hvdn, limits.vdns),
      vector_rows_(TableId::Hvector, limits.vectors),
      group_rows_(TableId::Htkgrp, limits.trunk_groups),
      trunk_rows_(TableId::Htrunk, limits.trunks),
      code_rows_(TableId::Hcwc, limits.codes),
      dirty_agents_(limits.agents),
      staged_skills_(limits.agent_skills),
      staged_agents_(limits.agents),
      staged_calls_(limits.calls),
      staged_out_(limits.trunks) {
    traces_.reserve(kTracedAgentsMax);
    assert(limits.skills < 0xFFFF && limits.vectors < 0xFFFF && limits.trunk_groups < 0xFFFF);
}

std::vector<u64> Core::traced() const {
    std::vector<u64> agents;
    for (const Trace& t : traces_) agents.push_back(t.agent);
    return agents;
}

/// From here on these agents are traced, no others. What goes on at this moment is of unseen beginning.
void Core::trace(std::span<const u64> agents) {
    std::vector<Trace> next;
    next.reserve(kTracedAgentsMax);
    for (const u64 agent : agents.first(std::min<std::size_t>(agents.size(), kTracedAgentsMax))) {
        const Trace* const known = find_trace(agent);
        next.push_back(known != nullptr ? *known : Trace{});
        next.back().agent = agent;
    }
    std::ranges::sort(next, {}, &Trace::agent);
    next.erase(std::ranges::unique(next, {}, &Trace::agent).begin(), next.end());
    for (const Trace& t : traces_) {
        if (AgentEntry* const a = find_agent(t.agent)) a->clear(kTraced);
    }
    traces_ = std::move(next);
    for (Trace& t : traces_) {
        AgentEntry* const a = find_agent(t.agent);
        if (a == nullptr) continue;
        a->set(kTraced);
        if (t.active == 0 && a->staffed()) begin_activity(t, *a, a->mode_at, true);
    }
}

}  // namespace fold
}  // namespace twinlink
