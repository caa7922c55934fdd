/** What the studio's server answers, and how that is written to a connection. */

import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { constants, createBrotliCompress, createGzip } from "node:zlib";
import type { OpenFile } from "./files.ts";

type Headers = Readonly<Record<string, string>>;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string | OpenFile;
  /** Whether it is text that shrinks, and whole: the length of what is compressed on the way cannot be announced. */
  readonly isCompressible?: boolean;
}

/** Data that is asked for again and again: who has it already is told so, and does not get it again. */
export function jsonAnswer(value: object): Answer {
  const body = JSON.stringify(value);
  const tag = createHash("sha256").update(body).digest("base64url").slice(0, 22);
  const headers = { "Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-cache", ETag: `"${tag}"` };
  return { status: 200, headers, body, isCompressible: true };
}

export function refusal(status: number, reason: string, headers: Headers = {}): Answer {
  const own = { "Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store", ...headers };
  return { status, headers: own, body: JSON.stringify({ error: reason }) };
}

export function fileAnswer(file: OpenFile, type: string, headers: Headers = {}): Answer {
  const own = {
    "Content-Type": type,
    "Cache-Control": "no-cache",
    ETag: `"${file.size.toString(36)}-${Math.round(file.modified * 1000).toString(36)}"`,
    ...headers,
  };
  return { status: 200, headers: own, body: file };
}

/** Below, compressing saves nothing: it is one packet anyway. */
const WORTH_COMPRESSING = 1024;

/** Writes the answer. A reader that goes away on the way is nobody's error. */
export async function sendAnswer(request: IncomingMessage, response: ServerResponse, answer: Answer): Promise<void> {
  const { status, body } = answer;
  const length = typeof body === "string" ? Buffer.byteLength(body) : body.size;
  const coding = answer.isCompressible && length >= WORTH_COMPRESSING ? codingFor(request) : undefined;
  const headers = coding === undefined ? answer.headers : encodedHeaders(answer.headers, coding.name);
  const isKnown = headers.ETag !== undefined && request.headers["if-none-match"] === headers.ETag;
  if (isKnown) response.writeHead(304, headers);
  else response.writeHead(status, coding === undefined ? { ...headers, "Content-Length": length } : headers);
  try {
    if (isKnown || request.method === "HEAD" || length === 0) response.end();
    else if (coding !== undefined) await send(response, bytesOf(body), coding.compress());
    else if (typeof body === "string") response.end(body);
    else await send(response, bytesOf(body));
  } finally {
    if (typeof body !== "string") await body.handle.close();
  }
}

interface Coding {
  readonly name: string;
  compress(): NodeJS.ReadWriteStream;
}

/** The best first. At Brotli's level 5 the page's largest script takes as long as gzip's, and is a tenth smaller. */
const codings: readonly Coding[] = [
  { name: "br", compress: () => createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }) },
  { name: "gzip", compress: () => createGzip() },
];

function codingFor({ headers }: IncomingMessage): Coding | undefined {
  const accepted = String(headers["accept-encoding"] ?? "")
    .split(",")
    .map((one) => one.trim().split(/\s*;\s*/))
    // A weight of 0 refuses.
    .filter(([, weight]) => weight === undefined || Number(weight.replace("q=", "")) > 0)
    .map(([name]) => name);
  return codings.find(({ name }) => accepted.includes(name));
}

/** Other bytes, other tag. */
function encodedHeaders({ ETag: tag, ...headers }: Headers, coding: string): Headers {
  const own = { ...headers, "Content-Encoding": coding, Vary: "Accept-Encoding" };
  return tag === undefined ? own : { ...own, ETag: tag.replace(/"$/, `-${coding}"`) };
}

function bytesOf(body: string | OpenFile): Readable {
  if (typeof body === "string") return Readable.from([body]);
  // A file that grows meanwhile is sent as long as was announced.
  return body.handle.createReadStream({ start: 0, end: body.size - 1, autoClose: false });
}

async function send(response: ServerResponse, bytes: Readable, ...through: NodeJS.ReadWriteStream[]): Promise<void> {
  // A file that is cut back meanwhile is too short: the connection ends early, by which the reader knows.
  await pipeline([bytes, ...through, response]).catch(() => response.destroy());
}
