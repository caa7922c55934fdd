/** The nearest-neighbour classifier as the lab trains it, at the tutorial's settings. */

import { installThreads } from "@softdraw/threads";
import { readOptions, serveExperiment } from "./serve.ts";

const { threads } = readOptions<{ threads: number }>();
installThreads(threads);
// Imported late: the engine looks for threads when it is.
const { nearestNeighbourClassifier } = await import("@softdraw/experiments/nearest-neighbours/index");

await serveExperiment(nearestNeighbourClassifier);
