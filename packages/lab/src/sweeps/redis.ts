/** A connection to Redis that says in words why there is none, and waits for a Redis that was there and comes back. */

import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { WrongCall } from "../errors.ts";
import { Unavailable } from "./executor.ts";

export interface Link {
  readonly client: Redis;
  /** Host and port: what messages call it, because the address may have a password. */
  readonly endpoint: string;
  /** Aborted when Redis has not come back within `patienceMs`; the reason is the error to end with. */
  readonly lost: AbortSignal;
  /** Whether Redis answers a new connection, within a second. */
  answers(): Promise<boolean>;
  close(): void;
}

export interface LinkOptions {
  readonly say: (line: string) => void;
  /** How long a Redis that goes away is waited for. */
  readonly patienceMs?: number;
}

const CONNECTING_MS = 5_000;
const PATIENCE_MS = 300_000;
/** An absence that is shorter is not reported. */
const SILENT_MS = 1_000;
const LONGEST_PAUSE_MS = 2_000;
const ANSWER_MS = 1_000;
/** How long a Redis that goes away is waited for by who has been told to stop. */
const PARTING_MS = 3_000;
/** Between two questions whether it answers. */
const ASKING_MS = 200;

/**
 * Connects to `redis://HOST:PORT`, or with TLS to `rediss://HOST:PORT`.
 *
 * @throws WrongCall for another address; Unavailable where there is no such Redis, or it does not let us in
 */
export async function connectRedis(address: string, { say, patienceMs = PATIENCE_MS }: LinkOptions): Promise<Link> {
  const { hostname, port } = parseAddress(address);
  const endpoint = `${hostname}:${port || "6379"}`;
  const lost = new AbortController();
  let connected = false;
  const client = new Redis(address, {
    lazyConnect: true,
    connectTimeout: CONNECTING_MS,
    maxRetriesPerRequest: null,
    retryStrategy: (times) => (connected ? Math.min(100 * 2 ** times, LONGEST_PAUSE_MS) : null),
  });
  let reason: Error | undefined;
  client.on("error", (error) => {
    reason = error;
  });
  try {
    await client.connect();
  } catch (error) {
    client.disconnect();
    throw new Unavailable(`No connection to Redis at ${endpoint}: ${inWords(reason ?? (error as Error))}.`);
  }
  connected = true;
  let noticing: NodeJS.Timeout | undefined;
  let givingUp: NodeJS.Timeout | undefined;
  let away = false;
  const calm = () => {
    clearTimeout(noticing);
    clearTimeout(givingUp);
    noticing = undefined;
    givingUp = undefined;
  };
  client.on("close", () => {
    if (givingUp !== undefined || !connected) return;
    noticing = setTimeout(() => {
      away = true;
      say(`Redis at ${endpoint} does not answer. Waiting for it, up to ${Math.ceil(patienceMs / 60_000)} minutes.`);
    }, SILENT_MS);
    const error = new Unavailable(`Redis at ${endpoint} did not come back within ${patienceMs / 1000} seconds.`);
    givingUp = setTimeout(() => lost.abort(error), patienceMs);
  });
  client.on("ready", () => {
    calm();
    if (away) say(`Redis at ${endpoint} is back.`);
    away = false;
  });
  return {
    client,
    endpoint,
    lost: lost.signal,
    async answers() {
      // A connection of its own: on the other one, a large state may be on its way, or the reply to what blocks.
      const probe = client.duplicate({ lazyConnect: true, retryStrategy: () => null, connectTimeout: ANSWER_MS });
      probe.on("error", () => {});
      const late = new AbortController();
      const answered = probe.connect().then(() => probe.ping());
      try {
        return await Promise.race([answered.then(() => true), sleep(ANSWER_MS, false, { signal: late.signal })]);
      } catch {
        return false;
      } finally {
        late.abort();
        probe.disconnect();
      }
    },
    close() {
      connected = false;
      calm();
      client.disconnect();
    },
  };
}

/**
 * Waits for work that needs Redis, for as long as that answers.
 *
 * @returns false when it did not answer for some seconds, with the work left where it is
 * @throws what the work throws
 */
export async function whileAnswering(link: Link, work: Promise<unknown>): Promise<boolean> {
  const over = new AbortController();
  const done = work.then(() => true);
  const silence = async () => {
    let heard = performance.now();
    while (performance.now() - heard < PARTING_MS) {
      await sleep(ASKING_MS, undefined, { signal: over.signal });
      if (await link.answers()) heard = performance.now();
      over.signal.throwIfAborted();
    }
    return false;
  };
  const silent = silence();
  // Whichever comes second is nobody's error.
  for (const promise of [done, silent]) promise.catch(() => {});
  try {
    return await Promise.race([done, silent]);
  } finally {
    over.abort();
  }
}

function parseAddress(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const fits = url !== undefined && ["redis:", "rediss:"].includes(url.protocol) && url.hostname !== "";
  if (fits && /^\/?\d*$/.test(url.pathname)) return url;
  throw new WrongCall(
    `--queue: expected redis://HOST:PORT, or with TLS rediss://HOST:PORT, got "${withoutPassword(address)}".`,
  );
}

/** An address to show: what is before the host may be a password. */
export function withoutPassword(address: string): string {
  return address.replace(/^(\w+:\/*)?.*@/s, "$1***@");
}

const REASONS: Record<string, string> = {
  ECONNREFUSED: "nothing listens there",
  ENOTFOUND: "there is no host of that name",
  EAI_AGAIN: "the host's name cannot be looked up",
  ETIMEDOUT: "the host does not answer",
  EHOSTUNREACH: "the host cannot be reached",
  ENETUNREACH: "the network cannot be reached",
  ECONNRESET: "the connection was reset, as by a server that wants TLS (rediss://) or none (redis://)",
};

function inWords(error: NodeJS.ErrnoException): string {
  if (error.code !== undefined && REASONS[error.code]) return `${REASONS[error.code]} (${error.code})`;
  if (/WRONGPASS|invalid password/i.test(error.message)) return "it refuses the user and the password of the address";
  if (/NOAUTH/.test(error.message)) return "it wants a password, as in redis://:PASSWORD@HOST:PORT";
  if (/RESP type/.test(error.message)) return "what answers there is no Redis";
  return error.message.replace(/\.$/, "");
}

/** What ends the work with a Redis that answers; undefined for an error that is not the server's own. */
export function refusal(error: Error, endpoint: string): Unavailable | undefined {
  const { message } = error;
  if (message.startsWith("OOM")) {
    return new Unavailable(`Redis at ${endpoint} is full: it has reached its maxmemory, and takes in nothing more.`);
  }
  if (/^(NOAUTH|WRONGPASS|NOPERM|READONLY|MISCONF)/.test(message)) {
    return new Unavailable(`Redis at ${endpoint} refuses: ${message}`);
  }
  return error instanceof Unavailable ? error : undefined;
}
