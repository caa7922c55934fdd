/** Times of work that a device does while the program goes on. */

import type { CardTimes, Counts } from "../contestant.ts";

/** Asks for some work. `done` is when it has been done; then what it holds can be freed. */
export type Call = () => { readonly done: Promise<unknown>; drop(): void };

/** Calls under way at once: enough for the device to have something to do, few enough for its memory. */
const UNDER_WAY = 8;

const MOST_CALLS = 200;

/**
 * Calls before any is measured on WebGPU. A step comes to use its buffers and bind groups again after 10 to 70 calls, and JavaScript
 * is compiled meanwhile, too: so twice the time of a measurement is spent on it, and so many calls at least.
 */
const FEWEST_TO_WARM_UP = 24;
const MOST_TO_WARM_UP = 100;

interface Options {
  /** For each of the two ways of calling, roughly. */
  readonly seconds: number;
  /** Goes on counting while calls are made. */
  readonly counts?: Counts | undefined;
}

export async function timeCalls(call: Call, { seconds, counts }: Options): Promise<CardTimes> {
  const first = await alone(call);
  const second = await alone(call);
  const inTime = Math.ceil((seconds * 1000) / second);
  const times = Math.min(MOST_CALLS, inTime) || 1;
  if (counts) await callInARow(call, Math.min(MOST_TO_WARM_UP, Math.max(FEWEST_TO_WARM_UP, 2 * inTime)));
  const before = { ...counts } as Counts;
  const { issue, inARow } = await callInARow(call, times);
  const ofACall = counts && countsOfACall(before, counts, times);
  const each = [second];
  while (each.length < times) each.push(await alone(call));
  return { first, issue, inARow, alone: each.toSorted((a, b) => a - b)[times >> 1]!, counts: ofACall };
}

async function alone(call: Call): Promise<number> {
  const started = performance.now();
  const { done, drop } = call();
  await done;
  const ms = performance.now() - started;
  drop();
  return ms;
}

async function callInARow(call: Call, times: number): Promise<Pick<CardTimes, "issue" | "inARow">> {
  const underWay: ReturnType<Call>[] = [];
  const finish = async () => {
    const { done, drop } = underWay.shift()!;
    await done;
    drop();
  };
  const started = performance.now();
  let issue = 0;
  for (let i = 0; i < times; i++) {
    const asked = performance.now();
    underWay.push(call());
    // By the next turn all of it has been submitted.
    await new Promise((resolve) => setImmediate(resolve));
    issue += performance.now() - asked;
    if (underWay.length > UNDER_WAY) await finish();
  }
  while (underWay.length > 0) await finish();
  return { issue: issue / times, inARow: (performance.now() - started) / times };
}

function countsOfACall(before: Counts, after: Counts, times: number): Counts {
  const ofACall = (name: keyof Counts) => (after[name] - before[name]) / times;
  return {
    dispatches: ofACall("dispatches"),
    submits: ofACall("submits"),
    buffers: ofACall("buffers"),
    bindGroups: ofACall("bindGroups"),
  };
}
