import { parseHTML } from "linkedom";
import { expect, test } from "vitest";
import { renderOverview } from "../../src/report/html.ts";
import { sampleReport } from "./sample.ts";

test("an overview has a row and a section for each report, with its pictures, and links to the whole", () => {
  const report = { ...sampleReport(), title: "First <model>" };
  const parts = [
    { report, time: "0:21", href: "a/report.html" },
    { report: { ...report, title: "Second", results: [] }, time: "1:05", href: "b/report.html" },
  ];
  const { document } = parseHTML(renderOverview({ title: "A tour", summary: "Of two.", parts }));
  expect(document.querySelector("title")!.textContent).toBe("A tour · Softdraw");
  const rows = [...document.querySelectorAll("tbody tr")].map((row) => row.textContent);
  expect(rows).toHaveLength(2);
  expect(rows[0]).toContain("First <model>");
  expect(rows[0]).toContain(report.results[0]!.value);
  expect(rows[1]).toContain("1:05");
  expect([...document.querySelectorAll("h2")].map((heading) => heading.textContent)).toEqual([
    "What was trained",
    "First <model>",
    "Second",
  ]);
  expect(document.querySelectorAll("img")).toHaveLength(2 * report.pictures.length);
  expect([...document.querySelectorAll("main > section a")].map((link) => link.getAttribute("href"))).toEqual(
    expect.arrayContaining(["a/report.html", "b/report.html"]),
  );
});
