/**
 * What the page shows of an experiment beyond what every experiment says of itself: its code, and the symbols of its
 * formula, which Objective.svelte has. An experiment that is not in this list is trained like the others, without them.
 */

import type { Word } from "../../glossary.ts";

interface Presentation {
  /** The file that says what is minimized and how, and the headings of the sections that are shown of it. */
  readonly source: () => Promise<{ default: string }>;
  readonly sections: readonly string[];
  /** Which field of the configuration sets which symbol of the formula. */
  readonly symbols: Readonly<Record<string, string>>;
  /** Fields of the configuration that most want to set, beside those of every experiment and those of the symbols. */
  readonly basic: readonly string[];
}

const step = ["Objective", "Step"];
const drawn = ["Draw", ...step];

const presentations: Readonly<Record<string, Presentation>> = {
  vae: {
    source: () => import("@softdraw/experiments/categorical-vae/method?raw"),
    sections: step,
    symbols: { temperature: "temperature", classes: "size" },
    basic: ["latent", "estimator", "variables"],
  },
  dknn: {
    source: () => import("@softdraw/experiments/nearest-neighbours/method?raw"),
    sections: drawn,
    symbols: { temperature: "temperature", k: "size" },
    basic: ["sampler"],
  },
  jigsaw: {
    source: () => import("@softdraw/experiments/jigsaw/method?raw"),
    sections: step,
    symbols: { temperature: "temperature", pieces: "size" },
    basic: ["iterations"],
  },
  sort: {
    source: () => import("@softdraw/experiments/sorting/method?raw"),
    sections: step,
    symbols: { temperature: "temperature", n: "size" },
    basic: ["relaxation"],
  },
  rank: {
    source: () => import("@softdraw/experiments/ranking/method?raw"),
    sections: step,
    symbols: { temperature: "temperature", n: "size" },
    basic: ["relaxation"],
  },
  graphs: {
    source: () => import("@softdraw/experiments/graphs/method?raw"),
    sections: step,
    symbols: { temperature: "temperature" },
    basic: ["system", "particles", "graph", "simulations"],
  },
  explain: {
    source: () => import("@softdraw/experiments/explain/model?raw"),
    sections: drawn,
    symbols: { temperature: "temperature", k: "size" },
    basic: ["sampler"],
  },
};

/** The tasks of an experiment share what is shown of it. */
function presentationOf(name: string): Presentation | undefined {
  return presentations[name.split(" ")[0]!];
}

/** What the experiment minimizes, and the step that does, as they run; undefined for an experiment that shows none. */
export async function codeOf(name: string): Promise<string | undefined> {
  const presentation = presentationOf(name);
  if (presentation === undefined) return undefined;
  const { default: source } = await presentation.source();
  return sectionsOf(source, presentation.sections);
}

/** The text below some headings of a source, one after the other. */
export function sectionsOf(source: string, headings: readonly string[]): string {
  return headings.map((heading) => sectionOf(source, heading)).join("\n\n");
}

/** The symbol of the formula that a field sets, if it sets one. */
export function symbolOf(name: string, field: string): string | undefined {
  return presentationOf(name)?.symbols[field];
}

/** Fields that most want to set of an experiment, beside those of every experiment. */
export function basicFieldsOf(name: string): readonly string[] {
  const { basic = [], symbols = {} } = presentationOf(name) ?? {};
  return [...basic, ...Object.keys(symbols)];
}

interface Family<Facts> {
  readonly title: string;
  readonly variants: readonly { readonly label: string; readonly facts: Facts }[];
}

/** What belongs together, by the names of experiments, which have short names beside each other. */
const FAMILIES: readonly { readonly title: string; readonly labels: Readonly<Record<string, string>> }[] = [
  { title: "Codes", labels: { vae: "Categorical VAE" } },
  { title: "Neighbours", labels: { dknn: "Nearest neighbours" } },
  { title: "Jigsaw", labels: { jigsaw: "Jigsaw" } },
  { title: "Sorting", labels: { sort: "numbers", rank: "pictures of numbers" } },
  {
    title: "Explaining",
    labels: {
      "explain digits": "digits",
      "explain sequences": "sequences",
      "explain xor": "XOR",
      "explain orange-skin": "orange skin",
      "explain additive": "nonlinear additive",
      "explain switch": "switch",
    },
  },
  { title: "Graphs", labels: { graphs: "Graphs" } },
];

/** Experiments by families; one of none is a family by itself. */
export function familiesOf<Facts extends { readonly name: string; readonly title: string }>(
  all: readonly Facts[],
): Family<Facts>[] {
  const known = FAMILIES.map(({ title, labels }) => ({
    title,
    variants: Object.entries(labels).flatMap(([name, label]) => {
      const facts = all.find((one) => one.name === name);
      return facts ? [{ label, facts }] : [];
    }),
  })).filter(({ variants }) => variants.length > 0);
  const others = all.filter(({ name }) => !FAMILIES.some(({ labels }) => name in labels));
  return [...known, ...others.map((facts) => ({ title: facts.title, variants: [{ label: facts.title, facts }] }))];
}

/** The text below the heading `name` up to the next one, as it stands in the source. */
function sectionOf(source: string, name: string): string {
  const heading = new RegExp(`^// ${name} -+\\n`, "m").exec(source);
  if (heading === null) throw new Error(`The source has no section "${name}".`);
  const rest = source.slice(heading.index + heading[0].length);
  const end = /^\/\/ [A-Z].* -{10,}$/m.exec(rest)?.index ?? rest.length;
  return rest.slice(0, end).trim();
}

/** Fields whose name the glossary explains. */
const words: Readonly<Record<string, Word>> = {
  temperature: "temperature",
  estimator: "estimator",
  relaxation: "relaxed",
  hard: "straight-through",
  noise: "gumbel",
  loss: "loss",
  iterations: "sinkhorn",
};

export function wordOf(field: string): Word | undefined {
  return words[field];
}
