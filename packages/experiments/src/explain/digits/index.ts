/** Explained digits: method.ts is what the paper says, judge.ts what is measured, show.ts what is shown. */

import { defineExperiment } from "../../experiment.ts";
import { temperatureScopes } from "../../training/options.ts";
import { NAME, REFERENCES } from "../options.ts";
import { columns, evaluate, headlines, measureClassifierEpoch, measureExplainerEpoch, objectives } from "./judge.ts";
import { check, run, schema, threesAndEights } from "./method.ts";
import { charts, pictures } from "./show.ts";

export const digits = defineExperiment({
  name: NAME,
  title: "Explained digits",
  summary: "A network that chooses the 4 of 49 patches by which a classifier tells threes from eights.",
  references: REFERENCES,
  schema,
  presets: {},
  scopes: temperatureScopes,
  columns,
  headlines,
  objectives,
  check,
  run(config, context) {
    const test = threesAndEights(context.data.test);
    return run(config, context, {
      classifier: (state, end) => measureClassifierEpoch(state, test, end),
      explainer: (state, end) => measureExplainerEpoch(config, state, test, end),
    });
  },
  charts,
  pictures,
  evaluate,
});
