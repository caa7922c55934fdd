/** Parts of an experiment's source, which its headings set apart. */

/** The text below the heading `name` up to the next one, as it stands in the source. */
function sectionOf(source: string, name: string): string {
  const heading = new RegExp(`^// ${name} -+\\n`, "m").exec(source);
  if (heading === null) throw new Error(`The source has no section "${name}".`);
  const rest = source.slice(heading.index + heading[0].length);
  const end = /^\/\/ [A-Z].* -{10,}$/m.exec(rest)?.index ?? rest.length;
  return rest.slice(0, end).trim();
}

interface Source {
  load(): Promise<{ default: string }>;
  readonly sections: readonly string[];
}

const step = ["Objective", "Step"];
const explanation: Source = {
  load: () => import("@softdraw/experiments/explain/model?raw"),
  sections: ["The draw", "The objective", "The step"],
};

const sources: Readonly<Record<string, Source>> = {
  vae: { load: () => import("@softdraw/experiments/categorical-vae/method?raw"), sections: step },
  dknn: { load: () => import("@softdraw/experiments/nearest-neighbours/method?raw"), sections: step },
  jigsaw: { load: () => import("@softdraw/experiments/jigsaw/method?raw"), sections: step },
  sort: { load: () => import("@softdraw/experiments/sorting/method?raw"), sections: step },
};

/** What the experiment minimizes, and the step that does, as they run. */
export async function codeOf(experiment: string): Promise<string> {
  const { load, sections } = sources[experiment] ?? explanation;
  const { default: source } = await load();
  return sections.map((name) => sectionOf(source, name)).join("\n\n");
}
