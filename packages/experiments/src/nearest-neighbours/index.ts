/** Differentiable nearest neighbours: method.ts is what the papers say, judge.ts what is measured, show.ts what is shown. */

import { defineExperiment, trainedByLoop } from "../experiment.ts";
import { columns, evaluate, headlines, measureEpoch, objectives } from "./judge.ts";
import { type Config, checkChoice, NAME, presets, type State, schema, scopes, trainingOf } from "./method.ts";
import { charts, pictures } from "./show.ts";

const trained = trainedByLoop(columns, (config: Config, context) => ({
  ...trainingOf(config, context),
  measure: (state: State, end) => measureEpoch(config, context.data, state, end),
}));

export const nearestNeighbourClassifier = defineExperiment({
  name: NAME,
  title: "Differentiable nearest neighbours",
  summary: "A classifier by nearest neighbours that learns its own distance, trained through relaxed subsets.",
  references: [
    {
      text: "Xie, Ermon: Reparameterizable Subset Sampling via Continuous Relaxations, 2019",
      url: "https://arxiv.org/abs/1901.10517",
    },
    {
      text: "Grover, Wang, Zweig, Ermon: Stochastic Optimization of Sorting Networks via Continuous Relaxations, 2019",
      url: "https://arxiv.org/abs/1903.08850",
    },
  ],
  schema,
  presets,
  scopes,
  columns,
  headlines,
  objectives,
  check(config: Config, context) {
    trained.check(config, context);
    checkChoice(config, context);
  },
  run: trained.run,
  charts,
  pictures,
  evaluate,
});
