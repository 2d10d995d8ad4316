# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the HTML report looks, on a screen, light and dark, wide and narrow, and on paper. Within the page: it fetches nothing.

The colours of text keep a contrast of 4.5 to 1 and more to what is behind them (WCAG 2.1 AA); a test computes it.
"""

from __future__ import annotations

STYLE = """
:root {
  color-scheme: light dark;
  --page: #f4f6f8; --surface: #ffffff; --text: #1b2430; --muted: #566270; --line: #dde3ea; --track: #e8edf2;
  --good: #17703f; --moving: #1f5fa8; --warn: #8a5a00; --bad: #b42318; --except: #6545b0;
  --good-soft: #e3f4ea; --moving-soft: #e3eefb; --warn-soft: #fcf0d8; --bad-soft: #fdeaea; --except-soft: #efe9fb;
  --overlap: #e0a030; --recovery: #b9c3cf;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0e1318; --surface: #171e26; --text: #e8edf3; --muted: #a0acba; --line: #2a343f; --track: #26303a;
    --good: #5fd295; --moving: #79b8ff; --warn: #eab54d; --bad: #ff8a80; --except: #c3a9ff;
    --good-soft: #16301f; --moving-soft: #152a42; --warn-soft: #35290f; --bad-soft: #3b1a1a; --except-soft: #2a2144;
    --overlap: #c98d26; --recovery: #4a5662;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere;
}
header, main, footer { max-width: 1180px; margin: 0 auto; padding: 0 24px; }
header { display: flex; flex-wrap: wrap; gap: 8px 24px; align-items: center; justify-content: space-between; padding-top: 32px; }
h1 { font-size: 28px; line-height: 1.2; margin: 0; letter-spacing: -0.02em; }
h2 { font-size: 17px; margin: 0 0 2px; letter-spacing: -0.01em; }
p { margin: 0; }
.muted { color: var(--muted); }
.small { font-size: 13px; }
.verdict { border-radius: 999px; padding: 6px 16px; font-weight: 600; }
section { background: var(--surface); border: 1px solid var(--line); border-radius: 12px; padding: 20px 22px; margin: 16px 0; }
section > p.muted { margin-bottom: 12px; font-size: 13.5px; }
ol, ul { margin: 0; padding: 0; list-style: none; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(128px, 1fr)); gap: 12px; margin: 20px 0 0; }
.tiles li {
  background: var(--surface); border: 1px solid var(--line); border-radius: 12px; padding: 12px 16px; border-top: 3px solid var(--tone);
}
.tiles strong { display: block; font-size: 26px; line-height: 1.2; font-weight: 650; }
.tiles .none strong { color: var(--muted); font-weight: 500; }
.tiles .none { border-top-color: var(--line); }
.good { --tone: var(--good); --soft: var(--good-soft); }
.moving { --tone: var(--moving); --soft: var(--moving-soft); }
.warn { --tone: var(--warn); --soft: var(--warn-soft); }
.bad { --tone: var(--bad); --soft: var(--bad-soft); }
.except { --tone: var(--except); --soft: var(--except-soft); }
.plain { --tone: var(--muted); --soft: var(--track); }
.badge, .host, .verdict { background: var(--soft); color: var(--tone); }
.badge { display: inline-block; border-radius: 999px; padding: 1px 10px; font-size: 13px; font-weight: 600; white-space: nowrap; }
.troubles { margin: 10px 0 0; display: grid; gap: 8px; }
.troubles li {
  border-left: 3px solid var(--tone); background: var(--soft); border-radius: 0 8px 8px 0; padding: 8px 14px;
  display: flex; flex-wrap: wrap; gap: 2px 10px; align-items: baseline;
}
.troubles b { color: var(--tone); }
.troubles p { flex: 1 1 320px; }
table { width: 100%; border-collapse: collapse; }
th, td { text-align: left; padding: 9px 12px 9px 0; vertical-align: top; border-bottom: 1px solid var(--line); }
tr:last-child > th, tr:last-child > td { border-bottom: 0; }
thead th { font-size: 12.5px; font-weight: 600; color: var(--muted); padding-top: 0; white-space: nowrap; }
tbody th { font-weight: 600; min-width: 150px; }
tbody th small, td small { display: block; font-weight: 400; color: var(--muted); font-size: 13px; }
td.number { white-space: nowrap; }
.dense { font-size: 13.5px; }
.dense th, .dense td { padding-top: 4px; padding-bottom: 4px; }
td.bar { width: 36%; min-width: 150px; padding-right: 28px; }
.track { position: relative; height: 10px; border-radius: 5px; background: var(--track); margin-top: 7px; overflow: hidden; }
.fill { height: 100%; background: var(--tone); border-radius: 5px; min-width: 3px; }
.limit { position: absolute; top: 0; bottom: 0; left: 80%; border-left: 2px solid var(--text); }
.days { display: grid; grid-template-columns: repeat(31, 1fr); gap: 3px; margin: 4px 0 14px; }
.days li {
  background: var(--track); border-radius: 4px; text-align: center; font-size: 11px; line-height: 26px; color: var(--muted);
  overflow-wrap: normal;
}
.days li.due { background: var(--moving); color: var(--surface); font-weight: 700; }
.lanes { margin: 0; }
.lanes li, .axis { display: grid; grid-template-columns: 172px 1fr; gap: 0 14px; align-items: center; }
.lanes li { border-top: 1px solid var(--line); padding: 4px 0; }
.lanes .name { font-weight: 600; }
.lanes svg { display: block; width: 100%; height: 30px; overflow: visible; }
.axis > div { position: relative; height: 22px; font-size: 12px; color: var(--muted); grid-column: 2; }
.axis span { position: absolute; transform: translateX(-50%); white-space: nowrap; }
.grid { stroke: var(--line); }
.now { stroke: var(--bad); stroke-dasharray: 3 3; }
.life { stroke: var(--line); stroke-width: 2; }
.overlap { fill: var(--overlap); }
.open { fill: url(#stripes); }
.recovery { fill: var(--recovery); }
.mark { fill: var(--surface); stroke: var(--tone); stroke-width: 2; }
.mark.published { fill: var(--tone); }
.legend { display: flex; flex-wrap: wrap; gap: 4px 20px; font-size: 13px; color: var(--muted); margin: 10px 0 16px; }
.legend svg { width: 26px; height: 12px; margin-right: 6px; vertical-align: -1px; }
.hosts { display: flex; flex-wrap: wrap; gap: 6px; margin: 0; }
.host { border-radius: 6px; padding: 1px 9px; font-size: 13.5px; }
.stripes { position: absolute; width: 0; height: 0; }
footer { color: var(--muted); font-size: 13px; padding-top: 4px; padding-bottom: 40px; }
@media (max-width: 720px) {
  header, main, footer { padding-left: 12px; padding-right: 12px; }
  header { padding-top: 20px; }
  section { padding: 16px 14px; }
  .tiles { grid-template-columns: repeat(auto-fit, minmax(96px, 1fr)); gap: 8px; }
  .tiles li { padding: 8px 12px; }
  .days { grid-template-columns: repeat(11, 1fr); }
  .lanes li, .axis { grid-template-columns: 1fr; }
  .axis > div { grid-column: 1; }
  .axis span:nth-child(even) { display: none; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  table, tbody { display: block; }
  tr { display: block; padding: 10px 0; border-bottom: 1px solid var(--line); }
  tr:last-child { border-bottom: 0; }
  tbody th, td { display: block; min-width: 0; border: 0; padding: 2px 0; }
  td[data-label] { display: grid; grid-template-columns: 92px 1fr; gap: 0 10px; }
  td[data-label]::before { content: attr(data-label); color: var(--muted); font-size: 13px; }
  .dense { font-size: 13.5px; }
.dense th, .dense td { padding-top: 4px; padding-bottom: 4px; }
td.bar { width: auto; }
}
@media print {
  :root {
    color-scheme: light;
    --page: #ffffff; --surface: #ffffff; --text: #000000; --muted: #444444; --line: #bbbbbb; --track: #e6e6e6;
    --good: #17703f; --moving: #1f5fa8; --warn: #8a5a00; --bad: #b42318; --except: #6545b0;
    --good-soft: #ffffff; --moving-soft: #ffffff; --warn-soft: #ffffff; --bad-soft: #ffffff; --except-soft: #ffffff;
    --overlap: #e0a030; --recovery: #b9c3cf;
  }
  body { font-size: 11px; -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  header, main, footer { max-width: none; padding-left: 0; padding-right: 0; }
  section { border: 0; padding: 0; margin: 14px 0; }
  tr, li { break-inside: avoid; }
  h2 { break-after: avoid; }
  .badge, .host, .verdict { border: 1px solid var(--tone); }
}
"""
