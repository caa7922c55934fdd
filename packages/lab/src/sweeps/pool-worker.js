// @ts-check
// A process of the pool: prepares the engine's threads, then trains from the TypeScript sources.
import { fileURLToPath } from "node:url";
import { register } from "tsx/esm/api";

register({ tsconfig: fileURLToPath(new URL("../../../../tsconfig.json", import.meta.url)) });
const { prepareThreads } = await import("../cli/engine.ts");
prepareThreads(process.argv.slice(2));
const { answer } = await import("./pool-worker.ts");
const { experiments } = await import("../experiments/all.ts");

export default answer(experiments);
