/** Learning to sort pictures of numbers: method.ts is what the papers say, judge.ts what is measured, show.ts what is shown. */

import { defineExperiment, trainedByLoop } from "../experiment.ts";
import { columns, evaluate, headlines, measureEpoch, objectives } from "./judge.ts";
import { type Config, NAME, presets, type State, schema, scopes, trainingOf } from "./method.ts";
import { charts, pictures } from "./show.ts";

export const pictureRanking = defineExperiment({
  name: NAME,
  title: "Sorting pictures of numbers",
  summary: "A network that learns to sort pictures of numbers from their order alone, trained through relaxed orders.",
  references: [
    {
      text: "Grover, Wang, Zweig, Ermon: Stochastic Optimization of Sorting Networks via Continuous Relaxations, 2019",
      url: "https://arxiv.org/abs/1903.08850",
    },
    {
      text: "Petersen, Borgelt, Kuehne, Deussen: Monotonic Differentiable Sorting Networks, 2022",
      url: "https://arxiv.org/abs/2203.09630",
    },
  ],
  schema,
  presets,
  scopes,
  columns,
  headlines,
  objectives,
  ...trainedByLoop(columns, (config: Config, context) => ({
    ...trainingOf(config, context),
    measure: (state: State, end) => measureEpoch(config, context.data.test, state, end),
  })),
  charts,
  pictures,
  evaluate,
});
