import { describe, expect, test } from "vitest";
import { benchmarks } from "../src/benchmarks/index.ts";
import { type Contestant, startContestant } from "../src/contestant.ts";

/** Those of the same name differ in size alone: the first, and smallest, stands for them. */
const cases = benchmarks.flatMap(({ name, contestants }) => {
  const distinct = new Map(contestants.toReversed().map((contestant) => [contestant.name, contestant]));
  return [...distinct.values()].map((contestant) => ({ name, contestant }));
});

/** Some train for an epoch, and start several threads, on whatever machine this is. */
const TIMEOUT = 180_000;

describe("every contestant does some work", () => {
  for (const { name, contestant } of cases) {
    const title = `${name}: ${contestant.name}`;
    const reason = contestant.missing?.();
    // A step of these is a whole epoch.
    const steps = ["memory", "sweep-workers"].includes(name) ? 1 : 2;
    if (reason === undefined) test(title, () => expectAnswer(contestant, steps), TIMEOUT);
    else test.skip(`${title} (${reason})`, () => {});
  }
});

async function expectAnswer(contestant: Contestant, steps: number): Promise<void> {
  const running = startContestant(contestant);
  const { ms, loss = 0, memory = [] } = await running.ask(steps).finally(running.stop);
  expect(ms).toBeGreaterThan(0);
  expect([ms, loss, ...memory.flatMap(Object.values)].filter((value) => !Number.isFinite(value))).toEqual([]);
}
