// How the page of a gap report looks: its style sheet, on screen and on paper. Constant data.
//
// No fonts, pictures or scripts from elsewhere. Colours: what is well is green, what waits is amber, what is
// missing red, what is gone for good violet; links and servers that were silent are grey.
#pragma once

#include <string_view>

namespace twinlink::cli {

inline constexpr std::string_view kGapStyle = R"css(
:root { --ink: #1f2733; --soft: #667085; --line: #e3e7ed; --pale: #f4f6f9; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 28px 32px 40px; max-width: 1260px; color: var(--ink); background: #fff;
  font: 14px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  -webkit-print-color-adjust: exact; print-color-adjust: exact; }
h1 { margin: 0; font-size: 26px; letter-spacing: -.01em; }
h2 { margin: 0 0 8px; font-size: 16px; }
h3 { margin: 12px 0 4px; font-size: 13px; font-weight: 600; color: var(--soft); }
section { margin-top: 26px; }
p { margin: 4px 0; }
.range { font-size: 17px; margin-top: 2px; }
.meta, footer { color: var(--soft); font-size: 12.5px; }
footer { margin-top: 28px; border-top: 1px solid var(--line); padding-top: 10px; max-width: 940px; }
.verdict { margin: 16px 0 6px; padding: 10px 14px; border-radius: 6px; border-left: 6px solid;
  font-size: 15px; font-weight: 600; }
.verdict.good { background: #e9f6ef; border-color: #2f9360; }
.verdict.warn { background: #fdf4e1; border-color: #e0a030; }
.verdict.bad { background: #fbe9eb; border-color: #cf3f51; }
.note { font-size: 13px; padding: 6px 10px; background: var(--pale); border-radius: 4px; }
.note.bad { background: #fbe9eb; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 12.5px; }
.wide table { width: 100%; }
th, td { text-align: left; padding: 3px 10px 3px 0; vertical-align: baseline; white-space: nowrap; }
thead th { color: var(--soft); font-weight: 600; border-bottom: 1px solid #c9d0da; background: #fff; }
tbody tr { border-bottom: 1px solid var(--line); }
tbody th { font-weight: 400; color: var(--soft); }
.figures td, .figures th { padding-right: 34px; font-size: 13.5px; }
.figures thead th { color: var(--ink); }
.n { text-align: right; padding-right: 16px; }
tr.group th { padding-top: 12px; color: var(--ink); font-weight: 600; white-space: normal; }
tr.open-row td { background: #fdf1f2; }
tr.lost-row td { background: #f4eff8; }
.bar { display: inline-block; height: 9px; margin-right: 8px; border-radius: 2px; background: #9fb3c8; }
.timeline { display: block; width: 100%; height: auto; font-size: 11.5px; }
.defs { position: absolute; }
.t-server { font-weight: 600; font-size: 13px; fill: #1f2733; }
.t-lane { text-anchor: end; fill: #667085; }
.t-remark { fill: #667085; font-size: 11px; }
.t-axis { text-anchor: middle; fill: #667085; font-size: 11px; }
.lane { fill: #f0f3f7; }
.g { stroke: #e6eaf0; stroke-width: 1; }
.g1 { stroke: #c3cbd6; stroke-width: 1; }
.legend { margin-top: 10px; font-size: 12px; color: #3c4657; }
.keys { display: block; }
.keys b { display: inline-block; width: 48px; font-weight: 600; }
.keys span { margin-right: 14px; white-space: nowrap; }
.key { display: inline-block; width: 11px; height: 11px; border-radius: 2px; margin-right: 5px;
  vertical-align: -1px; }
.silent { fill: #8a95a6; background: #8a95a6; }
.down { fill: url(#hatch); background: repeating-linear-gradient(45deg, #4b5563 0 2px, #c5ccd6 2px 4px); }
.h0 { fill: #c5ccd6; } .h1 { fill: #4b5563; }
.trouble { fill: #e58b2f; background: #e58b2f; }
.both { fill: #cf3f51; background: #cf3f51; }
.open { fill: #cf3f51; background: #cf3f51; }
.filled { fill: #e9b949; background: #e9b949; }
.healed { fill: #3f9b6d; background: #3f9b6d; }
.lost { fill: #6a3d9a; background: #6a3d9a; }
.by-link { fill: #62a39f; background: #62a39f; }
.by-partner { fill: #1f78b4; background: #1f78b4; }
.by-backup { fill: #b07aa1; background: #b07aa1; }
.complete { fill: #cfe8da; background: #cfe8da; stroke: #fff; stroke-width: .8; }
.incomplete { fill: #e9b949; background: #e9b949; stroke: #fff; stroke-width: .8; }
.c0 { fill: #9aa3af; background: #9aa3af; } .c1 { fill: #1b2a41; background: #1b2a41; }
.c2 { fill: #5f7fa8; background: #5f7fa8; } .c3 { fill: #c77d2e; background: #c77d2e; }
.c4 { fill: #4b5563; background: #4b5563; } .c5 { fill: #a23b72; background: #a23b72; }
.c6 { fill: #8fb8de; background: #8fb8de; } .c7 { fill: #73956f; background: #73956f; }
@page { size: A4 landscape; margin: 12mm; }
@media print {
  body { padding: 0; max-width: none; font-size: 11px; }
  h1 { font-size: 20px; }
  table { font-size: 9.5px; }
  thead { display: table-header-group; }
  tr, svg, .legend, .verdict { break-inside: avoid; }
  h2 { break-after: avoid; }
}
)css";

}  // namespace twinlink::cli
