/** The words of the subject, each explained once, for every page. In plain words first. */

export const glossary = {
  choice: {
    title: "choice",
    text: "One thing taken out of several: a class, a subset, an order, a tree. It is taken or not; there is nothing between.",
  },
  gradient: {
    title: "gradient",
    text: "The slopes of a quantity by all its inputs at once. Learning moves every input a little way down its slope.",
  },
  loss: {
    title: "loss",
    text: "What a choice costs: a number that is to become small.",
  },
  logit: {
    title: "logit",
    text: "A score, any number. One more in a logit makes its class e = 2.72 times as likely beside the others.",
  },
  softmax: {
    title: "softmax",
    text: "Turns scores into shares that sum to 1: e to the power of each score, divided by the sum of all of them.",
  },
  law: {
    title: "law",
    text: "Which outcome comes with which probability; also called the distribution.",
  },
  draw: {
    title: "draw",
    text: "One outcome taken by chance, each with its own probability; also called a sample.",
  },
  gumbel: {
    title: "Gumbel noise",
    text: "Random numbers with the law P(G ≤ x) = exp(−exp(−x)): 0.58 on average, two thirds between −0.6 and 1.8, now and then large. Its gift: added to logits, the largest sum is each class with exactly the probability that softmax says.",
  },
  key: {
    title: "key",
    text: "A logit with its noise added. The largest keys are what is drawn.",
  },
  relaxed: {
    title: "relaxed",
    text: "Softened: the same draw with the jump replaced by a slope, so that it has a gradient. A mixture of choices in place of one.",
  },
  temperature: {
    title: "temperature",
    text: "How soft a relaxed draw is. Scores are divided by it before the softmax: near 0 one choice takes nearly everything, at 10 all have nearly the same share.",
  },
  "straight-through": {
    title: "straight-through",
    text: "The exact choice is passed forward, so the rest of the model never sees a mixture; the gradient on the way back is that of the relaxed draw.",
  },
  estimator: {
    title: "estimator",
    text: "A recipe that gets a gradient out of a few draws. It is judged by its bias and by its spread.",
  },
  bias: {
    title: "bias",
    text: "How far the mean of many estimates is from the truth. More draws do not cure it.",
  },
  deviation: {
    title: "standard deviation",
    text: "How widely estimates spread around their mean. The mean of 100 draws spreads a tenth as much.",
  },
  subset: {
    title: "subset",
    text: "k of n things, such as 2 of 4: which ones they are, not in which order.",
  },
  permutation: {
    title: "permutation",
    text: "An order of n things: which thing goes to which place. As a matrix it has a single 1 in every row and column.",
  },
  plan: {
    title: "plan",
    text: "A softened permutation: a square of shares whose rows and columns each sum to 1. Also called a doubly stochastic matrix.",
  },
  sinkhorn: {
    title: "Sinkhorn’s iterations",
    text: "Divide every row by its sum, then every column by its sum, and so on, until all sums are 1.",
  },
  gibbs: {
    title: "Gibbs law",
    text: "Every outcome has a probability in proportion to e to the power of its whole score.",
  },
  "spanning-tree": {
    title: "spanning tree",
    text: "Just enough edges to join all vertices of a graph: one fewer than there are vertices, and no circle.",
  },
  marginal: {
    title: "marginal",
    text: "The probability of one part by itself, whatever the rest is: of an edge to be in the tree, of an item to be in the subset.",
  },
  "plackett-luce": {
    title: "Plackett–Luce law",
    text: "Things are drawn one after the other without putting back, each with a chance in proportion to its weight among those left.",
  },
  hull: {
    title: "hull",
    text: "All mixtures of exact choices. What lies outside stands for no average of choices.",
  },
  "chi-square": {
    title: "chi-square test",
    text: "Measures how far counts are from what a law expects. p is how often an exact sampler would fit no better: very small values speak against it.",
  },
  "total-variation": {
    title: "total variation",
    text: "Half the sum of all differences between two lists of shares: 0 for equal ones, 1 for lists with nothing in common.",
  },
} as const;

export type Word = keyof typeof glossary;
