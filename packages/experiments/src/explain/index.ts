/**
 * Learning to explain: which of its inputs does a model need? Several tasks, an experiment each, on one model of
 * explainer, subset and classifier: model.ts.
 */

import type { Experiment } from "../experiment.ts";
import { experimentOfTasks } from "../tasks.ts";
import { digits } from "./digits/index.ts";
import { sequences } from "./sequences/index.ts";
import { additive, orangeSkin, switching, xor } from "./synthetic/index.ts";

export const explain: Experiment = experimentOfTasks(
  {
    title: "Explanations",
    summary: "Learns which few inputs a model needs: of sequences, of ten features, of digits.",
    task: "what is explained",
  },
  { sequences, xor, "orange-skin": orangeSkin, additive, switch: switching, digits },
);
