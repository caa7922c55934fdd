/** What is measured on a graphics card: training steps and operators. Programs of both languages know these kinds. */

export interface Work {
  readonly name: string;
  readonly kind: Kind;
  /** Examples of a step, or the shape of an operator's array. */
  readonly sizes: readonly number[];
  /** Which relaxation or gradient, where there are several. */
  readonly variant?: string;
  /**
   * Milliseconds of a call in a row, at most: set for an NVIDIA H200, where PyTorch's eager steps took half as long as those of the
   * networks and the relaxations, and as long as those of permutations.
   */
  readonly target?: number;
  /** On WebAssembly it would take minutes. */
  readonly cardOnly?: true;
  /** Sizes for a program in a card's place; where there are none, it would take minutes to compile. */
  readonly small?: readonly number[];
}

type Kind =
  | "vae"
  | "dknn"
  | "jigsaw"
  | "sequences"
  | "categorical"
  | "subset"
  | "permutation"
  | "gumbel"
  | "sum"
  | "product";

const works: readonly Work[] = [
  { name: "VAE, batch 100", kind: "vae", sizes: [100], target: 3, small: [8] },
  { name: "VAE, batch 1,000", kind: "vae", sizes: [1000] },
  { name: "VAE, batch 10,000", kind: "vae", sizes: [10_000], target: 8 },
  { name: "nearest neighbours, 100 x 100", kind: "dknn", sizes: [100], target: 9.6 },
  { name: "jigsaw, batch 64", kind: "jigsaw", sizes: [64], target: 19.2 },
  { name: "sequences, batch 128", kind: "sequences", sizes: [128], target: 10.2 },
  {
    ...{ name: "categorical.relax, 10,000 x 1,000", kind: "categorical", target: 0.46 },
    ...{ sizes: [10_000, 1000], small: [4, 20] },
  },
  subset("threshold"),
  { ...subset("successive"), target: 4.6 },
  { ...permutation(64, 16), target: 7.1, small: [2, 4, 4] },
  { ...permutation(10, 100), target: 7.2 },
  { ...permutation(256, 64), target: 8.5 },
  { name: "noise.gumbel, 10^7", kind: "gumbel", sizes: [1e7], target: 0.3, small: [1e4] },
  { name: "the sum of 10^7", kind: "sum", sizes: [1e7], target: 0.2, small: [1e4] },
  { name: "a product, 2,048", kind: "product", sizes: [2048, 2048], small: [16, 16] },
  { name: "a product, 4,096", kind: "product", sizes: [4096, 4096], cardOnly: true },
];

function subset(variant: "threshold" | "successive"): Work {
  return { name: `subset.relax, 10 of 1,000, batch 1,000, ${variant}`, kind: "subset", sizes: [1000, 1000], variant };
}

function permutation(batch: number, n: number): Work {
  const name = `permutation.relax, ${batch} x ${n} x ${n}`;
  return { name, kind: "permutation", sizes: [batch, n, n], variant: "implicit" };
}

/** All works, or those that can be done without a card, in their small sizes. */
export function worksOf({ small }: { readonly small: boolean }): readonly Work[] {
  if (!small) return works;
  return works.flatMap(({ small, target: _, ...work }) =>
    small ? [{ ...work, name: `${work.name}, as ${small.join(" x ")}`, sizes: small }] : [],
  );
}
