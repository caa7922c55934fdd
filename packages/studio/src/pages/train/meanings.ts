/** What the symbols of an experiment's formula stand for, in the order in which Objective.svelte has them. */

import type { Word } from "../../glossary.ts";

interface Meaning {
  readonly symbol: string;
  readonly text: string;
  /** Where the glossary says more. */
  readonly word?: Word;
}

const loss: Meaning = { symbol: "L", text: "the loss", word: "loss" };
const noise: Meaning = { symbol: "G", text: "Gumbel noise", word: "gumbel" };
const temperature: Meaning = { symbol: "τ", text: "the temperature", word: "temperature" };
const divergence: Meaning = { symbol: "KL", text: "how far the first of two laws is from the second, in nats" };
const plan: Meaning = { symbol: "P", text: "the plan, a softened order", word: "plan" };

const meanings: Readonly<Record<string, readonly Meaning[]>> = {
  vae: [
    loss,
    { symbol: "x", text: "a picture" },
    { symbol: "z", text: "its code, one choice for each variable", word: "choice" },
    { symbol: "p(x | z)", text: "how probable the decoder has the picture by the code" },
    { symbol: "q", text: "the law of codes that the encoder tells of the picture", word: "law" },
    { symbol: "p", text: "the law by which all codes are as likely" },
    divergence,
    { symbol: "ℓ", text: "the encoder’s logits", word: "logit" },
    { symbol: "G or L", text: "Gumbel noise, or logistic noise where choices are yes or no", word: "gumbel" },
    temperature,
    { symbol: "K, k", text: "classes, and how many of them a subset takes" },
  ],
  dknn: [
    loss,
    { symbol: "y", text: "how much of each candidate is a neighbour", word: "relaxed" },
    { symbol: "d", text: "the distance of query and candidate" },
    noise,
    temperature,
    { symbol: "k", text: "neighbours" },
  ],
  jigsaw: [
    loss,
    { symbol: "X", text: "the pieces in their order" },
    { symbol: "X̃", text: "the shuffled pieces" },
    plan,
    { symbol: "Sinkhorn", text: "rows and columns divided by their sums, in turn", word: "sinkhorn" },
    { symbol: "S", text: "the network’s scores of each place for each piece" },
    noise,
    temperature,
    { symbol: "n", text: "pieces each way" },
  ],
  sort: [
    loss,
    { symbol: "x", text: "a list of numbers" },
    plan,
    { symbol: "S", text: "the network’s scores" },
    noise,
    temperature,
    { symbol: "n", text: "numbers in the list" },
  ],
  rank: [
    loss,
    { symbol: "Q", text: "the true order, as a matrix of 0 and 1", word: "permutation" },
    plan,
    { symbol: "S", text: "the network’s scores of the pictures" },
    noise,
    temperature,
    { symbol: "n", text: "pictures in the list" },
  ],
  explain: [
    loss,
    { symbol: "x", text: "an example" },
    { symbol: "y", text: "its label" },
    { symbol: "q", text: "how probable the classifier has the label by what it sees" },
    { symbol: "S", text: "how much of each feature it sees, a relaxed subset", word: "relaxed" },
    { symbol: "⊙", text: "feature by feature, times" },
    { symbol: "e(x)", text: "the explainer’s scores of the features", word: "logit" },
    noise,
    temperature,
    { symbol: "k", text: "features that are chosen", word: "subset" },
  ],
  graphs: [
    loss,
    { symbol: "x", text: "a motion" },
    { symbol: "z", text: "the graph: whether one particle of a pair acts on the other", word: "choice" },
    { symbol: "p(x | z)", text: "how probable the decoder has the next frames by the graph" },
    { symbol: "q", text: "what the encoder says of each pair", word: "law" },
    { symbol: "p", text: "the law by which an edge is as likely as none" },
    divergence,
    { symbol: "ℓ(x)", text: "the encoder’s logits", word: "logit" },
    noise,
    temperature,
  ],
};

/** The tasks of an experiment share them; nothing for one that has no formula. */
export function meaningsOf(name: string): readonly Meaning[] {
  return meanings[name.split(" ")[0]!] ?? [];
}
