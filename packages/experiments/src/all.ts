/** The experiments by name, in the order in which they are listed. */

import { categoricalVae } from "./categorical-vae/method.ts";
import type { Experiment } from "./experiment.ts";
import { explain } from "./explain/index.ts";
import { jigsaw } from "./jigsaw/method.ts";
import { nearestNeighbourClassifier } from "./nearest-neighbours/method.ts";
import { sorting } from "./sorting/method.ts";

// An experiment reads its own configuration only, so the list may forget which one that is.
export const experiments = [
  categoricalVae,
  nearestNeighbourClassifier,
  jigsaw,
  sorting,
  explain,
] as unknown as readonly Experiment[];
