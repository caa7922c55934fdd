/** Debian's Chromium, for the tests of pages. */

import { existsSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";

const PATH = "/usr/bin/chromium";

/** The last ones keep it from looking for its maker's servers. */
const ARGUMENTS = [
  ...["--headless", "--no-sandbox", "--no-first-run"],
  ...["--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
];

/** Whether there is no Chromium here; says so, because tests are left out then. */
export function lacksChromium(what: string): boolean {
  const isMissing = !existsSync(PATH);
  if (isMissing) console.log(`${what} in a browser is not tried: there is no ${PATH}.`);
  return isMissing;
}

export function launchChromium(...further: string[]): Promise<Browser> {
  return chromium.launch({ executablePath: PATH, args: [...ARGUMENTS, ...further] });
}

/** Everything that a page says, asks for or fails at from now on. */
export function listen(page: Page): { complaints: string[]; requests: string[] } {
  const [complaints, requests]: [string[], string[]] = [[], []];
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("requestfailed", (request) => {
    const reason = request.failure()?.errorText;
    // What a page no longer waits for when it is left is no failure.
    if (reason !== "net::ERR_ABORTED") complaints.push(`failed: ${request.url()}: ${reason}`);
  });
  page.on("response", (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()}: ${response.url()}`);
  });
  page.on("request", (request) => requests.push(request.url()));
  return { complaints, requests };
}
