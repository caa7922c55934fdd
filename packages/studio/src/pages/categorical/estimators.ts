import { numpy as np } from "@jax-js/jax";
import { compareGradients, type GradientComparison } from "@softdraw/experiments/demos/gradients";
import { categorical } from "softdraw";

export interface EstimatorQuestion {
  readonly logits: readonly number[];
  /** Of the categories. */
  readonly values: readonly number[];
  readonly target: number;
  readonly temperature: number;
  /** Values of the loss that an estimate may take. */
  readonly samples: number;
  readonly draws: number;
  readonly seed: number;
}

/** Every estimator of the library that a categorical choice has, as `softdraw demo gradients` compares them. */
export async function compareEstimators(question: EstimatorQuestion): Promise<GradientComparison[]> {
  const { logits, values, target, temperature, samples, draws, seed } = question;
  const problem = {
    name: "categorical",
    structure: categorical,
    logits,
    /** The squared distance of the chosen value from the target. */
    cost: (choice: np.Array, [v, t]: readonly np.Array[]) => np.square(choice.mul(v!).sum(-1).sub(t!)),
    parameters: () => [np.array([...values]), np.array(target)],
  } as const;
  const comparisons: GradientComparison[] = [];
  for await (const comparison of compareGradients(problem, { budgets: [samples], temperature, draws, seed })) {
    comparisons.push(comparison);
  }
  return comparisons;
}
