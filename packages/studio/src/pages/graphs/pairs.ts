/** Pairs of particles, as a model tells of them: by their receivers, and for each by their senders. */

/** The letter of a particle. */
export function particleName(particle: number): string {
  return "ABCDEFGHIJ"[particle]!;
}

export interface Pair {
  readonly receiver: number;
  readonly sender: number;
}

/** Ordered pairs, in the order of a model's answers. */
export function orderedPairs(particles: number): Pair[] {
  return Array.from({ length: particles }, (_, receiver) =>
    Array.from({ length: particles }, (_, sender) => ({ receiver, sender })).filter(
      ({ sender }) => sender !== receiver,
    ),
  ).flat();
}

/** Each two particles once, the first by its letter first. */
export function unorderedPairs(particles: number): Pair[] {
  return orderedPairs(particles).filter(({ receiver, sender }) => receiver < sender);
}

/** Numbers of ordered pairs as a matrix, a row a receiver; NaN on the diagonal. */
export function matrixOf(values: ArrayLike<number>, particles: number): number[][] {
  const matrix = Array.from({ length: particles }, () => new Array<number>(particles).fill(Number.NaN));
  orderedPairs(particles).forEach(({ receiver, sender }, i) => {
    matrix[receiver]![sender] = values[i]!;
  });
  return matrix;
}

/** Of each two particles, the mean of both directions, in the order of `unorderedPairs`. */
export function meansOfPairs(values: ArrayLike<number>, particles: number): number[] {
  const matrix = matrixOf(values, particles);
  return unorderedPairs(particles).map(
    ({ receiver, sender }) => (matrix[receiver]![sender]! + matrix[sender]![receiver]!) / 2,
  );
}

/** How many ordered pairs are told right: where a spring is, a probability above one half. */
export function rightPairs(probabilities: ArrayLike<number>, springs: readonly boolean[], particles: number): number {
  const isRight = orderedPairs(particles).filter(
    ({ receiver, sender }, i) => probabilities[i]! > 0.5 === springs[receiver * particles + sender],
  );
  return isRight.length;
}
