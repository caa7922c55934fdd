import { expect, test } from "vitest";
import { experiments } from "../src/all.ts";

const all = experiments.flatMap((experiment) =>
  experiment.tasks === undefined
    ? [[experiment.name, experiment] as const]
    : Object.entries(experiment.tasks).map(([task, own]) => [`${experiment.name} ${task}`, own] as const),
);

test.each(all)("%s is judged by what it reports", (_, { objectives: { discrete, relaxed }, columns }) => {
  const keys = columns.map(({ key }) => key);
  for (const key of [discrete.key, relaxed.key, discrete.meanwhile ?? discrete.key]) expect(keys).toContain(key);
});
