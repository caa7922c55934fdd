/** `assignment.maximize` of random weights, or of the products i * j, which take the longest. */

import { numpy as np, random } from "@jax-js/jax";
import { assignment } from "softdraw";
import { readOptions, serveCall } from "./serve.ts";

const { n, products } = readOptions<{ n: number; products: boolean }>();
const i = () => np.arange(n).astype(np.float32);
const weights = products ? np.negative(np.outer(i(), i())) : random.uniform(random.key(0), [n, n]);

await serveCall(async () => {
  (await assignment.maximize(weights.ref)).dispose();
});
