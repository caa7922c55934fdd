/** Files from the web that are known by their checksum. */

import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { fileSize, readUnpacked, sha256 } from "./files.ts";

export interface DownloadRequest {
  /** Name of the file, for messages and progress. */
  readonly file: string;
  /** The same file at each mirror, in the order they are tried. */
  readonly urls: readonly string[];
  /** Where it is kept, as it came (packed or not). */
  readonly target: string;
  /** Of the uncompressed bytes. */
  readonly sha256: string;
  /** Number of the uncompressed bytes: of what is longer, no more is received or unpacked. */
  readonly bytes: number;
}

/** Bytes of `file` here so far, and in all where the server tells. */
export type DownloadProgress = (file: string, received: number, total: number | undefined) => void;

export interface DownloadOptions {
  readonly onProgress?: DownloadProgress | undefined;
  /** Stops the download; what has arrived is kept for the next attempt. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Downloads a file and returns its uncompressed bytes.
 *
 * Bytes arrive in `<target>.part`, which outlives a failure so that the next attempt, at any mirror, continues from
 * there; only a part whose checksum is right is renamed to the target.
 *
 * @throws the signal's reason when stopped; Error that lists every mirror with its failure
 */
export async function download(request: DownloadRequest, options: DownloadOptions = {}): Promise<Uint8Array> {
  await mkdir(dirname(request.target), { recursive: true });
  const failures: string[] = [];
  for (const url of request.urls) {
    options.signal?.throwIfAborted();
    try {
      return await downloadFrom(url, request, options);
    } catch (error) {
      options.signal?.throwIfAborted();
      failures.push(`  ${url}: ${explain(error)}`);
    }
  }
  throw new Error([`${request.file}: could not be downloaded from any mirror:`, ...failures].join("\n"));
}

async function downloadFrom(url: string, request: DownloadRequest, options: DownloadOptions): Promise<Uint8Array> {
  const resumed = await receive(url, request, options);
  try {
    return await accept(request);
  } catch (error) {
    await rm(partOf(request), { force: true });
    // The fault may be in what an earlier attempt left behind; without that, this mirror deserves another try.
    if (resumed) return downloadFrom(url, request, options);
    throw error;
  }
}

/**
 * Fetches into the part file, and tells whether it continued one. Whether a server continued at the right place, or
 * from the same compression of the file, is left to the checksum.
 */
async function receive(url: string, request: DownloadRequest, options: DownloadOptions): Promise<boolean> {
  const kept = (await fileSize(partOf(request))) ?? 0;
  const response = await fetch(url, {
    headers: { "accept-encoding": "identity", ...(kept > 0 && { range: `bytes=${kept}-` }) },
    signal: options.signal ?? null,
  });
  const resumed = kept > 0 && (response.status === 206 || response.status === 416);
  if (response.ok) {
    await save(response, request, resumed ? kept : 0, options);
    return resumed;
  }
  await response.body?.cancel();
  // 416, range not satisfiable: there is nothing behind what is kept.
  if (resumed) return true;
  throw new Error(`answered ${response.status} ${response.statusText}`.trimEnd());
}

async function save(response: Response, request: DownloadRequest, offset: number, options: DownloadOptions) {
  const total = expectedSize(response, offset);
  let received = offset;
  const part = await open(partOf(request), offset > 0 ? "a" : "w");
  try {
    for await (const chunk of response.body ?? []) {
      received += chunk.byteLength;
      if (received > mostReceived(request)) {
        // Nothing of it is of use to another attempt.
        await part.truncate();
        throw new Error(`too long: expected ${request.bytes} bytes, uncompressed, got more`);
      }
      await part.appendFile(chunk);
      options.onProgress?.(request.file, received, total);
    }
  } finally {
    await part.close();
  }
}

/** Packed data is hardly ever longer than what is in it, and then by less than this. */
function mostReceived({ bytes }: DownloadRequest): number {
  return 1.01 * bytes + 1024;
}

/** The length header counts encoded bytes, which `fetch` decodes on the way. */
function expectedSize(response: Response, offset: number): number | undefined {
  const length = response.headers.get("content-length");
  return length === null || response.headers.has("content-encoding") ? undefined : offset + Number(length);
}

async function accept(request: DownloadRequest): Promise<Uint8Array> {
  const content = await readUnpacked(partOf(request), { head: 0, length: () => request.bytes });
  const actual = sha256(content);
  if (actual !== request.sha256) {
    throw new Error(`wrong content: expected the SHA-256 ${request.sha256} of the uncompressed bytes, got ${actual}`);
  }
  await rename(partOf(request), request.target);
  return content;
}

function partOf(request: DownloadRequest): string {
  return `${request.target}.part`;
}

/** `fetch` throws a TypeError, "fetch failed" or "terminated", and keeps the reason in its cause, often only as a code. */
function explain(error: unknown): string {
  const { message, cause } = error as Error & { cause?: NodeJS.ErrnoException };
  return (error instanceof TypeError && (cause?.message || cause?.code)) || message;
}
