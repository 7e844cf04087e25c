// The pump-up as it arrives: settings apply at once, snapshots wait until PumpUpEnd proves that none is
// missing; then repair.cpp compares them with what is known. See core.hpp.
#include "engine/fold/core.hpp"

namespace twinlink::fold {

void Core::tear_pump_up() noexcept {
    count(FoldCounter::PumpUpsTorn);
    pumping_ = false;
    staged_skills_.clear();
    staged_agents_.clear();
    staged_calls_.clear();
    staged_out_.clear();
}

void Core::on(const PumpUpBegin& m) {
    if (pumping_) tear_pump_up();
    pump_up_why_ = known(m.why) ? m.why : PumpUpWhy{};
    pumping_ = true;
    ++pump_up_;
    seen_ = {};
    out_of_service_ = 0;
}

void Core::on(const AcdInfo& m, FoldSink&) {
    if (!pumping_) return count(FoldCounter::PumpUpStray);
    if (m.interval_minutes != 15 && m.interval_minutes != 30 && m.interval_minutes != 60)
        return count(FoldCounter::BadValue);
    if (ready_ && m.phantom_abandon_s != acd_record_.phantom_abandon_s) {
        count(FoldCounter::SettingsChanged);
        all_rows_incomplete();
    }
    if (!open_) minutes_ = m.interval_minutes;  // else the next boundary tells
    acd_record_.utc_offset_minutes = m.utc_offset_minutes;
    // Told at the very start of an interval it holds for all of it: the local day may begin with it.
    if (open_ && now_ == opened_ && record_.utc_offset_minutes != m.utc_offset_minutes) {
        record_.utc_offset_minutes = m.utc_offset_minutes;
        record_changed_ = true;
    }
    acd_record_.interval_minutes = m.interval_minutes;
    acd_record_.phantom_abandon_s = m.phantom_abandon_s;
    acd_record_.acd = acd_.value;
    acd_record_.name = m.name;
    acd_record_.release = m.release;
}

void Core::on(const SkillInfo& m, FoldSink& sink) {
    if (!pumping_) return count(FoldCounter::PumpUpStray);
    ++seen_.skills;
    const u32 slot = skill_slot(m.skill);
    if (slot == kNoIndex) return m.skill == 0 ? count(FoldCounter::BadValue) : void();
    SkillEntry& s = skills_[slot];
    const bool level = s.service_level_s != m.service_level_s;
    const bool periods = s.period_s != m.period_s;
    if (s.known != 0 && (level || periods)) {
        count(FoldCounter::SettingsChanged);
        if (u64* const row = skill_row(m.skill)) {
            if (level) row[hsplit("SVCLEVELCHG")] = 1;
            if (periods) row[hsplit("PERIODCHG")] = 1;
            mark_skill(m.skill);
        }
    }
    s.known = 1;
    s.service_level_s = m.service_level_s;
    s.period_s = m.period_s;
    if (level || periods) skill_rows_.refresh(slot);
    name(NameKind::Skill, m.skill, m.name, sink);
}

void Core::on(const VdnInfo& m, FoldSink& sink) {
    if (!pumping_) return count(FoldCounter::PumpUpStray);
    ++seen_.vdns;
    const u32 slot = vdn_slot(m.vdn);
    if (slot == kNoIndex) return m.vdn == 0 ? count(FoldCounter::BadValue) : void();
    VdnState& v = vdns_[slot];
    const bool level = v.service_level_s != m.service_level_s;
    const bool periods = v.period_s != m.period_s;
    const bool changed = level || periods || v.skill != m.skill;
    if (v.known != 0 && changed) {
        count(FoldCounter::SettingsChanged);
        if (open_) {
            u64* const row = vdn_rows_.touch(slot);
            if (level) row[hvdn("SVCLEVELCHG")] = 1;
            if (periods) row[hvdn("PERIODCHG")] = 1;
            mark_vdn(m.vdn);
        }
    }
    v.known = 1;
    v.service_level_s = m.service_level_s;
    v.period_s = m.period_s;
    v.skill = m.skill;
    if (changed) vdn_rows_.refresh(slot);
    name(NameKind::Vdn, m.vdn, m.name, sink);
}

void Core::on(const VectorInfo& m, FoldSink& sink) {
    if (!pumping_) return count(FoldCounter::PumpUpStray);
    ++seen_.vectors;
    name(NameKind::Vector, m.vector, m.name, sink);
}

void Core::on(const TrunkGroupInfo& m, FoldSink& sink) {
    if (!pumping_) return count(FoldCounter::PumpUpStray);
    ++seen_.trunk_groups;
    out_of_service_ += m.out_of_service;
    const u32 slot = group_slot(m.trunk_group);
    if (slot == kNoIndex) return m.trunk_group == 0 ? count(FoldCounter::BadValue) : void();
    if (ready_) accrue_group(slot);
    if (std::exchange(groups_[slot].trunks, m.trunks) != m.trunks) group_rows_.refresh(slot);
    name(NameKind::TrunkGroup, m.trunk_group, m.name, sink);
}

void Core::name(NameKind kind, u64 number, const Text<24>& text, FoldSink& sink) {
    const Names::Verdict v = names_.offer(Names::key_of(kind, number), Names::hash_of(text));
    if (v == Names::Verdict::Full) count(FoldCounter::NamesFull);
    if (v == Names::Verdict::Known) return;
    sink.translation({number, acd_.value, kind, 0, 0, text});
}

void Core::stage(const AgentSkill& m) {
    ++seen_.agent_skills;
    if (!staged_skills_.full()) return staged_skills_.push_back(m);
    count(FoldCounter::PumpUpFull);
    tear_pump_up();
}

void Core::on(const AgentSnapshot& m) {
    if (!pumping_) return count(FoldCounter::PumpUpStray);
    ++seen_.agent_snapshots;
    if (!staged_agents_.full()) return staged_agents_.push_back(m);
    count(FoldCounter::PumpUpFull);
    tear_pump_up();
}

void Core::on(const CallSnapshot& m) {
    if (!pumping_) return count(FoldCounter::PumpUpStray);
    ++seen_.call_snapshots;
    if (!staged_calls_.full()) return staged_calls_.push_back(m);
    count(FoldCounter::PumpUpFull);
    tear_pump_up();
}

void Core::on(const PumpUpEnd& m, FoldSink& sink) {
    if (!pumping_) return count(FoldCounter::PumpUpStray);
    PumpUpEnd seen = seen_;
    seen.time = m.time;
    const bool whole = seen.skills == m.skills && seen.vdns == m.vdns && seen.vectors == m.vectors &&
                       seen.trunk_groups == m.trunk_groups && seen.agents == m.agents &&
                       seen.agent_skills == m.agent_skills && seen.agent_snapshots == m.agent_snapshots &&
                       seen.call_snapshots == m.call_snapshots && staged_out_.size() == out_of_service_ &&
                       acd_record_.interval_minutes != 0;
    if (!whole) {
        tear_pump_up();
        return become_uncertain();  // it repeats what was lost of it
    }
    count(FoldCounter::PumpUps);
    const bool certain = ready_ && !uncertain_;
    begin_collecting(sink);
    repair(certain);
    uncertain_ = false;
    pumping_ = false;
    staged_skills_.clear();
    staged_agents_.clear();
    staged_calls_.clear();
    staged_out_.clear();
    acd_record_.epoch = epoch_;
    acd_record_.pumped_up_at = m.time;
    sink.acd(acd_record_);
    sink.pump_up(std::exchange(pump_up_why_, PumpUpWhy{}));
}

}  // namespace twinlink::fold
