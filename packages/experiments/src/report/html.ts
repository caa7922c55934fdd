/** The report of a run: one HTML file that opens from the disk, without a server, a script or a request. */

import { html, type Markup, trusted } from "./markup.ts";
import { pngDataUrl, pngSize } from "./png.ts";
import { STYLE } from "./style.ts";

export interface Report {
  readonly title: string;
  /** One or two sentences: what was done. */
  readonly summary: string;
  /** The command that reproduces the run. */
  readonly command: string;
  /** Facts about the run: date, version, device, data set. */
  readonly details: readonly (readonly [name: string, value: string])[];
  /** Every option of the run. Lists and objects are shown as JSON. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Headline numbers, ready to be read, most important first. */
  readonly results: readonly ReportResult[];
  readonly charts: readonly ReportChart[];
  readonly pictures: readonly ReportPicture[];
  /** Table of metrics, ready to be read; the first column names the row. It is headed "Epochs" if by nothing else. */
  readonly epochs: ReportTable;
  /** Further tables, each with a title. */
  readonly tables?: readonly ReportTable[];
  readonly references: readonly ReportReference[];
}

export interface ReportTable {
  readonly title?: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

interface ReportResult {
  readonly name: string;
  readonly value: string;
  readonly note?: string;
}

interface ReportChart {
  readonly title: string;
  readonly caption: string;
  /** The text of an SVG element, put in as it is. */
  readonly svg: string;
}

export interface ReportPicture {
  readonly title: string;
  readonly caption: string;
  /** Name of the same picture as a file beside the report. */
  readonly file: string;
  readonly png: Uint8Array;
  /** What the picture shows, for those who cannot see it. */
  readonly alt: string;
}

interface ReportReference {
  readonly text: string;
  /** http or https. */
  readonly url?: string;
}

/**
 * The report as the text of an HTML file. Everything in it is inline; parts without content are left out. The same
 * report always gives the same text.
 *
 * @throws TypeError for a picture that is not PNG and a reference that is no web address; RangeError for a row of the
 * table that does not have one cell a column
 */
export function renderReport(report: Report): string {
  return `<!doctype html>\n${page(report.title, body(report)).markup}`;
}

/** Whether a text begins as a report does, whatever version wrote it. */
export function beginsAsReport(text: string): boolean {
  return /^<!doctype html>\n<html lang="en">\n<head>\n[\s\S]*?<title>[^<]* · Softdraw<\/title>/.test(text);
}

/** Several reports on one page, such as those of a tour. */
export interface Overview {
  readonly title: string;
  readonly summary: string;
  readonly parts: readonly OverviewPart[];
}

export interface OverviewPart {
  readonly report: Report;
  /** How long it took, ready to be read. */
  readonly time: string;
  /** The whole report, relative to the page. */
  readonly href: string;
}

/** The page as `renderReport` makes it: a table of all, then each one's results, pictures and curves. */
export function renderOverview({ title, summary, parts }: Overview): string {
  const content = html`${heading(title, summary)}
<main>
<section><h2>What was trained</h2>${overviewTable(parts)}</section>
${parts.map(overviewSection)}
</main>`;
  return `<!doctype html>\n${page(title, content).markup}`;
}

function overviewTable(parts: readonly OverviewPart[]): Markup {
  const row = ({ report: { title, results }, time, href }: OverviewPart) => {
    const [first] = results;
    const result = first ? `${first.name} ${first.value}` : "";
    return html`<tr><th scope="row"><a href="${href}">${title}</a></th><td>${result}</td><td>${time}</td></tr>\n`;
  };
  return html`<div class="scroll" tabindex="0" role="region" aria-label="What was trained"><table>
<thead><tr><th scope="col">model</th><th scope="col">result</th><th scope="col">time</th></tr></thead>
<tbody>${parts.map(row)}</tbody>
</table></div>`;
}

function overviewSection({ report, href }: OverviewPart): Markup {
  const { title, summary, command, results, pictures, charts } = report;
  return html`<section><h2>${title}</h2><p class="summary">${summary}</p>
${resultCards(results)}
<div class="pictures">${pictures.map(pictureFigure)}</div>
<div class="charts">${charts.map(chartFigure)}</div>
<pre><code>${command}</code></pre>
<p><a href="${href}">The whole report</a></p></section>\n`;
}

// Nothing but inline styles and embedded pictures may load, whatever a text field holds.
const POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

function page(title: string, content: Markup): Markup {
  return html`<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Softdraw</title>
<style>${trusted(STYLE)}</style>
</head>
<body>
${content}
</body>
</html>
`;
}

function body(report: Report): Markup {
  return html`${heading(report.title, report.summary)}
<main>
${resultCards(report.results)}
${section("Pictures", report.pictures.length, html`<div class="pictures">${report.pictures.map(pictureFigure)}</div>`)}
${section("Curves", report.charts.length, html`<div class="charts">${report.charts.map(chartFigure)}</div>`)}
${section(report.epochs.title ?? "Epochs", report.epochs.rows.length, epochTable(report.epochs))}
${(report.tables ?? []).map((table) => section(table.title ?? "", table.rows.length, epochTable(table)))}
${section("Reproduce", report.command.length, html`<pre><code>${report.command}</code></pre>`)}
${settings(report)}
${section("References", report.references.length, html`<ul class="references">${report.references.map(reference)}</ul>`)}
</main>`;
}

function heading(title: string, summary: string): Markup {
  return html`<header>
<p class="brand">Softdraw</p>
<h1>${title}</h1>
<p class="summary">${summary}</p>
</header>`;
}

function section(title: string, size: number, content: Markup): Markup | string {
  return size === 0 ? "" : html`<section><h2>${title}</h2>${content}</section>\n`;
}

function resultCards(results: readonly ReportResult[]): Markup | string {
  if (results.length === 0) return "";
  return html`<dl class="results" aria-label="Results">${results.map(resultCard)}</dl>\n`;
}

function resultCard({ name, value, note }: ReportResult): Markup {
  return html`<div><dt>${name}</dt><dd>${value}</dd>${note === undefined ? "" : html`<dd class="note">${note}</dd>`}</div>`;
}

function pictureFigure({ title, caption, file, png, alt }: ReportPicture): Markup {
  const { width, height } = pngSize(png);
  return html`<figure><h3>${title}</h3>
<img src="${pngDataUrl(png)}" width="${width}" height="${height}" alt="${alt}">
<figcaption>${caption} <code>${file}</code></figcaption></figure>\n`;
}

function chartFigure({ title, caption, svg }: ReportChart): Markup {
  return html`<figure><h3>${title}</h3>\n${trusted(svg)}\n<figcaption>${caption}</figcaption></figure>\n`;
}

function epochTable({ title = "Epochs", columns, rows }: ReportTable): Markup {
  // A keyboard scrolls only what it can focus.
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${title}"><table>
<thead><tr>${columns.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${rows.map((cells, i) => epochRow(columns, cells, i))}</tbody>
</table></div>`;
}

function epochRow(columns: readonly string[], cells: readonly string[], index: number): Markup {
  if (cells.length !== columns.length) {
    const expected = `${columns.length} cells (${columns.join(", ")})`;
    throw new RangeError(`renderReport: row ${index} of epochs must have ${expected}, got ${cells.length}.`);
  }
  const [first, ...others] = cells;
  return html`<tr><th scope="row">${first ?? ""}</th>${others.map((cell) => html`<td>${cell}</td>`)}</tr>\n`;
}

function settings({ details, config }: Report): Markup {
  const options = Object.entries(config).map(([name, value]) => [name, formatOption(value)] as const);
  return html`<div class="settings">
${section("Run", details.length, facts(details))}
${section("Configuration", options.length, facts(options))}
</div>`;
}

function facts(entries: readonly (readonly [name: string, value: string])[]): Markup {
  return html`<dl class="facts">${entries.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>\n`)}</dl>`;
}

function formatOption(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value);
  // On one line, but with spaces, at which a narrow page breaks it. Line feeds within strings are escaped.
  return JSON.stringify(value, null, 1).replace(/\n\s*/g, " ");
}

function reference({ text, url }: ReportReference): Markup {
  if (url === undefined) return html`<li>${text}</li>`;
  if (!/^https?:\/\//.test(url)) {
    throw new TypeError(
      `renderReport: the url of reference "${text}" must begin with http:// or https://, got "${url}".`,
    );
  }
  return html`<li><a href="${url}">${text}</a></li>`;
}
