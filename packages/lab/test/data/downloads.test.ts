import { access, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import type { RequestListener, ServerResponse } from "node:http";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { noise } from "@softdraw/testing/bytes";
import { describe, expect, test } from "vitest";
import { type DownloadProgress, type DownloadRequest, download } from "../../src/data/downloads.ts";
import { sha256 } from "../../src/data/files.ts";
import { deadUrl, serve, temporaryFolder } from "./support.ts";

const content = noise(300_000);
const packed = gzipSync(content);
const HALF = 100_000;

/** A file server as most are: understands "Range: bytes=N-". */
function withRanges(body: Uint8Array): RequestListener {
  return (request, response) => {
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? Number.NaN);
    if (Number.isNaN(start)) return sendAll(response, body);
    if (start >= body.length) return response.writeHead(416, { "content-range": `bytes */${body.length}` }).end();
    const range = `bytes ${start}-${body.length - 1}/${body.length}`;
    response.writeHead(206, { "content-range": range, "content-length": body.length - start });
    return response.end(body.subarray(start));
  };
}

function withoutRanges(body: Uint8Array): RequestListener {
  return (_, response) => sendAll(response, body);
}

function sendAll(response: ServerResponse, body: Uint8Array) {
  return response.writeHead(200, { "content-length": body.length }).end(body);
}

/** Promises the whole, sends the first part, and falls silent. */
function sendsHalf(body: Uint8Array): RequestListener {
  return (_, response) => {
    response.writeHead(200, { "content-length": body.length });
    response.write(body.subarray(0, HALF));
  };
}

/** A progress callback that acts once the first half is on the disk. */
function atHalf(act: () => void): DownloadProgress {
  return (_, received) => {
    if (received === HALF) act();
  };
}

async function requestFor(...urls: string[]): Promise<DownloadRequest> {
  const target = join(await temporaryFolder(), "cache", "data.gz");
  return { file: "data.gz", urls, target, sha256: sha256(content), bytes: content.length };
}

/** As if an earlier attempt had ended with these bytes. */
async function leavePart(request: DownloadRequest, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(request.target));
  await writeFile(`${request.target}.part`, bytes);
}

async function expectWhole(request: DownloadRequest, received: Uint8Array, stored: Uint8Array = packed) {
  expect(Buffer.compare(received, content)).toBe(0);
  expect(Buffer.compare(await readFile(request.target), stored)).toBe(0);
  expect(await readdir(dirname(request.target))).toEqual(["data.gz"]);
}

describe("a whole download", () => {
  test("returns the unpacked bytes and keeps the packed ones", async () => {
    const server = await serve(withRanges(packed));
    const request = await requestFor(`${server.url}data.gz`);
    await expectWhole(request, await download(request));
    expect(server.requests.map(({ url, headers }) => [url, headers.range])).toEqual([["/data.gz", undefined]]);
  });

  test("takes a file that comes unpacked", async () => {
    const server = await serve(withRanges(content));
    const request = await requestFor(server.url);
    await expectWhole(request, await download(request), content);
  });

  test("takes a file that the server declares as encoded, which arrives unpacked", async () => {
    const server = await serve((_, response) => {
      response.writeHead(200, { "content-encoding": "gzip", "content-length": packed.length }).end(packed);
    });
    const request = await requestFor(server.url);
    const totals: unknown[] = [];
    await expectWhole(request, await download(request, { onProgress: (_, __, total) => totals.push(total) }), content);
    expect(new Set(totals)).toEqual(new Set([undefined]));
  });

  test("reports its progress", async () => {
    const server = await serve(withRanges(packed));
    const request = await requestFor(server.url);
    const events: [string, number, number | undefined][] = [];
    await download(request, { onProgress: (...event) => events.push(event) });
    expect(events.every(([file, , total]) => file === "data.gz" && total === packed.length)).toBe(true);
    const received = events.map(([, bytes]) => bytes);
    expect(received).toEqual([...received].sort((a, b) => a - b));
    expect(received.at(-1)).toBe(packed.length);
  });
});

describe("an interrupted download", () => {
  test("continues at the next mirror when the connection is cut", async () => {
    const first = await serve(sendsHalf(packed));
    const second = await serve(withRanges(packed));
    const request = await requestFor(first.url, second.url);
    await expectWhole(request, await download(request, { onProgress: atHalf(first.hangUp) }));
    expect(second.requests.map(({ headers }) => headers.range)).toEqual([`bytes=${HALF}-`]);
  });

  test("continues in a later call, and counts what it has", async () => {
    const server = await serve(withRanges(packed));
    const request = await requestFor(server.url);
    await leavePart(request, packed.subarray(0, HALF));
    const events: number[] = [];
    await expectWhole(request, await download(request, { onProgress: (_, received) => events.push(received) }));
    expect(server.requests[0]?.headers.range).toBe(`bytes=${HALF}-`);
    expect(events[0]).toBeGreaterThan(HALF);
    expect(events.at(-1)).toBe(packed.length);
  });

  test("starts again at a server that ignores the range", async () => {
    const server = await serve(withoutRanges(packed));
    const request = await requestFor(server.url);
    await leavePart(request, packed.subarray(0, HALF));
    await expectWhole(request, await download(request));
    expect(server.requests).toHaveLength(1);
  });

  test("accepts a part that was whole already", async () => {
    const server = await serve(withRanges(packed));
    const request = await requestFor(server.url);
    await leavePart(request, packed);
    await expectWhole(request, await download(request));
    expect(server.requests).toHaveLength(1);
  });

  test.each([
    ["longer than the file", noise(packed.length + 1, 7)],
    ["of another file", noise(HALF, 7)],
  ])("throws away a part that is %s, and asks the same mirror again", async (_, part) => {
    const server = await serve(withRanges(packed));
    const request = await requestFor(server.url);
    await leavePart(request, part);
    await expectWhole(request, await download(request));
    expect(server.requests.map(({ headers }) => headers.range)).toEqual([`bytes=${part.length}-`, undefined]);
  });

  test("stops at a signal, keeps what it has, tries no other mirror, and continues when asked again", async () => {
    const silent = await serve(sendsHalf(packed));
    const other = await serve(withRanges(packed));
    const request = await requestFor(silent.url, other.url);
    const stop = new AbortController();
    const onProgress = atHalf(() => stop.abort(new Error("stopped by the user")));
    await expect(download(request, { onProgress, signal: stop.signal })).rejects.toThrow("stopped by the user");
    expect(other.requests).toHaveLength(0);
    expect(Buffer.compare(await readFile(`${request.target}.part`), packed.subarray(0, HALF))).toBe(0);

    await expectWhole(request, await download({ ...request, urls: [other.url] }));
    expect(other.requests[0]?.headers.range).toBe(`bytes=${HALF}-`);
  });

  test("does not begin when the signal has already been given", async () => {
    const server = await serve(withRanges(packed));
    const request = await requestFor(server.url);
    const signal = AbortSignal.abort(new Error("stopped by the user"));
    await expect(download(request, { signal })).rejects.toThrow("stopped by the user");
    expect(server.requests).toHaveLength(0);
  });
});

describe("a mirror that fails", () => {
  test("sends more than the file can be: no more of it is received, and the next one begins anew", async () => {
    const endless = await serve((_, response) => {
      response.writeHead(200);
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(2 ** 16)));
      };
      response.on("drain", more);
      more();
    });
    const right = await serve(withRanges(packed));
    const request = await requestFor(endless.url, right.url);
    await expectWhole(request, await download(request));
    expect(right.requests.map(({ headers }) => headers.range)).toEqual([undefined]);
    await expect(download({ ...request, urls: [endless.url] })).rejects.toThrow(
      `too long: expected ${content.length} bytes, uncompressed, got more`,
    );
  });

  test("sends a little that unpacks to far more: it is not unpacked", async () => {
    const bomb = gzipSync(Buffer.alloc(2 ** 26));
    const server = await serve(withRanges(bomb));
    const request = await requestFor(server.url);
    await expect(download(request)).rejects.toThrow(
      `over-long: expected ${content.length} bytes, uncompressed, got more`,
    );
  });

  test("with wrong bytes leaves nothing to the next", async () => {
    const wrong = await serve(withRanges(gzipSync(noise(300_000, 2))));
    const right = await serve(withRanges(packed));
    const request = await requestFor(wrong.url, right.url);
    await expectWhole(request, await download(request));
    expect(wrong.requests).toHaveLength(1);
    expect(right.requests.map(({ headers }) => headers.range)).toEqual([undefined]);
  });

  test("with 404 is passed over", async () => {
    const lost = await serve((_, response) => response.writeHead(404).end("no such file"));
    const right = await serve(withRanges(packed));
    const request = await requestFor(lost.url, right.url);
    await expectWhole(request, await download(request));
  });

  test("is named with its reason when all do", async () => {
    const wrong = await serve(withRanges(gzipSync("something else")));
    const damaged = await serve(withRanges(packed.subarray(0, HALF)));
    const lost = await serve((_, response) => response.writeHead(404).end());
    const cut = await serve(sendsHalf(packed));
    const dead = await deadUrl();
    const request = await requestFor(wrong.url, damaged.url, lost.url, dead, cut.url);
    const error: Error = await download(request, { onProgress: atHalf(cut.hangUp) }).then(
      () => expect.fail("downloaded"),
      (reason) => reason,
    );
    expect(error.message.split("\n")).toEqual([
      "data.gz: could not be downloaded from any mirror:",
      `  ${wrong.url}: wrong content: expected the SHA-256 ${sha256(content)} of the uncompressed bytes, ` +
        `got ${sha256(Buffer.from("something else"))}`,
      `  ${damaged.url}: ${request.target}.part: expected whole gzip data, got unexpected end of file.`,
      `  ${lost.url}: answered 404 Not Found`,
      expect.stringMatching(new RegExp(`^ {2}${dead}: .*ECONNREFUSED`)),
      expect.stringMatching(new RegExp(`^ {2}${cut.url}: .*(other side closed|ECONNRESET)`)),
    ]);
    await expect(access(request.target)).rejects.toThrow("ENOENT");
  });
});
