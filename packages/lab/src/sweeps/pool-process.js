// @ts-check
// A process of the pool: prepares the engine's threads, then trains from the TypeScript sources.
import { registerSources } from "../sources.js";

registerSources();
const { prepareThreads } = await import("../training/engine.ts");
prepareThreads(process.argv.slice(2));
const { answer } = await import("./pool-worker.ts");
const { experiments } = await import("@softdraw/experiments/all");

export default answer(experiments);
