/** Neural relational inference as the lab trains it, at the published settings but for the number of simulations. */

import { installThreads } from "@softdraw/threads";
import { readOptions, serveExperiment } from "./serve.ts";

const { threads } = readOptions<{ threads: number }>();
installThreads(threads);
// Imported late: the engine looks for threads when it is.
const { graphs } = await import("@softdraw/experiments/graphs/index");

/** Twenty steps between two epochs' ends, which are not measured. */
await serveExperiment(graphs, { ...graphs.presets.tutorial!.values, simulations: 2560 });
