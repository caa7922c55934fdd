/** Neural relational inference: method.ts is what the paper says, judge.ts what is measured, show.ts what is shown. */

import { defineExperiment, trainedByLoop } from "../experiment.ts";
import { columns, evaluate, headlines, measureEpoch, objectives } from "./judge.ts";
import { type Config, NAME, presets, type State, schema, scopes, trainingOf } from "./method.ts";
import { charts, pictures } from "./show.ts";

export const graphs = defineExperiment({
  name: NAME,
  title: "Graphs",
  summary: "A network that tells from the paths of particles which of them act on each other, through a relaxed graph.",
  references: [
    {
      text: "Kipf, Fetaya, Wang, Welling, Zemel: Neural Relational Inference for Interacting Systems, 2018",
      url: "https://arxiv.org/abs/1802.04687",
    },
    {
      text: "Paulus, Choi, Tarlow, Krause, Maddison: Gradient Estimation with Stochastic Softmax Tricks, 2020",
      url: "https://arxiv.org/abs/2006.08063",
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
    measure: (state: State, end) => measureEpoch(config, state, end),
  })),
  charts,
  pictures,
  evaluate,
});
