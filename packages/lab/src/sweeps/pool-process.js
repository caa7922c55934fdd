// @ts-check
// A process of the pool: prepares the engine's threads, then trains what it is given.
import { registerSources } from "../sources.js";

await registerSources();
const { prepareThreads } = await import("../training/engine.ts");
prepareThreads(process.argv.slice(2));
const { answer } = await import("./pool-worker.ts");
const { experiments } = await import("@softdraw/experiments/all");

export default answer(experiments);
