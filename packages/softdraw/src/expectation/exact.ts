import { jit, numpy as np } from "@jax-js/jax";
import { checkCount } from "../checks.ts";
import { keepNaN } from "../lawful.ts";
import { LOWEST } from "../numerics.ts";
import { MOST_VALUES } from "../support.ts";
import { costsOf, sumFrom } from "./costs.ts";
import type { ExactOptions } from "./options.ts";
import type { Task } from "./task.ts";

/** The exact expectation: the sum of all values' costs, each times its probability. */
export function exactExpectation(task: Task<ExactOptions>): np.Array {
  const { where, structure, key, logits, options } = task;
  const { batchAxes = 0 } = options;
  checkCount(where, "batchAxes", batchAxes, 0);
  key.dispose();
  const support = structure.support!(logits.ref);
  const batch = logits.shape.slice(0, logits.ndim - (structure.eventAxes ?? support.ndim - 1));
  if (batchAxes > batch.length) {
    throw new RangeError(
      `${where}: batchAxes must be at most ${batch.length}, the batch axes of logits [${logits.shape}], got ${batchAxes}.`,
    );
  }
  const values = jointValues(where, support, batch, batchAxes);
  const costs = costsOf(task, values.ref);
  if (costs.ndim - 1 !== batchAxes) {
    throw new RangeError(
      `${where}: batchAxes is ${batchAxes}, and cost keeps ${costs.ndim - 1} batch axes. "exact" has to be told before it enumerates.`,
    );
  }
  const logProb = sumFrom(costs.ndim, structure.logProb!(values, logits));
  return meanKernel(costs, logProb);
}

const meanKernel = jit(function mean(costs: np.Array, logProb: np.Array) {
  const isPossible = logProb.ref.greater(LOWEST);
  const weight = keepNaN(logProb.ref, np.where(isPossible.ref, np.exp(logProb), 0));
  return np.where(isPossible, costs, 0).mul(weight).sum(0);
});

/**
 * All values of the choices along the batch axes that are not kept, together, `[values, ...batch, ...event]`; along
 * the kept ones all are the same.
 */
function jointValues(where: string, support: np.Array, batch: number[], batchAxes: number): np.Array {
  const [count = 0, ...event] = support.shape;
  const joined = batch.slice(batchAxes).reduce((a, b) => a * b, 1);
  const total = count ** joined;
  if (total > MOST_VALUES) {
    throw new RangeError(
      `${where}: "exact" enumerates at most ${MOST_VALUES} values, and ${joined} choices of ${count} together have ` +
        `${total > Number.MAX_SAFE_INTEGER ? `${count}^${joined}` : total}. Tell it by batchAxes which choices the cost keeps apart.`,
    );
  }
  const digits = Int32Array.from(
    { length: total * joined },
    (_, i) => Math.floor(Math.floor(i / joined) / count ** (i % joined)) % count,
  );
  const values = np
    .take(support, np.array(digits), 0)
    .reshape([total, ...batch.slice(0, batchAxes).map(() => 1), ...batch.slice(batchAxes), ...event]);
  return np.broadcastTo(values, [total, ...batch, ...event]);
}
