import { blockUntilReady, grad, jit, numpy as np, random } from "@jax-js/jax";
import { categorical } from "softdraw";

/** A step down the slope of one draw's loss: the exact choice forward, the slope of the softened one back. */
const step = jit((logits: np.Array, key: np.Array, sizes: np.Array, wish: np.Array, temperature: np.Array) => {
  const loss = (l: np.Array) => {
    const cup = categorical.relax(key, l, { temperature, hard: true });
    return np.square(cup.mul(sizes).sum().sub(wish));
  };
  return logits.ref.sub(grad(loss)(logits).mul(0.1));
});

/** Learns which cup to pour; the logits after each step. */
export async function learn(sizes: number[], wish: number, temperature: number, steps: number): Promise<number[][]> {
  let logits = np.zeros([sizes.length]);
  const path: number[][] = [];
  for (let i = 0; i < steps; i++) {
    const next = step(logits, random.key(i), np.array(sizes), np.array(wish), np.array(temperature));
    logits = await blockUntilReady(next);
    path.push((await logits.ref.jsAsync()) as number[]);
  }
  logits.dispose();
  return path;
}
