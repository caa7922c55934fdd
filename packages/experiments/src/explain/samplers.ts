/** The samplers by name. Nothing here brings the engine, which a list of options has no need of. */

/**
 * How the k features are drawn while training:
 * - `concrete-max`: the maximum over k independent Gumbel-softmax draws, the paper's; two draws may take the same feature;
 * - `successive`, `threshold`: the relaxations of the library's subset, k features without replacement.
 */
export const samplers = ["concrete-max", "successive", "threshold"] as const;
export type Sampler = (typeof samplers)[number];
