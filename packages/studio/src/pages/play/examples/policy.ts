// A policy that learns which of four actions pays most, from actions that it draws.
import { jit, nn, numpy as np, random, valueAndGrad } from "@jax-js/jax";
import { categorical, expectation } from "softdraw";

// One row for each axis of what is drawn: the cost of an action is less what it pays.
const cost = (action: np.Array) => np.dot(action, np.array([-1, -2, -5, -3]));
const options = { estimator: "score-function", samples: 8, baseline: "leave-one-out" } as const;

const step = jit((logits: np.Array, key: np.Array) => {
  const loss = (l: np.Array) => expectation(categorical, key, l, cost, options);
  const [expected, slopes] = valueAndGrad(loss)(logits.ref);
  return { expected, logits: logits.sub(slopes.mul(0.1)) };
});

let logits = np.zeros([4]);
for (let i = 1; i <= 100; i++) {
  const taken = step(logits, random.key(i));
  logits = taken.logits;
  const expected = await taken.expected.jsAsync();
  if (i % 20 === 0) console.log(`step ${i}: it pays ${(-expected).toFixed(2)}`);
}
console.log("the policy", nn.softmax(logits));
