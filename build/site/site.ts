/**
 * Builds the site: guides, reference, studio, search and what makes it work offline, as one folder of static files that works from
 * wherever it is put.
 *
 *     npm run site
 *     npm run site -- --out public --earlier old-site
 */

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { licenses } from "@softdraw/studio/build/licenses";
import { build } from "vite";
import { REPOSITORY } from "../project.js";
import { guideGroups, readGuides, root, type Source } from "./documents.ts";
import { pageHtml } from "./layout.ts";
import { type Linker, type Rendered, renderMarkdown } from "./markdown.ts";
import type { SearchEntry } from "./page/search.ts";
import { type Reference, readReference } from "./reference.ts";
import { checkFolder, versionsOf, WrongFolder, writeVersions } from "./versions.ts";

export interface SiteOptions {
  /** Is made anew: what is no site is not taken away. */
  readonly folder: string;
  /** A built studio in place of one that is built. */
  readonly studio?: string | undefined;
  /** The folder of the site of an earlier version, to be kept below this one with all that are below it. */
  readonly earlier?: string | undefined;
}

export async function buildSite({ folder, studio, earlier }: SiteOptions): Promise<void> {
  const { version } = JSON.parse(await readFile(`${root}packages/softdraw/package.json`, "utf8"));
  const versions = await versionsOf(version, earlier);
  checkFolder(folder, earlier);
  const guides = readGuides();
  const reference = await readReference();
  await rm(folder, { recursive: true, force: true });
  await writePages(folder, { guides, reference, version });
  await buildAssets(join(folder, "assets"));
  await takeStudio(folder, studio);
  await writeWorker(folder);
  await writeVersions(folder, versions, earlier);
}

interface Contents {
  readonly guides: readonly Source[];
  readonly reference: Reference;
  readonly version: string;
}

async function writePages(folder: string, { guides, reference, version }: Contents): Promise<void> {
  const sources = [...guides, ...reference.sources];
  const linker = linkerOf(sources);
  const entries: SearchEntry[] = [];
  for (const source of sources) {
    const rendered = renderMarkdown(source, linker);
    entries.push(...searchEntries(source, rendered));
    const groups = source.kind === "guide" ? guideGroups : reference.groups;
    const { address, kind } = source;
    await write(folder, address, pageHtml({ ...rendered, address, kind, groups, version }));
  }
  const html = `<h1>Search</h1>\n<div id="results" aria-live="polite"><p>The search takes JavaScript.</p></div>`;
  const summary = "Search guides and reference.";
  const search = { address: "search.html", title: "Search", summary, html, headings: [], kind: "search" } as const;
  await write(folder, "search.html", pageHtml({ ...search, groups: [], version }));
  await write(folder, "search.json", JSON.stringify(entries));
}

async function write(folder: string, address: string, text: string): Promise<void> {
  await mkdir(dirname(join(folder, address)), { recursive: true });
  await writeFile(join(folder, address), text);
}

function linkerOf(sources: readonly Source[]): Linker {
  const addresses = new Map(sources.map(({ path, address }) => [path, address]));
  const documented = documentedCode(sources);
  return {
    document(target) {
      // The overview's links are addresses already.
      const address = addresses.get(target) ?? (target.startsWith("reference/") ? target : undefined);
      if (address !== undefined || REPOSITORY === undefined) return address;
      return existsSync(root + target) ? `${REPOSITORY}/blob/main/${target}` : undefined;
    },
    code: (name) => documented.get(name),
  };
}

/** The functions of the library, by the names that guides have for them. */
function documentedCode(sources: readonly Source[]): Map<string, string> {
  const documented = new Map<string, string>();
  for (const { address, text } of sources) {
    const [, page] = /^reference\/softdraw\/(.*)\.html$/.exec(address) ?? [];
    if (page === undefined) continue;
    for (const [, name] of text.matchAll(/^### (\w+)\(\)$/gm))
      documented.set(page === "index" ? name! : `${page}.${name}`, `${address}#${name!.toLowerCase()}`);
  }
  return documented;
}

function searchEntries({ address }: Source, { title, sections }: Rendered): SearchEntry[] {
  return sections.map(({ anchor, text, body }) => ({ id: `${address}#${anchor}`, page: title, heading: text, body }));
}

/** Styles, fonts and what runs in the pages. */
async function buildAssets(folder: string): Promise<void> {
  const page = (name: string) => fileURLToPath(new URL(`page/${name}.ts`, import.meta.url));
  const input = Object.fromEntries(["site", "studio", "theme", "fold", "worker"].map((name) => [name, page(name)]));
  await build({
    configFile: false,
    root: dirname(page("site")),
    base: "./",
    logLevel: "warn",
    plugins: [licenses([]).page],
    build: {
      outDir: folder,
      emptyOutDir: true,
      assetsDir: "",
      assetsInlineLimit: 0,
      target: "es2023",
      modulePreload: { polyfill: false },
      rolldownOptions: {
        input,
        output: { entryFileNames: "[name].js", chunkFileNames: "[name].js", assetFileNames: "[name][extname]" },
      },
    },
  });
}

async function takeStudio(folder: string, studio: string | undefined): Promise<void> {
  const target = join(folder, "studio");
  if (studio === undefined) {
    const configFile = join(root, "packages/studio/vite.config.ts");
    await build({ configFile, logLevel: "warn", build: { outDir: target, emptyOutDir: true } });
  } else await cp(studio, target, { recursive: true });
  const page = join(target, "index.html");
  const head = `<link rel="help" href="../index.html">\n<script type="module" src="../assets/studio.js"></script>\n</head>`;
  await writeFile(page, (await readFile(page, "utf8")).replace("</head>", head));
}

/** The service worker, with the list of all files and what each is. To be written last. */
export async function writeWorker(folder: string): Promise<void> {
  const program = await readFile(join(folder, "assets/worker.js"), "utf8");
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const files: Record<string, string> = {};
  for (const path of names
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort()) {
    const name = path.slice(folder.length + 1).replaceAll("\\", "/");
    if (name !== "worker.js" && name !== "assets/worker.js")
      files[name] = `sha256-${hash(await readFile(path), "base64")}`;
  }
  const build = hash(JSON.stringify(files) + program, "hex").slice(0, 16);
  await writeFile(join(folder, "worker.js"), `const SITE = ${JSON.stringify({ build, files })};\n${program}`);
}

function hash(content: string | Buffer, encoding: "hex" | "base64"): string {
  return createHash("sha256").update(content).digest(encoding);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const { values } = parseArgs({ options: { out: { type: "string" }, earlier: { type: "string" } } });
    const folder = resolve(values.out ?? "site");
    const earlier = values.earlier === undefined ? undefined : resolve(values.earlier);
    await buildSite({ folder, earlier });
    console.log(`Built ${folder}. Serve it with any server of files: python3 -m http.server --directory ${folder}`);
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = error instanceof TypeError || error instanceof WrongFolder ? 2 : 1;
  }
}
