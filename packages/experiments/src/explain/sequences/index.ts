/** Explained sequences: method.ts is what is trained, judge.ts what is measured, show.ts what is shown. */

import { defineExperiment, trainedByLoop } from "../../experiment.ts";
import { temperatureScopes } from "../../training/options.ts";
import { objectives } from "../judge.ts";
import type { State } from "../model.ts";
import { NAME, REFERENCES } from "../options.ts";
import { columns, evaluate, headlines, measureEpoch } from "./judge.ts";
import { type Config, type Model, presets, schema, trainingOf } from "./method.ts";
import { charts, pictures } from "./show.ts";

export const sequences = defineExperiment({
  name: NAME,
  title: "Explained sequences",
  summary: "A network that chooses the three of nine tokens by which another tells the most frequent one.",
  references: REFERENCES,
  schema,
  presets,
  scopes: temperatureScopes,
  columns,
  headlines,
  objectives,
  ...trainedByLoop(columns, (config: Config, context) => ({
    ...trainingOf(config, context),
    measure: (state: State<Model>, end) => measureEpoch(config, state, end),
  })),
  charts,
  pictures,
  evaluate,
});
