/** A page as those see it who have a narrow window, want it dark, or do not see it. */

import { barriers } from "@softdraw/testing/barriers";
import { isThorough } from "@softdraw/testing/thorough";
import type { Page } from "playwright-core";
import { expect } from "vitest";

/** Of a phone, a laptop and a large screen. */
const WIDTHS = [390, 1280, 2560];

/** Expects that a page is nowhere wider than its window, and that there are no barriers, light and dark. */
export async function expectEveryView(page: Page): Promise<void> {
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    const scrolled = () => page.evaluate(() => document.documentElement.scrollWidth);
    await expect.poll(scrolled, { timeout: 60_000, interval: 50 }).toBeLessThanOrEqual(width);
  }
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    for (const width of isThorough ? WIDTHS : [390, 1280]) {
      await page.setViewportSize({ width, height: 900 });
      // Of all that is looked at, the theme changes the contrast alone.
      const rules = isThorough || colorScheme === "light" ? undefined : ["color-contrast"];
      expect(await barriers(page, rules), `${width} pixels, ${colorScheme}`).toEqual([]);
    }
  }
}
