import { numpy as np } from "@jax-js/jax";
import { bernoulli, type Stretch } from "softdraw";
import { inside, key, logits, oneHot, scalar } from "../arguments.ts";
import type { Description, Instance } from "../structures.ts";

const STRETCH: Stretch = [-0.1, 1.1];

const yesOrNo: Omit<Instance, "name" | "verbs"> = {
  event: [1],
  differentiable: {},
  differentiableIfPossible: {},
  impossible: { entries: [0], share: ([x]) => x! },
  hopeless: [],
  absolute: true,
  isVertex: ([x]) => x === 0 || x === 1,
  isInPolytope: ([x]) => x! >= 0 && x! <= 1,
  law: ([l]) => [
    { vertex: [0], probability: 1 / (1 + Math.exp(l!)) },
    { vertex: [1], probability: 1 / (1 + Math.exp(-l!)) },
  ],
};

export const description: Description = {
  columns: { bernoulli: { shape: "[...]", verbs: bernoulli } },
  instances: [
    {
      name: "bernoulli",
      ...yesOrNo,
      verbs: bernoulli,
      differentiable: {
        entropy: bernoulli.entropy,
        kl: bernoulli.kl,
      },
      differentiableIfPossible: {
        "kl to a prior": (l) => bernoulli.kl(l, np.array(0.75)),
        logProb: (l) => bernoulli.logProb(np.array([1]), l),
        relaxedLogProb: (l) => bernoulli.relaxedLogProb(np.array([0.25]), l, { temperature: 0.5 }),
      },
    },
    {
      ...yesOrNo,
      name: "bernoulli, stretched",
      another: true,
      verbs: {
        ...bernoulli,
        relax: (key, l, options) => bernoulli.relax(key, l, { ...options, stretch: STRETCH }),
        relaxGiven: (key, value, l, options) => bernoulli.relaxGiven(key, value, l, { ...options, stretch: STRETCH }),
        softMode: (l, options) => bernoulli.softMode(l, { ...options, stretch: STRETCH }),
      },
      differentiable: { openProbability: bernoulli.openProbability },
    },
  ],
  calls: [
    { name: "bernoulli.entropy", arrays: () => [logits()], call: (l) => bernoulli.entropy(l!) },
    {
      name: "bernoulli.fromProbabilities",
      arrays: () => [inside()],
      call: (p) => bernoulli.fromProbabilities(p!),
    },
    { name: "bernoulli.kl", arrays: () => [logits()], call: (l) => bernoulli.kl(l!) },
    { name: "bernoulli.kl to a prior", arrays: () => [logits(), logits()], call: (l, q) => bernoulli.kl(l!, q!) },
    { name: "bernoulli.logProb", arrays: () => [oneHot(), logits()], call: (x, l) => bernoulli.logProb(x!, l!) },
    { name: "bernoulli.marginals", arrays: () => [logits()], call: (l) => bernoulli.marginals(l!) },
    { name: "bernoulli.mode", arrays: () => [logits()], call: (l) => bernoulli.mode(l!) },
    {
      name: "bernoulli.openProbability",
      arrays: () => [logits(), scalar()],
      call: (l, temperature) => bernoulli.openProbability(l!, { temperature }),
    },
    {
      name: "bernoulli.perturbGiven",
      arrays: () => [key(), oneHot(), logits()],
      call: (k, x, l) => bernoulli.perturbGiven(k!, x!, l!),
    },
    {
      name: "bernoulli.relax stretched",
      arrays: () => [key(), logits(), scalar()],
      call: (k, l, temperature) => bernoulli.relax(k!, l!, { temperature, stretch: STRETCH }),
    },
    {
      name: "bernoulli.relax",
      arrays: () => [key(), logits(), scalar()],
      call: (k, l, temperature) => bernoulli.relax(k!, l!, { temperature }),
    },
    {
      name: "bernoulli.relax at a number",
      arrays: () => [key(), logits()],
      call: (k, l) => bernoulli.relax(k!, l!, { temperature: 0.5 }),
    },
    {
      name: "bernoulli.relax hard",
      arrays: () => [key(), logits(), scalar()],
      call: (k, l, temperature) => bernoulli.relax(k!, l!, { temperature, hard: true }),
    },
    {
      name: "bernoulli.relaxGiven",
      arrays: () => [key(), oneHot(), logits(), scalar()],
      call: (k, x, l, temperature) => bernoulli.relaxGiven(k!, x!, l!, { temperature }),
    },
    {
      name: "bernoulli.relaxedLogProb",
      arrays: () => [inside(), logits(), scalar()],
      call: (x, l, temperature) => bernoulli.relaxedLogProb(x!, l!, { temperature }),
    },
    { name: "bernoulli.sample", arrays: () => [key(), logits()], call: (k, l) => bernoulli.sample(k!, l!) },
    {
      name: "bernoulli.softMode",
      arrays: () => [logits(), scalar()],
      call: (l, temperature) => bernoulli.softMode(l!, { temperature }),
    },
    { name: "bernoulli.support", arrays: () => [logits()], call: (l) => bernoulli.support(l!) },
  ],
};
