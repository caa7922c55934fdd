import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeFewDigits } from "@softdraw/testing/few-digits";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { benchmarks } from "../src/benchmarks/index.ts";
import { type Contestant, startContestant } from "../src/contestant.ts";

/** Those of the same name differ in size alone: the first, and smallest, stands for them. */
const cases = benchmarks.flatMap(({ name, contestants }) => {
  const distinct = new Map(contestants.toReversed().map((contestant) => [contestant.name, contestant]));
  return [...distinct.values()].map((contestant) => ({ name, contestant }));
});

/** The benchmarks whose contestants take an epoch of the VAE for a step. Here they take it on few digits. */
const OF_EPOCHS = ["memory", "sweep-workers"];

const folder = mkdtempSync(join(tmpdir(), "softdraw-contestants-"));
beforeAll(() => writeFewDigits(folder));
afterAll(() => rmSync(folder, { recursive: true }));

/** Some train for an epoch, and start several threads, on whatever machine this is. */
const TIMEOUT = 180_000;

describe("every contestant does some work", () => {
  for (const { name, contestant } of cases) {
    const title = `${name}: ${contestant.name}`;
    const reason = contestant.missing?.();
    const [taken, steps] = OF_EPOCHS.includes(name) ? [onFewDigits(contestant), 1] : [contestant, 2];
    if (reason === undefined) test(title, () => expectAnswer(taken, steps), TIMEOUT);
    else test.skip(`${title} (${reason})`, () => {});
  }
});

/** A contestant's last argument is its options. */
function onFewDigits({ command: [program, ...args], ...contestant }: Contestant): Contestant {
  const options = { ...JSON.parse(args.at(-1)!), dataDir: folder };
  return { ...contestant, command: [program, ...args.slice(0, -1), JSON.stringify(options)] };
}

async function expectAnswer(contestant: Contestant, steps: number): Promise<void> {
  const running = startContestant(contestant);
  const { ms, loss = 0, memory = [] } = await running.ask(steps).finally(running.stop);
  expect(ms).toBeGreaterThan(0);
  expect([ms, loss, ...memory.flatMap(Object.values)].filter((value) => !Number.isFinite(value))).toEqual([]);
}
