/**
 * Builds the site: guides, reference, studio, search and what makes it work offline, as one folder of static files that works from
 * wherever it is put.
 *
 *     npm run site
 *     npm run site -- --out public --earlier old-site --base https://example.org/softdraw/
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
import { PREVIEW, pageHtml } from "./layout.ts";
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
  /** The address at which the site will be, with a slash at its end: for what cannot be relative to a page. */
  readonly base?: string | undefined;
}

export async function buildSite({ folder, studio, earlier, base }: SiteOptions): Promise<void> {
  const { version } = JSON.parse(await readFile(`${root}packages/softdraw/package.json`, "utf8"));
  const versions = await versionsOf(version, earlier);
  checkFolder(folder, earlier);
  const guides = readGuides();
  const reference = await readReference();
  await rm(folder, { recursive: true, force: true });
  await writePages(folder, { guides, reference, version, base });
  await buildAssets(join(folder, "assets"));
  await takeStudio(folder, { studio, base });
  await writeWorker(folder);
  await writeVersions(folder, versions, earlier);
}

interface Contents {
  readonly guides: readonly Source[];
  readonly reference: Reference;
  readonly version: string;
  readonly base: string | undefined;
}

async function writePages(folder: string, { guides, reference, version, base }: Contents): Promise<void> {
  const sources = [...guides, ...reference.sources];
  const linker = linkerOf(sources);
  const entries: SearchEntry[] = [];
  for (const source of sources) {
    const rendered = renderMarkdown(source, linker);
    entries.push(...searchEntries(source, rendered));
    const groups = source.kind === "guide" ? guideGroups : reference.groups;
    const { address, kind } = source;
    await write(folder, address, pageHtml({ ...rendered, address, kind, groups, version, base }));
  }
  const html = `<h1>Search</h1>\n<div id="results" aria-live="polite"><p>The search takes JavaScript.</p></div>`;
  const summary = "Search guides and reference.";
  const search = { address: "search.html", title: "Search", summary, html, headings: [], kind: "search" } as const;
  await write(folder, "search.html", pageHtml({ ...search, groups: [], version, base }));
  await write(folder, "404.html", missingPage(version, base));
  await write(folder, "search.json", JSON.stringify(entries));
}

/** What hosts of static files show where there is no page, at whatever address was asked for. */
function missingPage(version: string, base: string | undefined): string {
  const html = `<h1>No such page</h1>
<p>The site has no page at this address. It has <a href="index.html">guides</a>, a <a href="reference/index.html">reference</a>, the
<a href="studio/index.html">studio</a> and a <a href="search.html">search</a>.</p>`;
  const summary = "The site has no page at this address.";
  const page = { address: "404.html", title: "No such page", summary, html, headings: [], kind: "search" } as const;
  return pageHtml({ ...page, groups: [], version, base });
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

async function takeStudio(folder: string, { studio, base }: Pick<SiteOptions, "studio" | "base">): Promise<void> {
  const target = join(folder, "studio");
  if (studio === undefined) {
    const configFile = join(root, "packages/studio/vite.config.ts");
    await build({ configFile, logLevel: "warn", build: { outDir: target, emptyOutDir: true } });
  } else await cp(studio, target, { recursive: true });
  const page = join(target, "index.html");
  const head = `<link rel="help" href="../index.html">\n<script type="module" src="../assets/studio.js"></script>\n</head>`;
  const html = (await readFile(page, "utf8")).replace("</head>", head);
  await writeFile(
    page,
    base === undefined ? html : html.replace('content="preview.png"', `content="${base}${PREVIEW}"`),
  );
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

const HELP = `Usage: npm run site -- [options]

Builds the site as one folder of static files.

Options:
  --out <folder>      where to, made anew (default: site)
  --earlier <folder>  the site of an earlier version, kept below this one
  --base <address>    where it will be, such as https://example.org/softdraw/: for the pictures that links to it are shown with, and for
                      404.html, which hosts show at any address
  -h, --help          this help`;

/** An option is wrong. */
class WrongOption extends Error {}

/** @throws WrongOption, in one line; undefined where the help is asked for */
export function siteOptions(args: readonly string[]): SiteOptions | undefined {
  const text = { type: "string" } as const;
  const options = { out: text, earlier: text, base: text, help: { type: "boolean", short: "h" } } as const;
  try {
    const { values } = parseArgs({ args: [...args], options });
    if (values.help) return undefined;
    const { out = "site", earlier, base } = values;
    return {
      folder: resolve(out),
      earlier: earlier === undefined ? undefined : resolve(earlier),
      base: base === undefined ? undefined : addressOf(base),
    };
  } catch (error) {
    throw new WrongOption(`${(error as Error).message.split(". ")[0]!.replace(/\.$/, "")}. --help says what there is.`);
  }
}

function addressOf(base: string): string {
  const isAddress = URL.canParse(base) && /^https?:$/.test(new URL(base).protocol);
  if (!isAddress) throw new Error(`--base: expected an address such as https://example.org/softdraw/, got "${base}"`);
  return base.endsWith("/") ? base : `${base}/`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const options = siteOptions(process.argv.slice(2));
    if (options === undefined) console.log(HELP);
    else {
      await buildSite(options);
      const { folder } = options;
      console.log(`Built ${folder}. Serve it with any server of files: python3 -m http.server --directory ${folder}`);
    }
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = error instanceof WrongOption || error instanceof WrongFolder ? 2 : 1;
  }
}
