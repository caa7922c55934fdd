/** A served studio in a folder of its own, and questions to it as no browser would ask them. */

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { type IncomingHttpHeaders, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach } from "vitest";
import { createRun, type OpenRun } from "../../src/runs/run.ts";
import { type Studio, startStudio } from "../../src/server/server.ts";

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: each test says what it expects
  json(): any;
}

export interface Served {
  readonly url: string;
  readonly runs: string;
  /** A path of the test's folder, which holds `runs`, `page`, and what is nobody's business. */
  path(...names: string[]): string;
  /** Sends the path as it is, not as a browser would tidy it up. */
  ask(path: string, options?: { method?: string; headers?: Record<string, string> }): Promise<Reply>;
}

export const SECRET = "nobody's business";

/** A page of few files, and a folder of runs that is not there yet. */
export function useStudio(): Served {
  let folder = "";
  let studio: Studio;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "softdraw-studio-"));
    await mkdir(join(folder, "page", "assets"), { recursive: true });
    await writeFile(join(folder, "page", "index.html"), "<title>page</title>");
    await writeFile(join(folder, "page", "assets", "code-1a2b.js"), "export {};");
    await writeFile(join(folder, "secret.json"), JSON.stringify(SECRET));
    const [page, runs, modules] = [join(folder, "page"), join(folder, "runs"), [join(folder, "mine.mjs")]];
    studio = await startStudio({ page, runs, modules, host: "127.0.0.1", port: 0 });
  });
  afterEach(async () => {
    await studio.close();
    await rm(folder, { recursive: true, force: true });
  });
  return {
    get url() {
      return studio.url;
    },
    get runs() {
      return join(folder, "runs");
    },
    path: (...names) => join(folder, ...names),
    ask: (path, options) => ask(studio.url, path, options),
  };
}

export function ask(
  url: string,
  path: string,
  { method = "GET", headers = {} }: { method?: string; headers?: Record<string, string> } = {},
): Promise<Reply> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const asking = request({ hostname: hostname.replace(/[[\]]/g, ""), port, path, method, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part) => parts.push(part));
      response.on("error", reject);
      response.on("end", () => {
        const body = Buffer.concat(parts);
        const text = body.toString("utf8");
        resolve({ status: response.statusCode!, headers: response.headers, body, text, json: () => JSON.parse(text) });
      });
    });
    asking.on("error", reject);
    asking.end();
  });
}

/** A run of the toy experiment `counting`, left open. */
export function makeRun(root: string, day = 1): Promise<OpenRun> {
  const created = `2026-01-${String(day).padStart(2, "0")}T12:00:00.000Z`;
  return createRun(root, {
    experiment: "counting",
    version: "0.1.0",
    created,
    command: "softdraw train counting",
    config: { seed: day, temperature: 0.5 },
  });
}

export const recordAt = (epoch: number) => ({
  epoch,
  loss: 100 / epoch,
  temperature: 1,
  imagesPerSecond: 1234.5 + epoch,
});
