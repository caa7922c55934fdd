// @ts-check
// As the lab's pool worker, of the toy only.
import { registerSources } from "@softdraw/lab/sources.js";

registerSources();
const { answer } = await import("@softdraw/lab/sweeps/pool-worker");
const { toy } = await import("./toy.ts");

export default answer([toy]);
