/** What the studio's server answers, and how that is written to a connection. */

import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import type { OpenFile } from "./files.ts";

type Headers = Readonly<Record<string, string>>;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string | OpenFile;
}

/** Data that is asked for again and again: who has it already is told so, and does not get it again. */
export function jsonAnswer(value: object): Answer {
  const body = JSON.stringify(value);
  const tag = createHash("sha256").update(body).digest("base64url").slice(0, 22);
  const headers = { "Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-cache", ETag: `"${tag}"` };
  return { status: 200, headers, body };
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

/** Writes the answer. A reader that goes away on the way is nobody's error. */
export async function sendAnswer(request: IncomingMessage, response: ServerResponse, answer: Answer): Promise<void> {
  const { status, headers, body } = answer;
  const isKnown = headers.ETag !== undefined && request.headers["if-none-match"] === headers.ETag;
  const length = typeof body === "string" ? Buffer.byteLength(body) : body.size;
  if (isKnown) response.writeHead(304, headers);
  else response.writeHead(status, { ...headers, "Content-Length": length });
  try {
    if (isKnown || request.method === "HEAD" || length === 0) response.end();
    else if (typeof body === "string") response.end(body);
    else await sendFile(response, body);
  } finally {
    if (typeof body !== "string") await body.handle.close();
  }
}

async function sendFile(response: ServerResponse, { handle, size }: OpenFile): Promise<void> {
  // A file that grows meanwhile is sent as long as was announced.
  const bytes = handle.createReadStream({ start: 0, end: size - 1, autoClose: false });
  // One that is cut back meanwhile is too short: the connection ends early, by which the reader knows.
  await pipeline(bytes, response).catch(() => response.destroy());
}
