/** The jigsaw as the lab trains it, at the tutorial's settings. */

import { installThreads } from "../../../lab/src/engine/threads.ts";
import { readOptions, serveExperiment } from "./serve.ts";

const { threads } = readOptions<{ threads: number }>();
installThreads(threads);
// Imported late: the engine looks for threads when it is.
const { jigsaw } = await import("../../../lab/src/experiments/jigsaw.ts");

await serveExperiment(jigsaw);
