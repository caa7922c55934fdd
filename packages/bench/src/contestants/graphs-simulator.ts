/** Simulations of five particles on springs, as relational inference is trained on. */

import { simulate } from "@softdraw/experiments/graphs/simulator";
import { readOptions, serveCall } from "./serve.ts";

const { count } = readOptions<{ count: number }>();

await serveCall(() => simulate({ system: "springs", particles: 5, count, frames: 49, seed: 0, part: "train" }));
