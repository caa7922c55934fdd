import type { Experiment } from "@softdraw/experiments/experiment";
import { exactMeasure, toy } from "@softdraw/testing/toy";
import { describe, expect, test } from "vitest";
import { epochsOf, type Strategy, strategyOf } from "../../src/sweeps/strategy.ts";
import {
  type Assignment,
  combinationsOf,
  type Outcome,
  type SweepDefinition,
  trialsOf,
} from "../../src/sweeps/sweep.ts";

const experiment = toy as unknown as Experiment;

const definition: SweepDefinition = {
  experiment: "toy",
  version: "0.1.0",
  created: "2026-01-31T00:00:00.000Z",
  command: "",
  folds: 0,
  seeds: 2,
  config: { seed: 3, epochs: 9 },
  parameters: [{ name: "temperature", values: [8, 4, 2, 1, 16, 32, 64, 128, 256] }],
};

async function planned(changes: Partial<SweepDefinition> = {}) {
  const sweep = { ...definition, ...changes };
  const trials = trialsOf(sweep, await combinationsOf(sweep), experiment);
  return { sweep, trials, strategy: () => strategyOf(sweep, trials, "smallest") };
}

const outcomeOf = ({ trial, epochs, config }: Assignment): Outcome => ({
  trial,
  ...(epochs !== undefined && { epochs }),
  state: "done",
  discrete: exactMeasure(config as never, epochs ?? config.epochs),
});

/** Takes all that a strategy asks for, `lanes` at a time, and finishes them in an order that `pick` says. */
function takeAll(strategy: Strategy, lanes = 1, pick = (_: number) => 0): Assignment[] {
  const [taken, open]: [Assignment[], Assignment[]] = [[], []];
  for (;;) {
    while (open.length < lanes) {
      const assignment = strategy.next();
      if (assignment === undefined) break;
      open.push(assignment);
      taken.push(assignment);
    }
    if (open.length === 0) return taken;
    const [finished] = open.splice(pick(open.length), 1);
    strategy.record(outcomeOf(finished!));
  }
}

describe("trials", () => {
  test("every combination with one seed before any with the next", async () => {
    const { trials } = await planned();
    expect(trials.map(({ number }) => number)).toEqual(Array.from({ length: 18 }, (_, i) => i + 1));
    expect(trials.map(({ config }) => config.seed)).toEqual([...Array(9).fill(3), ...Array(9).fill(4)]);
    expect(trials[9]!.values).toEqual(trials[0]!.values);
  });

  test("every part of the data is left out once for each seed", async () => {
    const sweep = { ...definition, folds: 3, parameters: [{ name: "temperature", values: [1] }] };
    const schema = { parse: (values: unknown) => values } as Experiment["schema"];
    const trials = trialsOf(sweep, await combinationsOf(sweep), { ...experiment, schema });
    expect(trials.map(({ config }) => `${config.seed} ${config.fold}`)).toEqual([
      ...["3 1/3", "3 2/3", "3 3/3", "4 1/3", "4 2/3", "4 3/3"],
    ]);
  });

  test("a combination that is no configuration is refused", async () => {
    await expect(planned({ config: { seed: 3, epochs: 0 } })).rejects.toThrow(/epochs/);
  });
});

describe("every trial to its end", () => {
  test("takes each once, in order", async () => {
    const { strategy, trials, sweep } = await planned();
    const taken = takeAll(strategy(), 4);
    expect(taken.map(({ trial }) => trial)).toEqual(trials.map(({ number }) => number));
    expect(taken.every(({ epochs }) => epochs === undefined)).toBe(true);
    expect(epochsOf(sweep, trials)).toBe(18 * 9);
  });

  test("goes on from recorded outcomes", async () => {
    const { strategy } = await planned();
    const resumed = strategy();
    for (const trial of [1, 2, 5]) resumed.record({ trial, state: "done" });
    expect(takeAll(resumed).map(({ trial }) => trial)).toEqual([3, 4, ...Array.from({ length: 13 }, (_, i) => i + 6)]);
  });
});

describe("successive halving", () => {
  const halving = { reduction: 3, firstEpochs: 1 };

  const epochsReached = (taken: readonly Assignment[]) => {
    const reached = new Map<number, number>();
    for (const { config, epochs } of taken) {
      reached.set((config as never as { temperature: number }).temperature, epochs ?? config.epochs);
    }
    return Object.fromEntries(Array.from(reached).toSorted(([a], [b]) => a - b));
  };

  test("one at a time: a third of nine goes on, a third of those to the end, and the best is among them", async () => {
    const { strategy, sweep, trials } = await planned({ halving });
    const taken = takeAll(strategy());
    const reached = epochsReached(taken);
    expect(reached[1]).toBe(9);
    expect(Object.values(reached).filter((epochs) => epochs === 9).length).toBeLessThanOrEqual(2);
    expect(Object.values(reached).filter((epochs) => epochs === 1).length).toBeGreaterThanOrEqual(4);
    expect(epochsOf({ ...sweep, halving }, trials)).toBe(2 * (9 * 1 + 3 * 2 + 1 * 6));
  });

  test("both seeds of a combination go on together", async () => {
    const { strategy } = await planned({ halving });
    const taken = takeAll(strategy());
    for (const epochs of [1, 3, undefined]) {
      const at = taken.filter((assignment) => assignment.epochs === epochs);
      const perTemperature = new Map<number, number>();
      for (const { config } of at) {
        const { temperature } = config as never as { temperature: number };
        perTemperature.set(temperature, (perTemperature.get(temperature) ?? 0) + 1);
      }
      expect(new Set(perTemperature.values())).toEqual(new Set([2]));
    }
  });

  test.each([
    ["in turn", 3, () => 0],
    ["the last first", 8, (open: number) => open - 1],
    ["the middle first", 100, (open: number) => open >> 1],
  ] as const)(
    "however they come in (%s), nothing is taken twice, and what is best in the first rung wins",
    async (_, lanes, pick) => {
      const { strategy } = await planned({ halving });
      const taken = takeAll(strategy(), lanes, pick);
      expect(new Set(taken.map(({ trial, epochs }) => `${trial} ${epochs}`)).size).toBe(taken.length);
      expect(epochsReached(taken)[1]).toBe(9);
    },
  );

  test("asks for nothing twice after a restart, and comes to the same end", async () => {
    const { strategy } = await planned({ halving });
    const whole = takeAll(strategy());
    for (let known = 0; known <= whole.length; known++) {
      const resumed = strategy();
      for (const assignment of whole.slice(0, known)) resumed.record(outcomeOf(assignment));
      expect(takeAll(resumed)).toEqual(whole.slice(known));
    }
  });

  test("a combination with a failed trial does not go on", async () => {
    const { strategy } = await planned({ halving });
    const halved = strategy();
    for (;;) {
      const assignment = halved.next();
      if (assignment === undefined) break;
      const best = (assignment.config as never as { temperature: number }).temperature === 1;
      halved.record(
        best && assignment.config.seed === 4 ? { ...outcomeOf(assignment), state: "failed" } : outcomeOf(assignment),
      );
      if (best) expect(assignment.epochs).toBe(1);
    }
  });

  test("has no rung that nobody would get to", async () => {
    const parameters = [{ name: "temperature", values: [1, 2] }];
    const { strategy } = await planned({ halving, parameters });
    expect(takeAll(strategy()).every(({ epochs }) => epochs === undefined)).toBe(true);
  });
});
