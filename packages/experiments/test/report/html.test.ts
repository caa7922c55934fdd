import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { type Report, renderReport } from "../../src/report/html.ts";
import { sampleReport } from "./sample.ts";

const SAMPLE = sampleReport();

const EVIL = `<script>alert("1")</script><img src='x'>&amp;`;

const parse = (html: string) => parseHTML(html).document;

/** The sample with every text replaced; drawings stay, they are markup by agreement. */
function evilReport(): Report {
  const { charts, pictures } = SAMPLE;
  return {
    title: EVIL,
    summary: EVIL,
    command: EVIL,
    details: [[EVIL, EVIL]],
    config: { [EVIL]: EVIL, list: [EVIL] },
    results: [{ name: EVIL, value: EVIL, note: EVIL }],
    charts: charts.map(({ svg }) => ({ title: EVIL, caption: EVIL, svg })),
    pictures: pictures.map(({ png }) => ({ title: EVIL, caption: EVIL, file: EVIL, png, alt: EVIL })),
    epochs: { columns: [EVIL, EVIL], rows: [[EVIL, EVIL]] },
    references: [{ text: EVIL, url: `https://example.org/${EVIL}` }],
  };
}

const EMPTY: Report = {
  title: "Nothing yet",
  summary: "",
  command: "",
  details: [],
  config: {},
  results: [],
  charts: [],
  pictures: [],
  epochs: { columns: [], rows: [] },
  references: [],
};

describe("renderReport", () => {
  it("shows everything that the report holds", () => {
    const report = SAMPLE;
    const document = parse(renderReport(report));
    const text = document.body.textContent!.replaceAll(/\s+/g, " ");
    const texts = [
      report.title,
      report.summary,
      report.command,
      ...report.details.flat(),
      ...Object.keys(report.config),
      ...report.results.flatMap(({ name, value, note }) => [name, value, note!]),
      ...report.charts.flatMap(({ title, caption }) => [title, caption]),
      ...report.pictures.flatMap(({ title, caption, file }) => [title, caption, file]),
      ...report.epochs.columns,
      ...report.epochs.rows.flat(),
      ...report.references.map(({ text }) => text),
    ];
    for (const expected of texts) expect(text).toContain(expected);
    expect(document.querySelectorAll("svg[role=img]")).toHaveLength(report.charts.length);
    expect([...document.querySelectorAll("img")].map((img) => img.getAttribute("alt"))).toEqual(
      report.pictures.map(({ alt }) => alt),
    );
  });

  it("shows options of every kind", () => {
    const config = { flag: false, none: null, sizes: [784, 512], schedule: { start: 1, text: "a\n b" } };
    const values = [...parse(renderReport({ ...EMPTY, config })).querySelectorAll(".facts dd")];
    expect(values.map((value) => value.textContent)).toEqual([
      "false",
      "null",
      "[ 784, 512 ]",
      '{ "start": 1, "text": "a\\n b" }',
    ]);
  });

  it("has a table with a header a column and a row an epoch", () => {
    const { epochs } = SAMPLE;
    const table = parse(renderReport(SAMPLE)).querySelector("table")!;
    const rows = [...table.querySelectorAll("tr")].map((row) => [...row.children].map((cell) => cell.textContent));
    expect(rows).toEqual([epochs.columns, ...epochs.rows]);
  });

  it("embeds the pictures at their size", () => {
    const [img] = parse(renderReport(SAMPLE)).querySelectorAll("img");
    expect(img!.getAttribute("src")).toBe(
      `data:image/png;base64,${Buffer.from(SAMPLE.pictures[0]!.png).toString("base64")}`,
    );
    expect([img!.getAttribute("width"), img!.getAttribute("height")]).toEqual(["686", "686"]);
  });

  it("lets nothing but inline styles and embedded pictures load", () => {
    const document = parse(renderReport(SAMPLE));
    const policy = document.querySelector("meta[http-equiv=Content-Security-Policy]")!.getAttribute("content")!;
    expect(policy).toContain("default-src 'none'; img-src data:; style-src 'unsafe-inline'");
    expect(document.querySelectorAll("script, link, iframe, object, embed, use, image, base")).toHaveLength(0);
    for (const element of document.querySelectorAll("[src]"))
      expect(element.getAttribute("src")).toMatch(/^data:image\/png/);
    for (const element of document.querySelectorAll("[href]")) expect(element.localName).toBe("a");
    for (const style of document.querySelectorAll("style")) expect(style.textContent).not.toMatch(/url\(|@import/);
  });

  it("shows no control characters, which a text of foreign origin may have", () => {
    const html = renderReport({ ...SAMPLE, command: "softdraw\u001b[2J train\u0000" });
    expect(html).toContain("softdraw[2J train<");
    for (const character of ["\u0000", "\u001b"]) expect(html).not.toContain(character);
  });

  it("escapes every text", () => {
    const rendered = renderReport(evilReport());
    const document = parse(rendered);
    expect(rendered).not.toContain("<script");
    expect(document.querySelectorAll("script, img[src=x]")).toHaveLength(0);
    expect(document.querySelector("h1")!.textContent).toBe(EVIL);
    expect(document.querySelector("pre code")!.textContent).toBe(EVIL);
    expect(document.querySelector("img")!.getAttribute("alt")).toBe(EVIL);
    const occurrences = document.body.textContent!.split(EVIL).length - 1;
    // h1, summary, command, details 2, config 2 (the list's quotes are escaped by JSON), results 3, two texts for each
    // of 2 charts, three for each of 3 pictures, table 4, reference 1.
    expect(occurrences).toBe(1 + 1 + 1 + 2 + 2 + 3 + 2 * 2 + 3 * 3 + 4 + 1);
  });

  it("leaves out parts without content, with their headings", () => {
    const document = parse(renderReport(EMPTY));
    expect(document.querySelectorAll("h2, figure, table, pre, dl, ul")).toHaveLength(0);
    expect(document.querySelector("h1")!.textContent).toBe("Nothing yet");
  });

  it("goes down one level of heading at a time", () => {
    const levels = [...parse(renderReport(SAMPLE)).querySelectorAll("h1, h2, h3")].map((h) => Number(h.localName[1]));
    expect(levels[0]).toBe(1);
    expect(levels.filter((level) => level === 1)).toHaveLength(1);
    const steps = levels.slice(1).map((level, i) => level - levels[i]!);
    expect(Math.max(...steps)).toBe(1);
  });

  it("gives the same text for the same report", () => {
    expect(renderReport(sampleReport())).toBe(renderReport(SAMPLE));
  });

  it("refuses a row that does not fit the columns", () => {
    const epochs = { columns: ["Epoch", "Loss"], rows: [["1", "2"], ["2"]] };
    expect(() => renderReport({ ...EMPTY, epochs })).toThrow("row 1 of epochs must have 2 cells (Epoch, Loss), got 1");
  });

  it("refuses an address that is none", () => {
    const references = [{ text: "A paper", url: "javascript:alert(1)" }];
    expect(() => renderReport({ ...EMPTY, references })).toThrow('"A paper" must begin with http:// or https://');
  });

  it("refuses a picture that is no PNG file", () => {
    const pictures = [{ title: "a", caption: "b", file: "c.png", png: new Uint8Array(3), alt: "d" }];
    expect(() => renderReport({ ...EMPTY, pictures })).toThrow("must be the bytes of a PNG file");
  });
});
