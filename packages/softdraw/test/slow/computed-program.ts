/** Computes on the device that the first argument names, and prints the results as text, because JSON has no NaN. */

import { installWebgpu } from "@softdraw/threads/webgpu";
import { compute, computeSpoilt } from "../computed.ts";
import { readStructures } from "../structures.ts";

const device = process.argv[2] as "wasm" | "webgpu";
if (device === "webgpu") await installWebgpu();
const structures = await readStructures();
const modules = { jax: await import("@jax-js/jax"), softdraw: await import("softdraw"), structures };
const results = { plain: await compute(modules, device), spoilt: await computeSpoilt(modules, device) };
console.log(JSON.stringify(results, (_, value) => (typeof value === "number" ? String(value) : value)));
