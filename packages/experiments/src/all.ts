/** The experiments by name, in the order in which they are listed. */

import { categoricalVae } from "./categorical-vae/index.ts";
import type { Experiment } from "./experiment.ts";
import { explain } from "./explain/index.ts";
import { graphs } from "./graphs/index.ts";
import { jigsaw } from "./jigsaw/index.ts";
import { nearestNeighbourClassifier } from "./nearest-neighbours/index.ts";
import { pictureRanking } from "./ranking/index.ts";
import { sorting } from "./sorting/index.ts";

export const experiments: readonly Experiment[] = [
  categoricalVae,
  nearestNeighbourClassifier,
  jigsaw,
  sorting,
  pictureRanking,
  explain,
  graphs,
];
