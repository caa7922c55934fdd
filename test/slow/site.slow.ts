/** Every page of guides and reference, at three widths, in both themes. */

import { readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lacksChromium, launchChromium } from "@softdraw/testing/chromium";
import { expect, test } from "vitest";
import { buildSite } from "../../build/site/site.ts";
import { faultsOf, serveSite } from "../site/served.ts";

const VIEWS = (["light", "dark"] as const).flatMap((colorScheme) =>
  [390, 1000, 1920].map((width) => ({ width, colorScheme })),
);

test.skipIf(lacksChromium("Every page of the site"))("no page has a fault", { timeout: 3_600_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "softdraw-site-"));
  await buildSite({ folder });
  const site = await serveSite(folder);
  const browser = await launchChromium("--disable-gpu");
  try {
    const pages = readdirSync(folder, { recursive: true, encoding: "utf8" });
    const faults: string[] = [];
    for (const page of pages.filter((path) => path.endsWith(".html") && !path.startsWith("studio/"))) {
      faults.push(...(await faultsOf(browser, site.url, page === "search.html" ? `${page}?q=noise` : page, VIEWS)));
    }
    expect(faults).toEqual([]);
  } finally {
    await browser.close();
    site.close();
    await rm(folder, { recursive: true, force: true });
  }
});
