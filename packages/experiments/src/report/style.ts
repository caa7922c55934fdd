/** The style sheet of a report. Inline, because the report is one file. */

export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #fbfbf9; --card: #ffffff; --line: #dfe1de; --text: #1c2126; --muted: #59636e; --accent: #0063a0;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "Liberation Mono", monospace;
}
@media screen and (prefers-color-scheme: dark) {
  :root { --ground: #14171a; --card: #1b1f24; --line: #333a41; --text: #e4e7ea; --muted: #9ba5af; --accent: #6cb8f0; }
}
* { box-sizing: border-box; }
body {
  max-width: 72rem; margin: 0 auto; padding: 3rem 1.25rem 4rem; overflow-wrap: anywhere;
  background: var(--ground); color: var(--text); font: 1rem/1.55 var(--sans);
}
h1, h2, h3 { line-height: 1.2; text-wrap: balance; }
h1 { margin: 0; font-size: clamp(1.8rem, 1.3rem + 2vw, 2.6rem); font-weight: 650; letter-spacing: -0.02em; }
h2 { margin: 3rem 0 1rem; padding-bottom: 0.5rem; border-bottom: 1px solid var(--line); font-size: 1.3rem; font-weight: 600; }
h3 { margin: 0 0 0.75rem; font-size: 1rem; font-weight: 600; }
a { color: var(--accent); }
code, pre { font-family: var(--mono); font-size: 0.9em; }
.brand { margin: 0 0 0.5rem; color: var(--accent); font-weight: 600; }
.summary { max-width: 44rem; margin: 0.75rem 0 0; color: var(--muted); font-size: 1.125rem; text-wrap: pretty; }

.results { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 10rem), 1fr)); gap: 1rem; margin: 2rem 0 0; }
.results > div { padding: 1rem 1.15rem; border: 1px solid var(--line); border-radius: 0.6rem; background: var(--card); }
.results dt { color: var(--muted); font-size: 0.875rem; }
.results dd { margin: 0.15rem 0 0; font-size: clamp(1.3rem, 1.1rem + 1vw, 1.75rem); font-weight: 600; line-height: 1.25; font-variant-numeric: tabular-nums; }
.results .note { color: var(--muted); font-size: 0.8125rem; font-weight: 400; line-height: 1.4; }

figure { max-width: 100%; margin: 0; break-inside: avoid; }
figcaption { margin-top: 0.6rem; color: var(--muted); font-size: 0.875rem; }
figcaption code { white-space: nowrap; }
.pictures { display: flex; flex-wrap: wrap; gap: 2.5rem 2rem; }
/* A figure is as wide as its picture: the caption takes that width and asks for none of its own. */
.pictures figcaption, .pictures h3 { width: 0; min-width: 100%; }
.pictures img { display: block; max-width: 100%; height: auto; border-radius: 0.25rem; image-rendering: pixelated; }
/* In an overview, parts follow each other without headings. */
.results + .pictures, .pictures + .charts { margin-top: 2.5rem; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 2.5rem 2rem; }
.charts figure { max-width: 40rem; }
.charts svg { display: block; width: 100%; height: auto; }

.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: 0.9375rem; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
th, td { padding: 0.45rem 0.75rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th { font-weight: 600; }
thead th { color: var(--muted); font-size: 0.8125rem; vertical-align: bottom; white-space: normal; }
/* The name of a row stays in sight while its cells scroll by. */
tr > :first-child { position: sticky; left: 0; padding-left: 0; background: var(--ground); text-align: left; }
tr { break-inside: avoid; }

pre { margin: 0; padding: 1rem 1.15rem; border: 1px solid var(--line); border-radius: 0.6rem; background: var(--card); white-space: pre-wrap; }
pre code { user-select: all; }
.settings { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 0 2rem; }
.facts { display: grid; grid-template-columns: minmax(8rem, max-content) 1fr; gap: 0.3rem 1.25rem; margin: 0; font-size: 0.9375rem; }
.facts dt { color: var(--muted); }
.facts dd { margin: 0; font-variant-numeric: tabular-nums; }
.references { margin: 0; padding-left: 1.1rem; }

@media print {
  :root { color-scheme: light; --ground: #ffffff; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  h2, h3 { break-after: avoid; }
  .results > div { break-inside: avoid; }
  .charts { grid-template-columns: 1fr 1fr; }
  .scroll { overflow: visible; }
  table { font-size: 8pt; }
  th, td { padding: 0.3rem 0.4rem; }
}
`;
