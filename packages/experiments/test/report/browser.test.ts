import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { lacksChromium, launchChromium, listen } from "@softdraw/testing/chromium";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { renderReport } from "../../src/report/html.ts";
import { sampleReport } from "./sample.ts";

describe.skipIf(lacksChromium("The report"))("the report in a browser", () => {
  let folder: string;
  let url: string;
  let browser: Browser;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "softdraw-report-"));
    const file = join(folder, "report.html");
    await writeFile(file, renderReport(sampleReport()));
    url = pathToFileURL(file).href;
    browser = await launchChromium("--disable-gpu");
  });

  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const views = [390, 1280, 2560].flatMap((width) => [
    { width, colorScheme: "light" as const },
    { width, colorScheme: "dark" as const },
  ]);

  it.each(views)("opens from the disk at $width pixels, $colorScheme", async ({ width, colorScheme }) => {
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
    const { complaints, requests } = listen(page);
    await page.goto(url, { waitUntil: "load" });
    const layout = await page.evaluate(measure);
    await page.close();
    expect(complaints).toEqual([]);
    expect(requests.filter((request) => request !== url && !request.startsWith("data:"))).toEqual([]);
    expect(layout.pageWidth).toBeLessThanOrEqual(width);
    expect(layout.imageWidths).toEqual([686, 342, 1030]);
    expect(Math.min(...layout.chartWidths)).toBeGreaterThan(300);
    expect(layout.ground).toBe(colorScheme === "light" ? "rgb(251, 251, 249)" : "rgb(20, 23, 26)");
    // Contrast of text: dark on light, or light on dark, in the charts too.
    expect(layout.chartText).toBe(layout.text);
  });
});

/** Runs in the page. */
function measure() {
  const all = <T extends Element>(selector: string) => [...document.querySelectorAll<T>(selector)];
  const text = document.querySelector("svg text")!;
  return {
    pageWidth: document.documentElement.scrollWidth,
    imageWidths: all<HTMLImageElement>("img").map((image) => image.naturalWidth),
    chartWidths: all<SVGSVGElement>("svg").map((svg) => svg.getBoundingClientRect().width),
    ground: getComputedStyle(document.body).backgroundColor,
    text: getComputedStyle(document.body).color,
    chartText: getComputedStyle(text).fill,
  };
}
