/** The tables of verbs and of estimators in docs/verbs.md have what the structures have. */

import { readFileSync } from "node:fs";
import { numpy as np, random } from "@jax-js/jax";
import { contestantsOf } from "@softdraw/experiments/demos/gradient-estimators";
import { structureNames } from "@softdraw/experiments/demos/gradient-problems";
import {
  arborescence,
  bernoulli,
  categorical,
  chain,
  conditionalBernoulli,
  type ExpectationOptions,
  expectation,
  type PairStructure,
  permutation,
  ranking,
  type Structure,
  spanningTree,
  subset,
} from "softdraw";
import { describe, expect, test } from "vitest";
import { readStructures } from "../packages/softdraw/test/structures.ts";

const document = readFileSync(new URL("../docs/verbs.md", import.meta.url), "utf8");
const columns = Object.fromEntries((await readStructures()).flatMap(({ columns }) => Object.entries(columns)));

/** The cells of the first table below a heading, row by row, without the line that separates its head. */
function tableBelow(heading: string): string[][] {
  const lines = document.slice(document.indexOf(`\n${heading}\n`)).split("\n");
  const first = lines.findIndex((line) => line.startsWith("|"));
  const count = lines.slice(first).findIndex((line) => !line.startsWith("|"));
  const rows = lines.slice(first, first + count).map((line) =>
    line
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim()),
  );
  return rows.filter((_, i) => i !== 1);
}

const [head, ...rows] = tableBelow("## Which structure has which verb") as [string[], ...string[][]];
/** The verbs that the columns are about, `entropy` and `kl` of one, each with the number of its column. */
const listed = head.flatMap((title, column) =>
  column === 0 ? [] : [...title.matchAll(/`(\w+)`/g)].map(([, verb]) => [verb!, column] as const),
);

describe("the table of verbs", () => {
  test("has a row for every structure, with the shape of its logits", () => {
    const expected = Object.entries(columns).map(([name, { shape }]) => `\`${name}\` \`${shape}\``);
    expect(rows.map(([title]) => title!.replace(/, k of n$/, "")).sort()).toEqual(expected.sort());
  });

  test.each(Object.entries(columns))("says of %s which verbs there are", (name, { verbs }) => {
    const row = rows.find(([title]) => title!.startsWith(`\`${name}\``))!;
    const claimed = listed.filter(([, column]) => row[column] === "✓").map(([verb]) => verb);
    const there = listed.map(([verb]) => verb).filter((verb) => verb in verbs);
    expect(claimed).toEqual(there);
  });

  test("has the verbs that more than one structure has", () => {
    const count = (verb: string) => Object.values(columns).filter(({ verbs }) => verb in verbs).length;
    const shared = new Set(
      Object.values(columns)
        .flatMap(({ verbs }) => Object.entries(verbs))
        .flatMap(([name, verb]) => (typeof verb === "function" ? [name] : []))
        .filter((verb) => count(verb) > 1 && verb !== "sampleOrdered"),
    );
    expect(listed.map(([verb]) => verb).sort()).toEqual([...shared].sort());
  });
});

describe("the table of estimators", () => {
  const [titles, ...lines] = tableBelow("## Which structure has which estimator") as [string[], ...string[][]];
  const estimatorOf = (cells: string[]) => cells[0]!.slice(1, -1);
  const structures: Record<string, Structure | PairStructure> = {
    bernoulli,
    categorical,
    "subset.of(k)": subset.of(2),
    "conditionalBernoulli.of(k)": conditionalBernoulli.of(2),
    ranking,
    permutation,
    "permutation.gibbs": permutation.gibbs,
    spanningTree,
    "spanningTree.perturbed": spanningTree.perturbed,
    arborescence,
    "arborescence.perturbed": arborescence.perturbed,
    chain,
    "chain.perturbed": chain.perturbed,
  };

  test("has the estimators of the library, in their order", () => {
    const unknown = { estimator: "?" } as unknown as ExpectationOptions<typeof bernoulli>;
    const call = () => expectation(bernoulli, random.key(0), np.zeros([2]), (value) => value.sum(-1), unknown);
    // The error lists them.
    const names = lines.map((cells) => `"${estimatorOf(cells)}"`);
    expect(call).toThrow(`must be one of ${names.join(", ")}, got`);
  });

  test.each(Object.entries(structures))("says of %s which it has", (name, structure) => {
    const column = titles.indexOf(`\`${name}\``);
    const has = (estimator: string) => {
      const options = { estimator, samples: 2, variate: (z: np.Array) => z.sum(-1) };
      if (estimator !== "relax") Reflect.deleteProperty(options, "variate");
      if (estimator === "exact") Reflect.deleteProperty(options, "samples");
      const logits = "arrays" in structure ? [np.zeros([3, 3]), np.zeros([3, 3])] : np.zeros([3, 3]);
      const cost = (value: np.Array) => value.sum(Array.from({ length: value.ndim - 1 }, (_, axis) => axis + 1));
      try {
        expectation(structure as typeof bernoulli, random.key(0), logits as np.Array, cost, options as never).dispose();
      } catch (error) {
        return !/needs a structure|choices alone/.test(String(error));
      }
      return true;
    };
    const claimed = lines.filter((cells) => cells[column] === "✓").map(estimatorOf);
    expect(claimed).toEqual(lines.map(estimatorOf).filter(has));
  });

  test("says which differentiate the cost", () => {
    const contestants = structureNames.flatMap((name) => contestantsOf(name, { values: 6, temperature: 1, n: 8 }));
    for (const { options, needsDerivative } of contestants) {
      const line = lines.find((cells) => estimatorOf(cells) === options.estimator)!;
      expect(line.at(-1), options.estimator).toBe(needsDerivative ? "yes" : "no");
    }
  });
});
