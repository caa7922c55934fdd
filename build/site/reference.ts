/** The reference: what the published packages export, from their doc comments, as Markdown. */

import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { EXPERIMENT_MODULES } from "@softdraw/studio/build/modules";
import { Application } from "typedoc";
import type { PluginOptions } from "typedoc-plugin-markdown";
import { type Group, root, type Source } from "./documents.ts";

/** Of each package: what its users import. All else of the last two is reachable, and may change without notice. */
const MODULES = {
  softdraw: ["index"],
  threads: ["index", "page", "webgpu"],
  experiments: EXPERIMENT_MODULES,
  lab: ["training/load-run"],
} as const;

const TITLES: Readonly<Record<string, string>> = {
  softdraw: "softdraw",
  threads: "@softdraw/threads",
  experiments: "@softdraw/experiments",
  lab: "@softdraw/lab",
};

export interface Reference {
  readonly sources: readonly Source[];
  readonly groups: readonly Group[];
}

/** A page for every module, and for every namespace of one. */
export async function readReference(): Promise<Reference> {
  const folder = mkdtempSync(join(tmpdir(), "softdraw-reference-"));
  try {
    await writeMarkdown(folder);
    const pages = pagesIn(folder);
    const sources = pages.map(({ path, address, title }): Source => {
      const text = tidy(readFileSync(join(folder, path), "utf8"), title);
      return { address, path, text, kind: "reference" };
    });
    const groups = Object.entries(TITLES).map(([name, title]) => ({
      title,
      pages: pages
        .filter(({ address }) => address.startsWith(`reference/${name}/`))
        .map(({ address, title: page }) => ({ address, title: page.replace(`${title}/`, "") })),
    }));
    return { sources: [overview(groups, sources), ...sources], groups };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Page {
  /** Of its Markdown, as typedoc names it. */
  readonly path: string;
  readonly address: string;
  readonly title: string;
}

/** @throws Error for a module that typedoc has left out */
function pagesIn(folder: string): Page[] {
  const pages = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.startsWith("packages/") && path.endsWith(".md"))
    .map((path) => ({ path, ...placeOf(path) }))
    .sort((a, b) => Number(isIndex(b)) - Number(isIndex(a)) || (a.title < b.title ? -1 : 1));
  for (const [name, modules] of Object.entries(MODULES)) {
    const missing = modules.filter((module) => pages.every(({ title }) => title !== importedAs(name, module)));
    if (missing.length > 0) throw new Error(`typedoc left out ${missing.join(", ")} of packages/${name}.`);
  }
  return pages;
}

const isIndex = ({ address }: Pick<Page, "address">) => address.endsWith("/index.html");

async function writeMarkdown(folder: string): Promise<void> {
  const options: Partial<PluginOptions> = {
    hidePageHeader: true,
    hideBreadcrumbs: true,
    useCodeBlocks: true,
    parametersFormat: "table",
    interfacePropertiesFormat: "table",
    typeDeclarationFormat: "table",
  };
  const app = await Application.bootstrapWithPlugins({
    entryPoints: Object.entries(MODULES).flatMap(([name, modules]) =>
      modules.map((module) => `${root}packages/${name}/src/${module}.ts`),
    ),
    basePath: root,
    // Without what only tests have: a third of the time.
    tsconfig: `${root}build/site/tsconfig.reference.json`,
    plugin: [fileURLToPath(import.meta.resolve("typedoc-plugin-markdown"))],
    outputs: [{ name: "markdown", path: folder }],
    router: "module",
    readme: "none",
    // The compiler has its own check: npm run types.
    skipErrorChecking: true,
    groupOrder: ["Namespaces", "Functions", "*", "Variables", "References"],
    excludeExternals: true,
    excludePrivate: true,
    disableSources: true,
    logLevel: "Error",
    ...options,
  });
  const project = await app.convert();
  if (project !== undefined) await app.generateOutputs(project);
  if (project === undefined || app.logger.hasErrors()) throw new Error("typedoc could not describe the packages.");
}

/** Where the page of a file of typedoc's is, and what it is called: `packages/softdraw/src/namespaces/chain/README.md`. */
function placeOf(path: string): { address: string; title: string } {
  const [, name, rest] = /^packages\/(\w+)\/src\/?(.*?)(?:\/?README)?\.md$/.exec(path)!;
  const parts = rest!.split("/").filter((part) => part !== "namespaces" && part !== "");
  const isNamespace = rest!.startsWith("namespaces/");
  const title = isNamespace ? parts.join(".") : importedAs(name!, parts.join("/"));
  return { address: `reference/${name}/${isNamespace ? title : parts.join("-") || "index"}.html`, title };
}

function importedAs(name: string, module: string): string {
  const modules: readonly string[] = MODULES[name as keyof typeof MODULES];
  if (module === "" || module === "index") return TITLES[name]!;
  return `${TITLES[name]}/${modules.includes(module) ? module : `${module}/index`}`;
}

/** The title by which it is imported, and one list of what is thrown in place of a heading for each. */
function tidy(text: string, title: string): string {
  return (
    text
      .replace(/^# .*$/m, `# ${title}`)
      .replace(/(?<=^#+ Throws\n\n(?:(?!#|\*\*\*)[^\n]*\n+)*?)#+ Throws\n\n/gm, "")
      .replaceAll(/^\*\*\*\n/gm, "")
      // typedoc counts the name of a type alias twice where it describes its parts, and links to the second.
      .replaceAll(/(\]\([\w./-]*#[a-z]+)-1\)/g, "$1)")
  );
}

function overview(groups: readonly Group[], sources: readonly Source[]): Source {
  const firstSentence = (address: string) => {
    const { text } = sources.find((source) => source.address === address)!;
    const [, sentence] = /^# .*\n\n([A-Z][\s\S]*?(?:(?<!\.\.)[.?](?=\s)|:(?=\n)))/.exec(text) ?? [];
    return sentence === undefined ? "" : `: ${sentence.replaceAll("\n", " ").replace(/:$/, ".")}`;
  };
  const lists = groups.map(({ title, pages }) => {
    const items = pages.map(({ title, address }) => {
      return `- [\`${title}\`](${posix.relative("reference", address)})${firstSentence(address)}`;
    });
    return `## ${title}\n\n${items.join("\n")}`;
  });
  const text = `# Reference

Every function that the packages export, from its doc comment: formula, shapes, range, errors, and the paper.
Of \`@softdraw/experiments\` and \`@softdraw/lab\` it has the modules that the guides use. The others can be imported, too, and may
change without notice.

${lists.join("\n\n")}
`;
  return { address: "reference/index.html", path: "reference/index.md", text, kind: "reference" };
}
