/** Which stream of a seed's randomness is for what. */

/**
 * The first stream of each purpose; the number that is added to it, an epoch or the first example of a block, stays below
 * the next. Stream 0 belongs to the state: it initializes the model, and its key goes on from step to step.
 *
 * What an epoch draws comes from the epoch's streams, so that it is the same whether training began there or came there.
 */
export const streams = {
  /** The order of an epoch's examples. */
  order: 0,
  /** A second order beside it: of the candidates of queries, or of the pieces of pictures. */
  secondOrder: 2 ** 28,
  /** How the images of an epoch are distorted. */
  distortions: 2 ** 29,
  /** How particles of simulations begin, and which of them act on each other. */
  simulations: 2 ** 29 + 2 ** 28,
  /** The pixels of data sets that are drawn once, which do not depend on a training's seed. */
  binarizing: 2 ** 30,
  /** The order and the splits of one's own data, which do not depend on a training's seed. */
  splitting: 2 ** 30 + 2 ** 29 + 2 ** 28,
  /** All noise of measuring: the same after every epoch, and none that training sees. */
  measuring: 2 ** 31,
} as const;
