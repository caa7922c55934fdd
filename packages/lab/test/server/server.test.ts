import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { hostname } from "node:os";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { startStudio } from "../../src/server/server.ts";
import { ask, makeRun, SECRET, useStudio } from "./support.ts";

const studio = useStudio();

describe("the page", () => {
  test("is served with its types, and with what a page needs to be left alone by others", async () => {
    const index = await studio.ask("/");
    expect(index.status).toBe(200);
    expect(index.text).toBe("<title>page</title>");
    expect(index.headers).toMatchObject({
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-cache",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-embedder-policy": "require-corp",
      "cross-origin-resource-policy": "same-origin",
      "x-content-type-options": "nosniff",
    });
    const policy = String(index.headers["content-security-policy"]);
    expect(policy).toContain("default-src 'none'; script-src 'self' 'wasm-unsafe-eval';");
    expect(policy).not.toContain("unsafe-inline");
    expect(policy).not.toContain("'unsafe-eval'");
    const code = await studio.ask("/assets/code-1a2b.js");
    expect(code.headers).toMatchObject({
      "content-type": "text/javascript; charset=utf-8",
      "cache-control": "public, max-age=31536000, immutable",
      // In a worker, and nowhere else, what the reader has written may run.
      "content-security-policy": policy.replace("'wasm-unsafe-eval'", "'wasm-unsafe-eval' blob:"),
    });
    expect((await studio.ask("/nowhere.js")).status).toBe(404);
    expect((await studio.ask("/assets/")).status).toBe(404);
    expect((await studio.ask("/assets")).status).toBe(404);
  });

  test("has the modules of experiments as they are at the moment", async () => {
    const [path] = [studio.path("mine.mjs")];
    const asked = async () => (await studio.ask("/api/experiments.json")).json();
    expect(await asked()).toEqual([{ path, problem: "there is no such file any more." }]);
    for (const text of ["export default 1;", "export default 2;"]) {
      await writeFile(path, text);
      expect(await asked()).toEqual([{ path, text, checksum: createHash("sha256").update(text).digest("hex") }]);
    }
  });

  test("HEAD says the same without the content, and who has it already gets it once", async () => {
    const whole = await studio.ask("/index.html");
    const head = await studio.ask("/index.html", { method: "HEAD" });
    expect(head).toMatchObject({ status: 200, text: "" });
    expect(head.headers["content-length"]).toBe(String(whole.body.length));
    const again = await studio.ask("/index.html", { headers: { "If-None-Match": whole.headers.etag! } });
    expect(again).toMatchObject({ status: 304, text: "" });
  });

  test("is compressed for who takes that, and has another tag then", async () => {
    const code = `export const numbers = [${Array.from({ length: 2000 }, (_, i) => i).join()}];\n`;
    await writeFile(studio.path("page", "assets", "long-3c4d.js"), code);
    const asked = (accepted: string, further = {}) =>
      studio.ask("/assets/long-3c4d.js", { headers: { "Accept-Encoding": accepted, ...further } });
    const plain = await asked("identity");
    expect(plain.text).toBe(code);
    for (const [accepted, coding, decode] of [
      ["gzip, deflate, br, zstd", "br", brotliDecompressSync],
      ["br;q=0, gzip;q=0.5", "gzip", gunzipSync],
    ] as const) {
      const packed = await asked(accepted);
      expect(packed.headers).toMatchObject({ "content-encoding": coding, vary: "Accept-Encoding" });
      expect(decode(packed.body).toString()).toBe(code);
      expect(packed.headers.etag).not.toBe(plain.headers.etag);
      expect((await asked(accepted, { "If-None-Match": packed.headers.etag! })).status).toBe(304);
      expect((await asked(accepted, { "If-None-Match": plain.headers.etag! })).status).toBe(200);
    }
    // Bytes that are compressed already stay as they are.
    await writeFile(studio.path("page", "assets", "letters-5e6f.woff2"), code);
    const font = await studio.ask("/assets/letters-5e6f.woff2", { headers: { "Accept-Encoding": "br" } });
    expect(font.headers["content-encoding"]).toBeUndefined();
  });

  test("that is not built is refused before anything is served, with what to do", async () => {
    const options = { page: studio.path("nowhere"), runs: studio.runs, host: "127.0.0.1", port: 0 };
    await expect(startStudio(options)).rejects.toThrow(
      `The page is not built: there is no index.html in ${studio.path("nowhere")}. Build it with: npm run build`,
    );
  });
});

describe("who asks", () => {
  test.each(["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])(
    "%s is refused: the server is only for reading",
    async (method) => {
      const { status, headers } = await studio.ask("/api/runs", { method });
      expect(status).toBe(405);
      expect(headers.allow).toBe("GET, HEAD");
    },
  );

  test.each(["localhost", "localhost:7410", "127.0.0.1", "127.0.0.1:80", "[::1]:7410", "192.168.1.5:7410", hostname()])(
    "%s is a name of this server",
    async (host) => {
      expect((await studio.ask("/", { headers: { Host: host } })).status).toBe(200);
    },
  );

  test.each([
    "evil.example",
    "127.0.0.1.evil.example",
    "localhost.evil.example:7410",
    "evil.example@localhost",
    "localhost@evil.example",
    "localhost/",
    "localhost#",
    "127.0.0.1:7410:7410",
    "[::1",
  ])("%s is none, as when another site has its name lead here", async (host) => {
    const reply = await studio.ask("/api/runs", { headers: { Host: host } });
    expect(reply.status).toBe(421);
    expect(reply.json().error).toContain("does not go by the name of");
  });

  test("a request without a name is refused, and what is no HTTP ends the connection", async () => {
    expect(await exchange("GET /api/runs HTTP/1.0\r\n\r\n")).toMatch(/^HTTP\/1\.1 421 /);
    expect(await exchange("nonsense\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 /);
    expect((await studio.ask("/")).status).toBe(200);
  });
});

describe("hostile paths", () => {
  const file = "secret.json";
  const ways = [
    `/../${file}`,
    `/..%2f${file}`,
    `/%2e%2e/${file}`,
    `/%2e%2e%2f${file}`,
    `/.%2e/${file}`,
    `/%252e%252e/${file}`,
    `/..\\${file}`,
    `/..%5c${file}`,
    `/assets/../../${file}`,
    `/assets/..%2f..%2f${file}`,
    `/api/runs/../${file}`,
    `/api/runs/../../${file}`,
    `/api/runs/%2e%2e/${file}`,
    `/api/runs/..%2f${file}`,
    `/api/runs/./../${file}`,
    `/api/runs/RUN/../../${file}`,
    `/api/runs/RUN/%2e%2e%2f%2e%2e%2f${file}`,
    `/api/runs/RUN/..%5c..%5c${file}`,
    `/api/runs/RUN%2f..%2f..%2f${file}`,
    `/api/runs/RUN%00/${file}`,
    `/api/runs/RUN/${file}%00.png`,
    "/api/runs/RUN/ABSOLUTE",
    "/api/runs/ABSOLUTE",
    "/ABSOLUTE",
    "//ABSOLUTE",
    "/%2fABSOLUTE",
    "/%",
    "/%ff",
    "/%c0%ae%c0%ae/secret.json",
    "http://evil.example/secret.json",
    "*",
    `/api/runs/RUN/metrics/${file}`,
    "/api/runs//config.json",
    "/api/runs/RUN/lock",
    "/api/runs/RUN/",
    "/api/runs/RUN",
    "/api/",
    "/api",
    `/${"a".repeat(5000)}`,
    `/api/runs/${"a/".repeat(500)}`,
  ];

  test.each(ways)("%s leads nowhere", async (way) => {
    const run = await makeRun(studio.runs);
    const name = run.path.slice(studio.runs.length + 1);
    const path = way.replaceAll("RUN", name).replaceAll("ABSOLUTE", studio.path(file));
    const reply = await studio.ask(path);
    expect([400, 404]).toContain(reply.status);
    expect(reply.text).not.toContain(SECRET);
    await run.close();
  });
});

describe("where it listens", () => {
  test("a port that is taken is said to be, with the way out", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as AddressInfo;
    const options = { page: studio.path("page"), runs: studio.runs, host: "127.0.0.1", port };
    await expect(startStudio(options)).rejects.toThrow(
      `cannot listen on 127.0.0.1, port ${port}: another program has that port. Choose another with --port`,
    );
    await new Promise((resolve) => other.close(resolve));
  });

  test("an address of IPv6 has its brackets in the URL", async () => {
    const other = await startStudio({ page: studio.path("page"), runs: studio.runs, host: "::1", port: 0 });
    expect(other.url).toMatch(/^http:\/\/\[::1\]:\d+\/$/);
    expect((await ask(other.url, "/")).status).toBe(200);
    await other.close();
  });

  test("closing ends the connections that are kept open", async () => {
    const other = await startStudio({ page: studio.path("page"), runs: studio.runs, host: "127.0.0.1", port: 0 });
    const socket = connect(Number(new URL(other.url).port), "127.0.0.1");
    await new Promise((resolve) => socket.once("connect", resolve));
    const ended = new Promise((resolve) => socket.once("close", resolve));
    await other.close();
    await ended;
  });
});

/** Bytes to the server, and what comes until it ends the connection. */
function exchange(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(studio.url).port), "127.0.0.1", () => socket.end(bytes));
    let text = "";
    socket.setEncoding("utf8").on("data", (part) => {
      text += part;
    });
    socket.on("close", () => resolve(text)).on("error", reject);
  });
}
