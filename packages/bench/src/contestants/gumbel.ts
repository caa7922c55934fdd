/** Gumbel noise: the library's or the engine's own. */

import { blockUntilReady, random } from "@jax-js/jax";
import { streamKey } from "@softdraw/experiments/nn/keys";
import { noise } from "softdraw";
import { readOptions, serveCall } from "./serve.ts";

const { source, draws } = readOptions<{ source: "softdraw" | "engine"; draws: number }>();
const gumbel = source === "softdraw" ? noise.gumbel : random.gumbel;
let calls = 0;

await serveCall(async () => {
  const drawn = await blockUntilReady(gumbel(streamKey(calls++, 0), [draws]));
  drawn.dispose();
});
