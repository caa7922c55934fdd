/** What keeps people from a page: by axe. */

import axe from "axe-core";
import type { Page } from "playwright-core";

/**
 * What axe finds, a line each. What is right is neither collected nor sent: it is a hundred times as much.
 *
 * @param rules all, if none are named
 */
export async function barriers(page: Page, rules?: string[]): Promise<string[]> {
  const isThere = await page.evaluate(() => "axe" in globalThis);
  if (!isThere) await page.evaluate(axe.source);
  return page.evaluate(async (runOnly) => {
    const { axe: there } = globalThis as unknown as { axe: typeof axe };
    const { violations } = await there.run({ resultTypes: ["violations"], ...(runOnly && { runOnly }) });
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${target} ${failureSummary}`),
    );
  }, rules);
}
