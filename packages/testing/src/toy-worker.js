// @ts-check
// As the lab's pool process, of the toy only.
import { registerSources } from "@softdraw/lab/sources.js";

await registerSources();
const { answer } = await import("@softdraw/lab/sweeps/pool-worker");
const { toy } = await import("./toy.ts");

export default answer([toy]);
