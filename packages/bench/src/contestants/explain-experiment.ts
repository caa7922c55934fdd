/** Explained sequences as the lab trains them, at the settings of a preset or at the defaults. */

import { installThreads } from "@softdraw/threads";
import { readOptions, serveExperiment } from "./serve.ts";

const { threads, preset } = readOptions<{ threads: number; preset?: string }>();
installThreads(threads);
// Imported late: the engine looks for threads when it is.
const { sequences } = await import("@softdraw/experiments/explain/sequences/index");

await serveExperiment(sequences, preset === undefined ? {} : sequences.presets[preset]!.values);
