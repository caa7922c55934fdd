/** The site from a plain server, below a path, and how a page of it is looked at. */

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { barriers } from "@softdraw/testing/barriers";
import { listen } from "@softdraw/testing/chromium";
import type { Browser } from "playwright-core";

const BELOW = "/some/place/";
const TYPES: Readonly<Record<string, string>> = {
  ...{ ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".json": "application/json" },
  ...{ ".svg": "image/svg+xml", ".woff2": "font/woff2", ".wasm": "application/wasm" },
};

export interface ServedSite {
  readonly url: string;
  close(): void;
}

/** No header but what kind of file it is. */
export async function serveSite(folder: string): Promise<ServedSite> {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url!, "http://site");
    const path = pathname.startsWith(BELOW) ? pathname.slice(BELOW.length) : "nowhere";
    const content = await readFile(join(folder, path.replace(/(^|\/)$/, "$1index.html"))).catch(() => undefined);
    const type = TYPES[extname(path) || ".html"];
    response.writeHead(content === undefined ? 404 : 200, type === undefined ? {} : { "Content-Type": type });
    response.end(content);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${BELOW}`,
    close: () => server.close(),
  };
}

export interface View {
  readonly width: number;
  readonly colorScheme: "light" | "dark";
}

/** What is wrong with a page: what it complains of, what it asks elsewhere for, where it is too wide, what axe finds. */
export async function faultsOf(
  browser: Browser,
  url: string,
  place: string,
  views: readonly View[],
): Promise<string[]> {
  const context = await browser.newContext();
  // Its worker would be at work beside every page that is looked at.
  await context.addInitScript(() => Reflect.deleteProperty(Navigator.prototype, "serviceWorker"));
  const page = await context.newPage();
  const { complaints, requests } = listen(page);
  await page.goto(url + place);
  await page.locator("main h1").waitFor();
  if (place.startsWith("search")) await page.locator("#results li").first().waitFor();
  const faults: string[] = [];
  for (const { width, colorScheme } of views) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 900 });
    const needed = await page.evaluate(() => document.documentElement.scrollWidth);
    if (needed > width) faults.push(`is ${needed} pixels wide at ${width}`);
    faults.push(...(await barriers(page)).map((barrier) => `${colorScheme}, ${width}: ${barrier}`));
  }
  const elsewhere = requests.filter((request) => !request.startsWith(url));
  await context.close();
  return [...faults, ...complaints, ...elsewhere].map((fault) => `${place}: ${fault}`);
}
