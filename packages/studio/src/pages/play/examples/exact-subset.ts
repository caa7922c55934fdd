// Exactly two of five, in proportion to the products of their weights.
import { grad, numpy as np, random } from "@jax-js/jax";
import { conditionalBernoulli } from "softdraw";

const logits = np.array([1, 0.5, 0, -0.5, -1]);

const draws = conditionalBernoulli.sample(random.key(0), np.broadcastTo(logits.ref, [6, 5]), 2);
console.log("six draws", draws);

// How probable each entry is, without a draw; and how that of the last one follows the logits.
console.log("marginals", conditionalBernoulli.marginals(logits.ref, 2));
const last = (l: np.Array) => conditionalBernoulli.marginals(l, 2).slice(4);
console.log("slopes of the last one", grad(last)(logits.ref));

const sets = conditionalBernoulli.support(logits.ref, 2);
const law = np.exp(conditionalBernoulli.logProb(sets.ref, np.broadcastTo(logits.ref, [10, 5]), 2));
console.log("all ten sets", sets, "and their probabilities", law);
