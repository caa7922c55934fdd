// @ts-check
// As src/sweeps/pool-worker.js, of the toy only.
import { fileURLToPath } from "node:url";
import { register } from "tsx/esm/api";

register({ tsconfig: fileURLToPath(new URL("../../../../tsconfig.json", import.meta.url)) });
const { answer } = await import("../../src/sweeps/pool-worker.ts");
const { toy } = await import("./toy.ts");

export default answer([toy]);
