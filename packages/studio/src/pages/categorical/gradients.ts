import { grad, jit, numpy as np } from "@jax-js/jax";
import { categorical, straightThrough } from "softdraw";

/** The squared distance of the chosen value from the target, a number a row of choices. */
const loss = (choice: np.Array, values: np.Array, target: np.Array) =>
  np.square(choice.mul(values).sum(-1).sub(target));

/** The gradient of the expected loss: n choices are few enough to weigh each with its probability. */
export const exactGradient = jit((logits: np.Array, values: np.Array, target: np.Array) => {
  const losses = loss(np.eye(logits.shape[0]!), values, target);
  return grad((l: np.Array) => categorical.softMode(l).mul(losses).sum())(logits);
});

/** The gradients of the relaxed loss, one a draw. */
export const relaxedGradients = jit(
  (noise: np.Array, logits: np.Array, values: np.Array, target: np.Array, temperature: np.Array) =>
    grad((l: np.Array) => loss(categorical.softMode(l.add(noise), { temperature }), values, target).sum())(
      np.broadcastTo(logits, noise.shape),
    ),
);

/** The gradients of the loss of the exact choices, with the derivative of the relaxed ones. */
export const straightThroughGradients = jit(
  (noise: np.Array, logits: np.Array, values: np.Array, target: np.Array, temperature: np.Array) =>
    grad((l: np.Array) => {
      const perturbed = l.add(noise);
      const soft = categorical.softMode(perturbed.ref, { temperature });
      return loss(straightThrough(soft, categorical.mode(perturbed)), values, target).sum();
    })(np.broadcastTo(logits, noise.shape)),
);
