/** Fresh arrays to call verbs with. All hold memory of their own, which shows whether they were consumed. */

import { numpy as np } from "@jax-js/jax";

export const ROWS = 32;
export const COLUMNS = 8;

const rows = (entry: (column: number) => number) =>
  np.array(
    Float32Array.from({ length: ROWS * COLUMNS }, (_, i) => entry(i % COLUMNS)),
    { shape: [ROWS, COLUMNS] },
  );

export const key = () => np.array(new Uint32Array([1, 2]));
export const bits = () => np.array(Uint32Array.from({ length: ROWS }, (_, i) => i));
export const logits = () => rows((column) => column / 4);
export const oneHot = () => rows((column) => (column === 3 ? 1 : 0));
export const twoHot = () => rows((column) => (column < 2 ? 1 : 0));
export const allHot = () => rows(() => 1);
/** Points of the simplex. */
export const inside = () => rows((column) => (column + 1) / 36);
/** Two of each row, in the order drawn. */
export const order = () =>
  np.array(
    Int32Array.from({ length: 2 * ROWS }, (_, i) => i % 2),
    { shape: [ROWS, 2] },
  );
export const squares = () =>
  np.array(
    Float32Array.from({ length: ROWS * COLUMNS }, (_, i) => Math.sin(i)),
    { shape: [16, 4, 4] },
  );
/** What the permutations of `squares` move. */
export const items = () =>
  np.array(
    Float32Array.from({ length: 16 * 4 * 3 }, (_, i) => i),
    { shape: [16, 4, 3] },
  );
/** Two permutations as index vectors. */
export const indices = () => np.array(Int32Array.from([2, 0, 3, 1, 1, 0, 3, 2]), { shape: [2, 4] });
/** The first of two numbers: the engine keeps no memory for an array that is the same number everywhere. */
export const scalar = () => np.array(new Float32Array([0.5, 1])).slice(0);
/** Of each row all columns in their order, as a matrix. */
export const orders = () =>
  np.array(
    Float32Array.from({ length: ROWS * COLUMNS * COLUMNS }, (_, i) =>
      Math.floor(i / COLUMNS) % COLUMNS === i % COLUMNS ? 1 : 0,
    ),
    { shape: [ROWS, COLUMNS, COLUMNS] },
  );
