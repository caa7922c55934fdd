/** Which workers listen to a Redis, so that a sweep that waits can say what it waits for. */

import { foreignText } from "@softdraw/experiments/foreign-text";
import type { Redis } from "ioredis";
import { PREFIX, versionOf } from "./jobs.ts";

/** The version of every worker that is connected; none where Redis does not tell. */
export async function versionsThatListen(client: Redis): Promise<string[]> {
  const list = await client.client("LIST").catch(() => "");
  // BullMQ names a worker's connection by its queue.
  const names = String(list).matchAll(new RegExp(`name=${PREFIX}:([A-Za-z0-9+/=]+)(?:[ \\n]|:w:)`, "g"));
  return Array.from(names, ([, name]) => versionOf(Buffer.from(name!, "base64").toString())).filter(
    (version) => version !== undefined,
  );
}

/** What to say to who waits; undefined while a worker of the right version is there. */
export function listenersLine(versions: readonly string[], version: string, endpoint: string): string | undefined {
  if (versions.includes(version)) return undefined;
  const others = [...new Set(versions)].sort();
  const start = `Start one with: softdraw worker --queue redis://${endpoint}`;
  if (others.length === 0) return `No worker listens at ${endpoint} yet. ${start}`;
  return `No worker of version ${version} listens at ${endpoint}, only of ${foreignText(others.join(", "))}. ${start}`;
}
