// The table itself: see commands.hpp. A sentence here is what people read in --help.
#include "tools/twinlink/commands.hpp"

#include <array>
#include <charconv>
#include <limits>

namespace twinlink::cli {
namespace {

using enum OptionId;
using std::string_view;

constexpr OptionInfo kJson{Json, "--json", "", "print one JSON document"};
constexpr OptionInfo kCsv{Csv, "--csv", "", "print one table as CSV"};
constexpr OptionInfo kTable{TableName, "--table", "NAME",
                            "with --csv: which table; a wrong name lists what there is"};
constexpr OptionInfo kSocket{Socket, "--socket", "PATH",
                             "the appliance's control socket (default /run/twinlink/control.sock, or "
                             "TWINLINK_SOCKET)"};
constexpr OptionInfo kStore{Store, "--store", "DIR",
                            "the store's folder (default /var/lib/twinlink/store, or TWINLINK_STORE)"};
constexpr OptionInfo kStoreInstead{Store, "--store", "DIR",
                                   "read this store when the appliance does not answer"};
constexpr OptionInfo kStoreAlone{Store, "--store", "DIR", "read this store and do not ask the appliance"};
constexpr OptionInfo kAcd{Acd, "--acd", "N", "only this ACD"};
constexpr OptionInfo kEpoch{Epoch, "--epoch", "E", "only this epoch, as `twinlink gaps` prints it"};
constexpr OptionInfo kState{State, "--state", "STATE",
                            "only gaps that are open, requested, filled, healed, lost, or missing (open, "
                            "requested or lost)"};
constexpr string_view kFromHelp =
    "from this time on: 2026-03-01, \"2026-03-01 09:00\", or now, today, yesterday, this-week, last-week, "
    "this-month, last-month for when that began; without an offset it is the ACD's local time";
constexpr OptionInfo kFrom{From, "--from", "TIME", kFromHelp};
constexpr OptionInfo kTo{To, "--to", "TIME", "before this time"};
constexpr OptionInfo kInterval = {
    Interval, "--interval", "TIME",
    "only the interval that starts then; current for the newest, previous for the one before it"};
constexpr OptionInfo kBy{By, "--by", "SPAN",
                         "interval (default), day, week or month: rows added up per item's rule"};
constexpr OptionInfo kSkill{Skill, "--skill", "N|NAME", "only this skill"};
constexpr OptionInfo kOnly{Only, "--only", "N|NAME", "only this one"};
constexpr OptionInfo kAgent{Agent, "--agent", "N", "only the agent with this login id"};
constexpr OptionInfo kItems{Items, "--items", "A,B,C",
                            "these items, in this order; NAME* for all that begin so, or all"};
constexpr OptionInfo kExact{Exact, "--exact", "", "times in ns as they are stored, not rounded to seconds"};
constexpr OptionInfo kEvery{Every, "interval", "SECONDS", "print again every so many seconds"};
constexpr OptionInfo kTimes{Times, "count", "COUNT", "and stop after so many times"};
constexpr OptionInfo kDirectory{Directory, "directory", "DIR", "the store's folder", true};
constexpr OptionInfo kItemTable{ItemTable, "name", "TABLE",
                                "hsplit, hagent, hvdn, ...; all tables without it"};

constexpr OptionInfo kQuick{Quick, "--quick", "",
                            "structure and records only: journal and rows are not read"};
constexpr OptionInfo kEchiVersion{EchiVersion, "--version", "V",
                                  "layout of the records: 5, 11, 12, 16, 163, 170, 180 or 181", true};
constexpr OptionInfo kOutFolder{OutFolder, "folder", "DIR", "where a receiver takes the files from", true};
constexpr OptionInfo kStoreLooked{Store, "--store", "DIR",
                                  "look at this store, not at the one the appliance names"};
constexpr std::array kUpgradeOptions{kSocket, kStoreLooked, kJson, kCsv, kTable};
constexpr std::array kStatusOptions{kEvery, kTimes, kSocket, kStoreInstead, kJson, kCsv, kTable};
constexpr std::array kTopOptions{kEvery, kTimes, kAcd, kSkill, kSocket, kJson, kCsv, kTable};
constexpr OptionInfo kPair{Pair, "--pair", "",
                           "both servers of the pair; asks the appliance, which asks its partner"};
constexpr OptionInfo kHtml{HtmlFile, "--html", "FILE",
                           "write one self-contained page: figures, timeline, tables; of the pair where both "
                           "servers answer"};
constexpr std::array kLinksOptions{kEvery,  kTimes,      kAcd,  kEpoch, kPair,
                                   kSocket, kStoreAlone, kJson, kCsv,   kTable};
constexpr std::array kGapsOptions{kEvery, kTimes, kAcd,    kEpoch, kState, kFrom, kTo,
                                  kPair,  kHtml,  kSocket, kStore, kJson,  kCsv,  kTable};
constexpr std::array kSkillsOptions{kEvery, kTimes, kAcd,   kFrom,  kTo,   kInterval, kBy,
                                    kSkill, kItems, kExact, kStore, kJson, kCsv,      kTable};
constexpr std::array kAgentsOptions{kEvery, kTimes, kAcd,   kFrom,  kTo,   kInterval, kBy,   kAgent,
                                    kSkill, kItems, kExact, kStore, kJson, kCsv,      kTable};
constexpr std::array kOnlyOptions{kEvery, kTimes, kAcd,   kFrom,  kTo,   kInterval, kBy,
                                  kOnly,  kItems, kExact, kStore, kJson, kCsv,      kTable};
constexpr std::array kLoginsOptions{kEvery, kTimes, kAcd,   kFrom, kTo,  kInterval, kOnly,
                                    kItems, kExact, kStore, kJson, kCsv, kTable};
constexpr std::array kCallsOptions{kEvery, kTimes, kAcd,   kFrom, kTo,  kInterval, kSkill,
                                   kItems, kExact, kStore, kJson, kCsv, kTable};
constexpr OptionInfo kPath{Path, "path", "PATH",
                           "a capture (pcap, pcapng) of the links, or the folder of another server's store",
                           true};
constexpr OptionInfo kCredentials{Credentials, "--credentials", "DIR",
                                  "folder of keys and certificates (default /etc/twinlink/pair)"};
constexpr OptionInfo kDays{Days, "--days", "N", "how long the new certificate is good (default 3650)"};
constexpr OptionInfo kCertificate{Certificate, "certificate", "FILE", "the other server's own.crt", true};
constexpr OptionInfo kOnOff{OnOff, "state", "on|off", "without it: how things are"};
constexpr OptionInfo kText{Text, "--text", "TEXT",
                           "why, for whoever looks: up to 90 bytes of printable ASCII"};
constexpr std::array kMaintenanceOptions{kOnOff, kText, kSocket, kJson};
constexpr OptionInfo kOff{OnOff, "state", "off", "without it: how things are"};
constexpr std::array kSafeModeOptions{kOff, kSocket, kJson};
constexpr OptionInfo kUpsState{UpsState, "state", "online|on-battery|low-battery",
                               "without it: how things are"};
constexpr std::array kUpsOptions{kUpsState, kSocket, kJson};
constexpr OptionInfo kWhichAcd{Acd, "--acd", "N", "which ACD"};
constexpr std::array kCollectionOptions{kOnOff, kWhichAcd, kSocket, kJson, kCsv, kTable};
constexpr std::array kPartnerOptions{kEvery, kTimes, kSocket, kJson, kCsv, kTable};
constexpr std::array kPairInitOptions{kCredentials, kDays, kJson};
constexpr std::array kPairJoinOptions{kCertificate, kCredentials, kDays, kJson};
constexpr std::array kPairShowOptions{kCredentials, kJson};
constexpr OptionInfo kFile{File, "file", "FILE", "the backup", true};
constexpr OptionInfo kConfig{Config, "--config", "FILE",
                             "twinlinkd's configuration (default /etc/twinlink/twinlinkd.toml)"};
constexpr OptionInfo kOtherStore{Store, "--store", "DIR", "the store's folder, if not the configured one"};
constexpr OptionInfo kOtherCredentials{Credentials, "--credentials", "DIR",
                                       "folder of keys and certificates, if not the configured one"};
constexpr OptionInfo kOtherSocket{Socket, "--socket", "PATH",
                                  "the appliance's control socket, if not the configured one"};
constexpr OptionInfo kRate{Rate, "--rate", "MIB", "MiB a second at most, before packing"};
constexpr OptionInfo kTimeLimit{TimeLimit, "--time-limit", "SECONDS",
                                "give up after this long (default 3600): a store grows while it is copied"};
constexpr OptionInfo kParts{Parts, "--parts", "LIST",
                            "only these: configuration, credentials, store; by default all that there is"};
constexpr OptionInfo kDryRun{DryRun, "--dry-run", "", "read, prove and look, but change nothing"};
constexpr OptionInfo kQuickStore{Quick, "--quick", "",
                                 "of the store check the structure only, not every value"};
constexpr std::array kBackupSystemOptions{kFile, kConfig,    kOtherStore,  kOtherCredentials,
                                          kRate, kTimeLimit, kOtherSocket, kJson};
constexpr std::array kBackupCheckOptions{kFile, kJson};
constexpr OptionInfo kTables{Tables, "--tables", "LIST",
                             "only these: skills, agents, ... as reports are called, exceptions, journal; by "
                             "default all"};
constexpr OptionInfo kSince{Since, "--since", "FILE",
                            "only what is new or has changed since this data backup"};
constexpr OptionInfo kVerbose{Verbose, "--verbose", "", "tell of every row (--json always does)"};
constexpr std::array kBackupDataOptions = {
    kFile, kFrom,      kTo,          kAcd, kTables, kSince, kConfig, kOtherStore, kOtherCredentials,
    kRate, kTimeLimit, kOtherSocket, kJson};
constexpr std::array kRestoreDataOptions{kFile, kAcd, kDryRun, kVerbose, kSocket, kJson, kCsv, kTable};
constexpr std::array kRestoreSystemOptions{kFile,  kConfig,     kCredentials, kStore,
                                           kParts, kQuickStore, kDryRun,      kJson};
constexpr std::array kImportOptions{kPath, kAcd, kSocket, kJson};
constexpr std::array kItemsOptions{kItemTable, kJson, kCsv, kTable};
constexpr std::array kCheckOptions{kDirectory, kQuick, kJson, kCsv, kTable};
constexpr std::array kStoreOptions{kDirectory, kJson, kCsv, kTable};
constexpr std::array kScrubOptions{kSocket, kStoreAlone, kJson, kCsv, kTable};

constexpr std::array kOutagesOptions{kEvery, kTimes, kAcd, kFrom, kTo, kStore, kJson, kCsv, kTable};
constexpr std::array kEchiOptions{kOutFolder, kEchiVersion, kAcd, kFrom, kTo, kStore, kJson, kCsv, kTable};
constexpr OptionInfo kWithPartner{WithPartner, "--partner", "",
                                  "compare with the partner server instead; asks the appliance"};
constexpr std::array kVerifyOptions{kWithPartner, kAcd, kFrom, kTo, kStore, kSocket, kJson, kCsv, kTable};

constexpr std::array<string_view, 3> kStatusExamples = {
    "twinlink status", "twinlink status 5", "twinlink status --store /var/lib/twinlink/store --json"};
constexpr std::array<string_view, 3> kTopExamples{"twinlink top", "twinlink top --skill Sales",
                                                  "twinlink top --csv --table agents"};
constexpr std::array<string_view, 3> kLinksExamples{"twinlink links", "twinlink links --acd 1 --json",
                                                    "twinlink links --pair"};
constexpr std::array<string_view, 5> kGapsExamples = {
    "twinlink gaps", "twinlink gaps --acd 1 --state open",
    "twinlink gaps --from 2026-03-01 --to 2026-03-02 --csv", "twinlink gaps --pair",
    "twinlink gaps --from yesterday --html /var/www/gaps.html"};
constexpr std::array<string_view, 3> kSkillsExamples = {
    "twinlink report skills", "twinlink report skills --acd 1 --interval \"2026-03-01 09:00\"",
    "twinlink report skills --skill Sales --from 2026-03-01 --to 2026-03-08 --items ACDCALLS,ABNCALLS --csv"};
constexpr std::array<string_view, 2> kAgentsExamples = {
    "twinlink report agents --agent 4711", "twinlink report agents --from 2026-03-01 --items \"TI_*\""};
constexpr std::array<string_view, 2> kVdnsExamples{"twinlink report vdns",
                                                   "twinlink report vdns --only 5001 --items \"ABN*\" --csv"};
constexpr std::array<string_view, 1> kVectorsExamples{"twinlink report vectors --from 2026-03-01"};
constexpr std::array<string_view, 1> kGroupsExamples = {
    "twinlink report trunk-groups --items ALLINUSETIME,MBUSYTIME"};
constexpr std::array<string_view, 1> kTrunksExamples{"twinlink report trunks --only 3"};
constexpr std::array<string_view, 1> kCodesExamples{"twinlink report codes --csv"};
constexpr std::array<string_view, 1> kLoginsExamples{"twinlink report logins --only 4711 --from 2026-03-01"};
constexpr std::array<string_view, 2> kTraceExamples = {
    "twinlink report trace --only 4711",
    "twinlink report trace --only \"Ann Lee\" --from \"2026-03-01 09:00\" --to \"2026-03-01 12:00\" --csv"};
constexpr std::array<string_view, 2> kCallsExamples{"twinlink report calls --interval \"2026-03-01 09:00\"",
                                                    "twinlink report calls --skill Sales --items all --json"};
constexpr std::array<string_view, 2> kImportExamples = {
    "twinlink import /var/captures/link_a.pcap", "twinlink import /mnt/other_server/store --acd 1 --json"};
constexpr std::array<string_view, 2> kItemsExamples{"twinlink items hsplit", "twinlink items --csv"};
constexpr std::array<string_view, 1> kInfoExamples{"twinlink store info /var/lib/twinlink/store"};

constexpr std::array<string_view, 2> kCheckExamples = {
    "twinlink store check /var/lib/twinlink/store",
    "twinlink store check --quick /var/lib/twinlink/store --json"};

constexpr std::array<string_view, 2> kScrubExamples{"twinlink store scrub",
                                                    "twinlink store scrub --store /mnt/copy --json"};
constexpr std::array<string_view, 1> kCompactExamples{"twinlink store compact /var/lib/twinlink/store"};

constexpr std::array<string_view, 1> kOutagesExamples{"twinlink report outages --from this-month --csv"};
constexpr std::array<string_view, 2> kExceptionsExamples{"twinlink report exceptions",
                                                         "twinlink report exceptions --from today --json"};
constexpr std::array<string_view, 2> kConflictsExamples = {
    "twinlink report conflicts", "twinlink report conflicts --acd 1 --from today --json"};
constexpr std::array<string_view, 1> kEchiExamples{"twinlink export echi --version 12 /var/spool/echi"};
constexpr std::array<string_view, 3> kVerifyExamples = {
    "twinlink verify", "twinlink verify --from yesterday --json", "twinlink verify --partner --from today"};

constexpr std::array<string_view, 2> kUpgradeExamples{"twinlink upgrade check",
                                                      "twinlink upgrade check --json"};
constexpr std::array<string_view, 2> kMaintenanceExamples = {"twinlink maintenance on --text \"new disks\"",
                                                             "twinlink maintenance off"};
constexpr std::array<string_view, 2> kUpsExamples{"twinlink ups on-battery", "twinlink ups"};
constexpr std::array<string_view, 1> kSafeModeExamples{"twinlink safe-mode off"};
constexpr std::array<string_view, 2> kCollectionExamples{"twinlink collection off --acd 1",
                                                         "twinlink collection on --acd 1"};
constexpr std::array<string_view, 2> kPartnerExamples{"twinlink partner", "twinlink partner 1 --json"};
constexpr std::array<string_view, 1> kPairInitExamples{"twinlink pair init"};
constexpr std::array<string_view, 1> kPairJoinExamples{"twinlink pair join /mnt/usb/own.crt"};
constexpr std::array<string_view, 1> kPairShowExamples{"twinlink pair show"};

constexpr std::array<string_view, 2> kBackupSystemExamples = {
    "twinlink backup system /backup/twinlink.system",
    "twinlink backup system /backup/twinlink.system --rate 50 --time-limit 7200"};
constexpr std::array<string_view, 3> kBackupDataExamples = {
    "twinlink backup data /backup/monday.data",
    "twinlink backup data /backup/tuesday.data --since /backup/monday.data",
    "twinlink backup data /backup/march.data --from 2026-03-01 --to 2026-04-01 --tables skills,calls"};
constexpr std::array<string_view, 2> kRestoreDataExamples = {
    "twinlink restore data /backup/monday.data --dry-run",
    "twinlink restore data /backup/monday.data --verbose"};
constexpr std::array<string_view, 1> kBackupCheckExamples{"twinlink backup check /backup/twinlink.system"};
constexpr std::array<string_view, 2> kRestoreSystemExamples = {
    "twinlink restore system /backup/twinlink.system",
    "twinlink restore system /backup/twinlink.system --parts configuration --config /etc/twinlink/new.toml"};

constexpr std::array kCommands = {
    CommandInfo{
        "status", "how the appliance is, what that means and what to do",
        "Asks the appliance. Exit code 0 when it collects and no gap is open, 1 when there is a problem, 3 "
        "when it does not answer (then --store shows what was committed last).",
        kStatusOptions, kStatusExamples, run_status},
    CommandInfo{
        "top", "links, skills and agents at this moment",
        "Asks the appliance. On a terminal the screen is renewed every second (or every SECONDS) until you "
        "press "
        "Ctrl-C; else it prints once. People see the agents who have been in their mode longest, machines "
        "all. "
        "The items of the current and the previous interval: report skills --interval current|previous.",
        kTopOptions, kTopExamples, run_top, true},
    CommandInfo{
        "links", "what each link brought, lost and how late it was",
        "Per ACD, epoch and link, with sums that are checked. Asks the appliance, which knows the present "
        "epochs; --store reads all that the store remembers. With --pair: both links of both servers side by "
        "side, the partner's as of its last commit.",
        kLinksOptions, kLinksExamples, run_links},
    CommandInfo{
        "gaps", "every range of messages that this server lacks or lacked, and why",
        "Reads the store; needs no running appliance, but for --pair. Totals per stream are checked. Exit "
        "code 1 when a gap is open, something does not add up, or the partner's account is not known. "
        "Detected in: from the moment when the switch sent the message behind the hole (its clock) until the "
        "names were called missing (the server's); not known where the clocks contradict each other or an "
        "hour lies between. Healed in: from then until the messages were here and their rows folded again. "
        "p50 and p99 are times that occurred.",
        kGapsOptions, kGapsExamples, run_gaps},
    CommandInfo{"report skills", "interval rows of skills (hsplit)",
                "Without a time: the day of the newest interval. Rows that are not complete carry a *.",
                kSkillsOptions, kSkillsExamples, run_report_of<TableId::Hsplit>},
    CommandInfo{
        "report agents", "interval rows of agents and skills (hagent)",
        "Without a time: the day of the newest interval. Rows that are not complete carry a *; an agent "
        "with several skills gets a line for all of them.",
        kAgentsOptions, kAgentsExamples, run_report_of<TableId::Hagent>},
    CommandInfo{"report vdns", "interval rows of VDNs (hvdn)",
                "Without a time: the day of the newest interval. Rows that are not complete carry a *.",
                kOnlyOptions, kVdnsExamples, run_report_of<TableId::Hvdn>},
    CommandInfo{
        "report vectors", "interval rows of vectors (hvector)",
        "Without a time: the day of the newest interval. A call counts in each vector that it entered.",
        kOnlyOptions, kVectorsExamples, run_report_of<TableId::Hvector>},
    CommandInfo{"report trunk-groups", "interval rows of trunk groups (htkgrp)",
                "Without a time: the day of the newest interval. Calls count when their trunk becomes idle.",
                kOnlyOptions, kGroupsExamples, run_report_of<TableId::Htkgrp>},
    CommandInfo{"report trunks", "interval rows of single trunks (htrunk)",
                "Without a time: the day of the newest interval. --only takes a trunk group.", kOnlyOptions,
                kTrunksExamples, run_report_of<TableId::Htrunk>},
    CommandInfo{"report codes", "interval rows of call work codes (hcwc)",
                "Without a time: the day of the newest interval.", kOnlyOptions, kCodesExamples,
                run_report_of<TableId::Hcwc>},
    CommandInfo{
        "report logins", "login sessions of agents (haglog)",
        "Sessions that ended in the time asked for. INFLAG and OUTFLAG mark those whose begin or end was "
        "not seen.",
        kLoginsOptions, kLoginsExamples, run_report_of<TableId::Haglog>},
    CommandInfo{"report calls", "call records, one per segment of a call (call_rec)",
                "Segments that ended in the time asked for; --skill selects by the skill of the disposition.",
                kCallsOptions, kCallsExamples, run_report_of<TableId::CallRec>},
    CommandInfo{
        "report trace", "activities of traced agents, one by one (ag_actv)",
        "Activities that ended in the time asked for, of the agents whom trace_agents in the appliance's "
        "configuration names. A * marks those of which a part may not have been seen.",
        kLoginsOptions, kTraceExamples, run_report_of<TableId::AgActv>},
    CommandInfo{
        "import", "fills gaps from a capture or from another server's store",
        "The appliance reads PATH itself, while it collects, and takes only what is missing; the rows "
        "are folded again by themselves. Interrupted, it stops; what was filled stays. Exit code 0 when "
        "nothing is missing any more, 1 when something is, or PATH could not be read.",
        kImportOptions, kImportExamples, run_import},
    CommandInfo{
        "report outages", "what is or was missing, and the intervals that it touches",
        "Per ACD: gaps with cause, time and intervals; intervals that are not complete; silences of the "
        "links. Exit code 1 when messages are missing in the time asked for.",
        kOutagesOptions, kOutagesExamples, run_report_outages},
    CommandInfo{
        "report exceptions", "what the links of this server did, episode by episode (linkex)",
        "Silences, frames refused, dropped or set aside, lives of the numbering, pump-ups, gaps as they were "
        "opened, copies that differ. A fact of this server: its partner has its own. twinlink items linkex "
        "explains the columns.",
        kOutagesOptions, kExceptionsExamples, run_report_exceptions},
    CommandInfo{
        "report conflicts", "messages of which copies came that differ, and which copy counts",
        "Of such copies both servers keep the same one, that of the lower hash; the latest other one is "
        "remembered. Per message both copies, with time, hash and who brought them, as far as that is "
        "known. --from and --to are the message's time.",
        kOutagesOptions, kConflictsExamples, run_report_conflicts},
    CommandInfo{
        "export echi", "call records as external call history files (chr0001, ...)",
        "Writes the call records of closed intervals that DIR has not got yet into its next file. Each goes "
        "out once, also when an export is interrupted: DIR keeps account (echi_account), the receiver may "
        "take "
        "chr files away at any time. Times are seconds; moments Unix seconds (UTC); -1, 0 or blank is not "
        "known.",
        kEchiOptions, kEchiExamples, run_export_echi},
    CommandInfo{
        "verify", "holds rows against each other: identities, call records, roll-ups, journal",
        "Reads a store; works beside a running appliance. Every complete row must satisfy its table's "
        "identities; call records added up must give the rows of skills and agents. Exit code 1 when "
        "something "
        "differs, with key and both values. With --partner: whether both servers of the pair hold the same "
        "rows, by the digests of each table and interval, and where they differ which rows, with the values "
        "of both; 0 only when all are equal.",
        kVerifyOptions, kVerifyExamples, run_verify},
    CommandInfo{"items", "every column of the tables, explained", "From the item catalogue; reads nothing.",
                kItemsOptions, kItemsExamples, run_items},
    CommandInfo{
        "maintenance", "says that people work on this server, or that they are done",
        "Asks the appliance, which keeps it over restarts. It collects as always; its alarms are quiet (the "
        "log warns of nothing, status ends with code 0), status and reports say so, and so does the status "
        "of "
        "the partner.",
        kMaintenanceOptions, kMaintenanceExamples, run_maintenance},
    CommandInfo{
        "collection", "turns the collecting of one ACD off, or on again",
        "Asks the appliance, which keeps it over restarts. While it is off frames of the ACD are not taken; "
        "afterwards what was missed is a gap of cause collection_off, which the partner fills as any other. "
        "report exceptions has when it was off.",
        kCollectionOptions, kCollectionExamples, run_collection},
    CommandInfo{"safe-mode", "whether the appliance put its store aside, and that you have seen it",
                "After three crashes within a minute the daemon renames its store and goes on with a fresh "
                "one. It says "
                "so until told off, which changes nothing else. Exit code 1 while it is in safe mode.",
                kSafeModeOptions, kSafeModeExamples, run_safe_mode},
    CommandInfo{"ups", "what the UPS says of this server's power",
                "For NUT's upsmon to call. On battery backups wait, commits stay small, and both servers' "
                "status says so. "
                "On low battery the appliance commits what it has, tells its partner why it goes, and ends "
                "within two "
                "seconds. Exit code 1 while it is on battery.",
                kUpsOptions, kUpsExamples, run_ups},
    CommandInfo{"partner", "the session with the partner server, and what each of the two lacks",
                "Asks the appliance. Exit code 0 when the session is up and nothing that the partner has is "
                "missing here, else 1.",
                kPartnerOptions, kPartnerExamples, run_partner},
    CommandInfo{
        "upgrade check", "whether this server can be stopped now to get another version",
        "Asks the appliance, which may be older than this program, and looks at its store. Safe is: the "
        "store works, "
        "both links bring messages, no gap is open, nothing is being filled or folded again, the partner is "
        "connected and lacks nothing, no rows differ, and this program speaks the pair's protocol and knows "
        "the store's format. An ACD whose collection is off here is no reason to wait; off at the partner it "
        "is. Run it before each step of a rolling upgrade; exit code 0 when it is safe, else 1.",
        kUpgradeOptions, kUpgradeExamples, run_upgrade_check},
    CommandInfo{
        "pair init", "makes this server the first of a new pair",
        "Writes own.key and own.crt, mode 0600. Then carry own.crt over to the other server, run `pair join` "
        "there, carry its own.crt back and run `pair join` here. Keys never leave their server.",
        kPairInitOptions, kPairInitExamples, run_pair_init},
    CommandInfo{
        "pair join", "takes another server's certificate for the partner's",
        "On a server without a key it makes one, as the other server of that pair. What is there already is "
        "never replaced.",
        kPairJoinOptions, kPairJoinExamples, run_pair_join},
    CommandInfo{"pair show", "who this server is in its pair, and who its partner",
                "Reads and checks the files. Exit code 1 when something is missing, does not fit or has "
                "expired.",
                kPairShowOptions, kPairShowExamples, run_pair_show},
    CommandInfo{
        "backup system", "configuration, credentials and the whole store of this server into one file",
        "Works beside a running appliance, as of one commit; run it as a user who may read all of that. The "
        "file has mode 0600, is there whole or as it was before, and holds the server's private key.",
        kBackupSystemOptions, kBackupSystemExamples, run_backup_system},
    CommandInfo{
        "backup data", "rows, call records, logins, exceptions and journal of a time into one file",
        "Works beside a running appliance, a journal block or an interval at a time; closed intervals only. "
        "With --since: the journal that came, and the intervals that changed. The file has mode 0600 and is "
        "there whole or as it was before.",
        kBackupDataOptions, kBackupDataExamples, run_backup_data},
    CommandInfo{
        "backup check", "whether a backup is whole, and what it holds",
        "Reads all of FILE: every part must be what was written. Changes nothing. Exit code 1 when it "
        "is not to be relied on.",
        kBackupCheckOptions, kBackupCheckExamples, run_backup_check},
    CommandInfo{
        "restore data", "what this server lacks, from a data backup, while it collects",
        "The appliance reads FILE itself. Messages that are missing are filled and their rows folded again; "
        "where no messages are left, rows that are absent or INCOMPLETE here and complete in the backup are "
        "taken. Deletes nothing, changes nothing that is complete, and may be repeated. It does not fill an "
        "empty store: restore system does, or the partner. Exit code 0 when all of FILE was taken into "
        "account; 1 also when this server has heard of nothing that is in it.",
        kRestoreDataOptions, kRestoreDataExamples, run_restore_data},
    CommandInfo{
        "restore system", "configuration, credentials and store onto a machine that has none of them",
        "Everything is unpacked beside its place and proven first, the store by a full check in a process of "
        "its own; then it is renamed. What is there is never replaced: it is refused, and nothing was "
        "changed. What came since the backup comes from the partner when twinlinkd is started.",
        kRestoreSystemOptions, kRestoreSystemExamples, run_restore_system},
    CommandInfo{"store info", "what a store says of itself", "Reads one commit's view of it.", kStoreOptions,
                kInfoExamples, run_store_info},
    CommandInfo{"store check", "reads and checks everything in a store",
                "Changes nothing; works beside a running appliance. Exit code 1 when something is damaged or "
                "contradicts itself.",
                kCheckOptions, kCheckExamples, run_store_check},
    CommandInfo{
        "store scrub", "reads every value of the store once, now, and tells what rotted",
        "Asks the appliance, which makes good what it finds: messages come from the partner, rows are folded "
        "or added up again. With --store a store is read without it, and nothing is changed. Exit code 1 "
        "when anything is damaged that is not made good yet.",
        kScrubOptions, kScrubExamples, run_store_scrub},
    CommandInfo{
        "store compact", "writes a store anew without its free pages",
        "Only while no twinlinkd and no reader has it open. The new file is made beside the old one, "
        "compared "
        "with it value by value, and takes its place by a rename: interrupted or without room on the disk, "
        "the store is as it was.",
        kStoreOptions, kCompactExamples, run_store_compact},
};

constexpr std::array kFamilies = {
    FamilyInfo{"report", "interval rows, as the field's reports have them"},
    FamilyInfo{"export", "files for other systems"},
    FamilyInfo{"upgrade", "about getting another version"},
    FamilyInfo{"pair", "keys and certificates of the two servers"},
    FamilyInfo{"backup", "what this server has, into one file"},
    FamilyInfo{"restore", "a backup, back into a server"},
    FamilyInfo{"store", "about a store's folder"},
};

}  // namespace

std::span<const CommandInfo> commands() noexcept { return kCommands; }
std::span<const FamilyInfo> families() noexcept { return kFamilies; }

const OptionInfo* find_option(OptionId id) noexcept {
    for (const CommandInfo& command : kCommands)
        for (const OptionInfo& option : command.options)
            if (option.id == id) return &option;
    return nullptr;
}

Result<std::optional<u64>> Arguments::number(OptionId id, u64 max) const {
    if (!has(id)) return std::optional<u64>{};
    const std::string value = text(id);
    u64 number = 0;
    const char* const end = value.data() + value.size();
    const auto [at, error] = std::from_chars(value.data(), end, number);
    if (error == std::errc{} && at == end && number >= 1 && number <= max) return number;
    const OptionInfo* option = find_option(id);
    return refuse(tools::ExitCode::Usage, std::string(option->name) + ": \"" + value +
                                              "\" is not a whole number from 1 to " + std::to_string(max) +
                                              ".");
}

}  // namespace twinlink::cli
