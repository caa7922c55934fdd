/** The threads of a page, in a browser: the same bytes as with one thread, and without threads where there can be none. */

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { lacksChromium, launchChromium, listen } from "@softdraw/testing/chromium";
import { build } from "esbuild";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PageResult } from "./page-program.ts";

const ISOLATION = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};
const STRICT = { "Content-Security-Policy": "script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; worker-src 'self'" };

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

describe.skipIf(lacksChromium("Threads"))("in a browser", () => {
  let browser: Browser;
  let server: Server;
  let origin: string;
  let headers: Readonly<Record<string, string>>;

  beforeAll(async () => {
    const { outputFiles } = await build({
      entryPoints: { program: path("page-program.ts"), "page-thread": path("../src/page-thread.js") },
      bundle: true,
      minify: true,
      format: "esm",
      target: "es2022",
      write: false,
      outdir: "/",
    });
    const scripts = new Map(outputFiles.map(({ path, text }) => [path, text]));
    server = createServer(({ url }, response) => {
      const script = scripts.get(new URL(url!, "http://localhost").pathname);
      response.writeHead(200, { ...headers, "Content-Type": script === undefined ? "text/html" : "text/javascript" });
      response.end(script ?? '<!doctype html><link rel="icon" href="data:,"><title>Threads</title>');
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    browser = await launchChromium();
  });

  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  /** What the program says, in a worker of a page that is served with some headers. */
  async function inWorker(query: string, pageHeaders: Readonly<Record<string, string>>): Promise<PageResult> {
    headers = pageHeaders;
    const page = await browser.newPage();
    const { complaints } = listen(page);
    await page.goto(origin);
    const result = await page.evaluate(
      (query) =>
        new Promise((resolve, reject) => {
          const worker = new Worker(`program.js?${query}`, { type: "module" });
          worker.onmessage = ({ data }) => resolve(data);
          worker.onerror = ({ message }) => reject(new Error(message));
        }),
      query,
    );
    await page.close();
    expect(complaints).toEqual([]);
    return result as PageResult;
  }

  test("two or three threads give the bytes that one gives", async () => {
    const one = await inWorker("threads=1", ISOLATION);
    expect(new Set(Object.values(one.sums)).size).toBe(3);
    expect(one).toMatchObject({ threads: 1, said: [], workers: 0 });
    for (const threads of [2, 3]) {
      const { sums, kernels, ...counts } = await inWorker(`threads=${threads}`, ISOLATION);
      expect(counts).toEqual({ threads, said: [], workers: threads - 1, joined: threads - 1 });
      expect(kernels).toBeGreaterThan(0);
      expect(sums).toEqual(one.sums);
    }
  });

  test("a page that is not isolated computes with one", async () => {
    const { sums } = await inWorker("threads=1", {});
    const fallback = "the page is not isolated from other origins, so its threads share no memory";
    const expected = { sums, threads: 1, fallback, said: [fallback], workers: 0, joined: 0, kernels: 0 };
    expect(await inWorker("threads=2", {})).toEqual(expected);
  });

  test("a page may make the workers itself, and allow only its own scripts", async () => {
    const headers = { ...ISOLATION, ...STRICT };
    const { sums } = await inWorker("threads=1", headers);
    expect(await inWorker("threads=2&own", headers)).toMatchObject({ sums, threads: 2, said: [], joined: 1 });
  });

  test("the page's own thread computes without others, which it may not wait for", async () => {
    headers = ISOLATION;
    const page = await browser.newPage();
    const { complaints } = listen(page);
    await page.goto(`${origin}?threads=2`);
    await page.addScriptTag({ url: "program.js", type: "module" });
    await page.waitForFunction("globalThis.result");
    const result = (await page.evaluate("globalThis.result")) as PageResult;
    const { sums } = await inWorker("threads=1", ISOLATION);
    const fallback = "the page's own thread may not wait for others; a worker may";
    expect(result).toMatchObject({ sums, threads: 1, fallback, said: [fallback] });
    expect(complaints).toEqual([]);
  });
});
