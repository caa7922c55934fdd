/** What the tests of the contestants share: who they are, and that each answers. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeFewDigits } from "@softdraw/testing/few-digits";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { benchmarks } from "../src/benchmarks/index.ts";
import { type Contestant, startContestant } from "../src/contestant.ts";

interface Case {
  benchmark: string;
  contestant: Contestant;
}

/** Those of the same name differ in size alone: the first, and smallest, stands for them. */
const cases: Case[] = benchmarks.flatMap(({ name, contestants }) => {
  const distinct = new Map(contestants.toReversed().map((contestant) => [contestant.name, contestant]));
  return [...distinct.values()].map((contestant) => ({ benchmark: name, contestant }));
});

/** Of the experiments, the operators and the peers one each: the rest is of the same kinds. */
const SOME = ["vae-step", "operators", "sinkhorn", "memory"];

/** All but the last that can start stand behind that: what is told to one of a benchmark is told to the others as well. */
function isStoodFor({ benchmark, contestant }: Case): boolean {
  if (!SOME.includes(benchmark)) return true;
  const able = cases.filter((other) => other.benchmark === benchmark && other.contestant.missing?.() === undefined);
  return able.length > 0 && able.at(-1)!.contestant !== contestant;
}

/** The benchmarks whose contestants take an epoch of the VAE for a step. Here they take it on few digits. */
const OF_EPOCHS = ["memory", "sweep-workers"];

/** Some train for an epoch, and start several threads, on whatever machine this is. */
const TIMEOUT = 180_000;

/** Declares the tests of some contestants, or of those that they stand for. */
export function testContestants(which: "some" | "the others"): void {
  const folder = mkdtempSync(join(tmpdir(), "softdraw-contestants-"));
  beforeAll(() => writeFewDigits(folder));
  afterAll(() => rmSync(folder, { recursive: true }));

  /** A contestant's last argument is its options. */
  function onFewDigits({ command: [program, ...args], ...contestant }: Contestant): Contestant {
    const options = { ...JSON.parse(args.at(-1)!), dataDir: folder };
    return { ...contestant, command: [program, ...args.slice(0, -1), JSON.stringify(options)] };
  }

  describe("every contestant does some work", () => {
    for (const { benchmark, contestant } of cases.filter((one) => isStoodFor(one) === (which === "the others"))) {
      const title = `${benchmark}: ${contestant.name}`;
      const reason = contestant.missing?.();
      const [taken, steps] = OF_EPOCHS.includes(benchmark) ? [onFewDigits(contestant), 1] : [contestant, 2];
      if (reason === undefined) test(title, () => expectAnswer(taken, steps), TIMEOUT);
      else test.skip(`${title} (${reason})`, () => {});
    }
  });
}

async function expectAnswer(contestant: Contestant, steps: number): Promise<void> {
  const running = startContestant(contestant);
  const { ms, loss = 0, memory = [] } = await running.ask(steps).finally(running.stop);
  expect(ms).toBeGreaterThan(0);
  expect([ms, loss, ...memory.flatMap(Object.values)].filter((value) => !Number.isFinite(value))).toEqual([]);
}
