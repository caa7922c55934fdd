/**
 * Learning to sort: method.ts is what the paper says, judge.ts what is measured, show.ts what is shown.
 *
 * @module
 */

import { defineExperiment, trainedByLoop } from "../experiment.ts";
import { columns, evaluate, headlines, measureEpoch, objectives } from "./judge.ts";
import { type Config, NAME, presets, type State, schema, scopes, trainingOf } from "./method.ts";
import { charts, pictures } from "./show.ts";

export const sorting = defineExperiment({
  name: NAME,
  title: "Sorting",
  summary: "A network that learns to sort numbers, trained through relaxed permutations.",
  references: [
    {
      text: "Mena, Belanger, Linderman, Snoek: Learning Latent Permutations with Gumbel-Sinkhorn Networks, 2018",
      url: "https://arxiv.org/abs/1802.08665",
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
