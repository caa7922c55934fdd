// Which two of eight numbers make the target? Five lines of a loop learn it.
import { jit, numpy as np, random, valueAndGrad } from "@jax-js/jax";
import { splitKey } from "@softdraw/experiments/define";
import { subset } from "softdraw";

const truth = np.array([0, 0, 1, 0, 0, -1, 0, 0]);

const step = jit((scores: np.Array, key: np.Array, truth: np.Array) => {
  const [inputs, noise] = splitKey(key, 2);
  const x = random.normal(inputs, [64, 8]).mul(truth);
  const loss = (s: np.Array) => {
    const seen = subset.relax(noise, np.broadcastTo(s, [64, 8]), 2, { temperature: 0.5 });
    return np.square(seen.mul(x.ref).sum(-1).sub(x.sum(-1))).mean();
  };
  const [error, slopes] = valueAndGrad(loss)(scores.ref);
  return { error, scores: scores.sub(slopes.mul(0.5)) };
});

let scores = np.zeros([8]);
for (let i = 1; i <= 100; i++) {
  const next = step(scores, random.key(i), truth.ref);
  scores = next.scores;
  const error = await next.error.jsAsync();
  if (i % 20 === 0) console.log(`step ${i}: error ${error.toFixed(3)}`);
}
console.log("the scores", scores.ref, "an exact draw", subset.sample(random.key(0), scores, 2));
