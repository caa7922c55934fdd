// Sinkhorn's iterations: rows and columns of a matrix are scaled until all of them sum to 1.
import { numpy as np } from "@jax-js/jax";
import { permutation } from "softdraw";

const logits = np.array([
  [2, 0, 0],
  [1, 1.5, 0],
  [0, 0, -1],
]);

for (const temperature of [1, 0.3, 0.1]) {
  const plan = permutation.sinkhorn(logits.ref, { temperature, iterations: 50 });
  console.log(`temperature ${temperature}: off by`, permutation.residual(plan.ref), plan);
}

console.log("the best matching", await permutation.mode(logits));
