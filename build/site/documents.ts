/** Which documents are pages of the site, where, and in what order they are listed. */

import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../", import.meta.url));

/** A page to be: Markdown, and where the links in it start from. */
export interface Source {
  /** Of the page, from the root of the site: `guides/subset.html`. */
  readonly address: string;
  /** From the root of the repository, or of what the reference is made in: relative links start there. */
  readonly path: string;
  readonly text: string;
  readonly kind: "guide" | "reference";
}

/** A list of pages under one title. */
export interface Group {
  readonly title: string;
  readonly pages: readonly { readonly title: string; readonly address: string }[];
}

const GUIDES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Begin: {
    "README.md": "Start",
    "docs/from-gumbel-softmax.md": "From F.gumbel_softmax and friends",
    "docs/which-structure.md": "Which structure, which relaxation?",
    "docs/gradients.md": "Which gradient?",
    "docs/training-loop.md": "A training loop",
    "docs/verbs.md": "Structures and verbs",
    "packages/softdraw/README.md": "The library",
  },
  Structures: {
    "docs/categorical.md": "categorical",
    "docs/bernoulli.md": "bernoulli",
    "docs/subset.md": "subset",
    "docs/conditional-bernoulli.md": "conditionalBernoulli",
    "docs/ranking.md": "ranking",
    "docs/permutation.md": "permutation",
    "docs/transport.md": "transport",
    "docs/trees.md": "spanningTree, arborescence",
    "docs/chains.md": "chain",
  },
  "On your own problem": {
    "docs/your-data.md": "Your own data",
    "docs/select.md": "Choose features of a table",
    "docs/explain-your-model.md": "Explain your model",
    "docs/write-an-experiment.md": "Write an experiment",
    "docs/trained-models.md": "Use a trained model",
    "docs/sweeps.md": "Sweeps",
  },
  Models: {
    "docs/results.md": "What the models reach",
    "docs/categorical-vae.md": "Categorical VAE",
    "docs/nearest-neighbours.md": "Nearest neighbours",
    "docs/jigsaw.md": "Jigsaw",
    "docs/sorting.md": "Sorting",
    "docs/explain.md": "Explanations",
    "docs/graphs.md": "Graphs",
  },
  Tools: {
    "docs/command-line.md": "The command line",
    "docs/studio.md": "The studio",
    "docs/site.md": "The site",
    "packages/threads/README.md": "Threads",
    "docs/engine-webgpu.md": "The engine on WebGPU",
  },
  Background: {
    "docs/performance.md": "Performance",
    "docs/promises.md": "Limits and promises",
    "docs/papers.md": "Papers",
    "docs/decisions.md": "Decisions",
    "CONTRIBUTING.md": "Contributing",
    "CHANGELOG.md": "Changes",
  },
};

export const guideGroups: readonly Group[] = Object.entries(GUIDES).map(([title, pages]) => ({
  title,
  pages: Object.entries(pages).map(([path, title]) => ({ title, address: addressOf(path) })),
}));

/** @throws Error for a guide of `docs` that no list has: nobody would find it */
export function readGuides(): Source[] {
  const paths = Object.values(GUIDES).flatMap((pages) => Object.keys(pages));
  const unlisted = readdirSync(`${root}docs`).filter((name) => !paths.includes(`docs/${name}`));
  if (unlisted.length > 0) throw new Error(`build/site/documents.ts lists no docs/${unlisted.join(", docs/")}.`);
  return paths.map((path) => ({
    address: addressOf(path),
    path,
    text: readFileSync(root + path, "utf8"),
    kind: "guide",
  }));
}

function addressOf(path: string): string {
  if (path === "README.md") return "index.html";
  const name = posix.basename(path, ".md");
  if (name === "README") return `guides/${posix.basename(posix.dirname(path))}.html`;
  return `guides/${name.toLowerCase()}.html`;
}
