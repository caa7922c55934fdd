// One class of three, drawn exactly, and the same draw softened.
import { numpy as np, random } from "@jax-js/jax";
import { categorical } from "softdraw";

const logits = np.log(np.array([0.5, 0.3, 0.2]));
const key = random.key(1);

console.log("exact", categorical.sample(key.ref, logits.ref));
for (const temperature of [5, 1, 0.5, 0.1]) {
  console.log("at temperature", temperature, categorical.relax(key.ref, logits.ref, { temperature }));
}

// Of many exact draws, the shares are the probabilities.
const many = categorical.sample(random.key(2), np.broadcastTo(logits.ref, [10_000, 3]));
console.log("shares", many.mean(0));
