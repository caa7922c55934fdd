export type Matrix = readonly (readonly number[])[];

/** The plans at first, after the rows are normalized, after the columns, after the rows again, and so on. */
export function sinkhornSteps(logits: Matrix, temperature: number, steps: number): number[][][] {
  const largest = Math.max(...logits.flat());
  // Logarithms, so that no temperature is too low. The largest entry begins at 1: a constant changes no plan.
  let logPlan = logits.map((row) => row.map((logit) => (logit - largest) / temperature));
  const plans = [logPlan];
  for (let step = 0; step < steps; step++) {
    logPlan = step % 2 === 0 ? normalizeRows(logPlan) : transposed(normalizeRows(transposed(logPlan)));
    plans.push(logPlan);
  }
  return plans.map((plan) => plan.map((row) => row.map(Math.exp)));
}

/** Every row divided by its sum. */
function normalizeRows(logPlan: Matrix): number[][] {
  return logPlan.map((row) => row.map((entry) => entry - logSumExp(row)));
}

function logSumExp(row: readonly number[]): number {
  const largest = Math.max(...row);
  return largest + Math.log(row.reduce((sum, entry) => sum + Math.exp(entry - largest), 0));
}

export function transposed(matrix: Matrix): number[][] {
  return matrix[0]!.map((_, column) => matrix.map((row) => row[column]!));
}
