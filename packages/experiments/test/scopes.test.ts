/** Options that would be forgotten, of every experiment. */

import { expect, test } from "vitest";
import { experiments } from "../src/all.ts";
import { experimentFor } from "../src/experiment.ts";
import { checkScopes } from "../src/training/scopes.ts";

/** A call that gives these values, each of them one in each combination. */
function checked(name: string, ...combinations: readonly object[]): () => void {
  const family = experiments.find((experiment) => experiment.name === name)!;
  const configs = combinations.map((values) => family.schema.parse(values));
  return () => checkScopes(experimentFor(family, configs[0]!), configs, Object.keys(combinations[0]!));
}

test.each([
  ["vae", { gap: 2 }, "gap is an option of the estimator gapped-straight-through: leave it out beside relaxed, got 2."],
  ["vae", { gap: 1 }, "gap is an option of the estimator gapped-straight-through: leave it out beside relaxed, got 1."],
  ["vae", { conditionalSamples: 5 }, "conditionalSamples is an option of the estimator gumbel-rao"],
  ["vae", { imleStep: 2 }, "imleStep is an option of the estimator imle"],
  [
    "vae",
    { latent: "conditional-bernoulli", estimator: "simple", baseline: "greedy" },
    "baseline is an option of the estimator score-function or perturbed: leave it out beside simple, got greedy.",
  ],
  [
    "vae",
    { estimator: "imle", temperature: 0.3 },
    "temperature is an option of the estimator relaxed, straight-through",
  ],
  [
    "vae",
    { k: 4 },
    "k is an option of the latent subset or conditional-bernoulli: leave it out beside categorical, got 4",
  ],
  [
    "vae",
    { latent: "bernoulli", classes: 5 },
    "classes is an option of the latent categorical, subset or conditional-",
  ],
  ["dknn", { sampler: "neuralsort", relaxation: "successive" }, "relaxation is an option of the sampler subset"],
  [
    "dknn",
    { shift: 0, wholePixels: true },
    "wholePixels is an option of a shift above 0: leave it out beside 0, got true.",
  ],
  ["jigsaw", { temperatureEnd: 0.2 }, "temperatureEnd is an option of the schedule exponential, linear or cosine"],
  ["sort", { sigmoid: "cauchy" }, "sigmoid is an option of the relaxation network"],
  [
    "rank",
    { iterations: 5 },
    "iterations is an option of the relaxation gumbel-sinkhorn or sinkhorn: leave it out beside",
  ],
  ["explain", { task: "xor", temperatureRate: 1e-3 }, "temperatureRate is an option of the schedule exponential"],
  ["graphs", { estimator: "simple", temperature: 0.7 }, "temperature is an option of the estimator relaxed, straight-"],
  ["graphs", { graph: "true", estimator: "simple" }, "estimator is an option of the graph inferred or tree"],
  ["graphs", { graph: "none", normalization: false }, "normalization is an option of the graph inferred or tree"],
])("%s %j", (name, values, message) => {
  expect(checked(name, values)).toThrow(message);
});

test("what says something in one of many combinations is taken", () => {
  checked("vae", { estimator: "relaxed", gap: 2 }, { estimator: "gapped-straight-through", gap: 2 })();
  expect(checked("vae", { gap: 2 }, { gap: 2, estimator: "reinmax" })).toThrow("beside relaxed, got 2.");
});
