// @ts-check
/**
 * Lays out what is published of a package, in a folder of its own that can be packed as it is: its built files, its
 * package.json without what only this repository needs, and documents whose links lead somewhere from there.
 *
 *     node build/stage.js [packages...]    default: all that are built by npm run build; into release/<package>
 */

import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, posix, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { REPOSITORY } from "./project.js";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Of the folder `packages`. */
export const STAGED = ["softdraw", "threads", "experiments", "lab"];

/**
 * @param {string} name of the package's folder
 * @param {object} options
 * @param {string} options.folder is made anew
 * @param {string | undefined} options.repository its address; without one the documents that a package links to come with it
 * @param {string} [options.built] the folder that is packed as `dist`
 */
export function stage(name, { folder, repository, built }) {
  const home = posix.join("packages", name);
  const manifest = JSON.parse(readFileSync(join(root, home, "package.json"), "utf8"));
  const published = publishedManifest(manifest, home, repository);
  /** @type {string[]} */
  const files = published.files;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const file of [...files, "LICENSE"]) {
    const source = file === "dist" && built !== undefined ? built : join(root, home, file);
    if (existsSync(source)) cpSync(source, join(folder, file), { recursive: true });
  }
  const documents = existsSync(join(root, home, "README.md")) ? stagedDocuments(home, files, repository) : new Map();
  for (const [path, text] of documents) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const more = [...documents.keys()].map((path) => path.split("/")[0]).filter((path) => path !== "README.md");
  published.files = [...new Set([...files, ...more])];
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(published, null, 2)}\n`);
}

/**
 * What npm is to know. `publishConfig` holds what differs once the package is built, as pnpm and Yarn have it.
 *
 * @param {any} manifest @param {string} home @param {string | undefined} repository
 */
function publishedManifest({ scripts, devDependencies, publishConfig, "size-limit": _, ...rest }, home, repository) {
  const published = { ...rest, ...publishConfig, publishConfig: { access: "public" } };
  if (repository === undefined) return published;
  return {
    ...published,
    // The registry compares the repository of the program that publishes with the one that the package names.
    publishConfig: { access: "public", provenance: true },
    repository: { type: "git", url: `git+${repository}.git`, directory: home },
    homepage: `${repository}/tree/main/${home}#readme`,
    bugs: `${repository}/issues`,
  };
}

/**
 * The README, and behind it all documents of the repository that are linked to; each by its path in the package.
 *
 * @param {string} home @param {readonly string[]} files @param {string | undefined} repository
 */
function stagedDocuments(home, files, repository) {
  /** @type {Map<string, string>} */
  const staged = new Map();
  const waiting = [posix.join(home, "README.md")];
  for (const path of waiting) {
    const place = placeOf(path, home);
    if (staged.has(place)) continue;
    staged.set(place, withLinks(readFileSync(join(root, path), "utf8"), path, linked));

    /** @param {string} target from the root of the repository @returns {string | undefined} */
    function linked(target) {
      const own = posix.relative(home, target);
      const isPacked = [...files, "LICENSE", "README.md"].some((file) => own === file || own.startsWith(`${file}/`));
      if (!isPacked && repository !== undefined) return `${repository}/blob/main/${target}`;
      const isDocument = /^(docs\/[^/]+|CHANGELOG)\.md$/.test(target);
      if (isDocument) waiting.push(target);
      return isPacked || isDocument ? posix.relative(posix.dirname(place), placeOf(target, home)) : undefined;
    }
  }
  return staged;
}

/** Where in the package a file of the repository is. @param {string} path @param {string} home */
function placeOf(path, home) {
  return path.startsWith(`${home}/`) ? posix.relative(home, path) : path;
}

/**
 * A document with its links to files of the repository changed. One that has no target keeps its text.
 *
 * @param {string} text @param {string} path of the document @param {(target: string) => string | undefined} linked
 */
function withLinks(text, path, linked) {
  // Blocks of code and code within a line are passed over.
  return text.replace(/^```.*?^```$|\[([^[\]]*)\]\(([^)\s]+)\)|`[^`\n]*`/gms, (all, label, link) => {
    if (link === undefined || /^(\w+:|#)/.test(link)) return all;
    const [file, anchor] = link.split("#");
    const target = linked(posix.join(posix.dirname(path), file));
    if (target === undefined) return label;
    return `[${label}](${target}${anchor === undefined ? "" : `#${anchor}`})`;
  });
}

/** @param {readonly string[]} names */
function stageAll(names) {
  const unknown = names.find((name) => !STAGED.includes(name));
  if (unknown !== undefined) throw new Error(`There is no package "${unknown}" to stage, but ${STAGED.join(", ")}.`);
  for (const name of names) stage(name, { folder: join(root, "release", name), repository: REPOSITORY });
  linkStaged(join(root, "release"));
}

/** Lets what is laid out find each other, so that the programs in it run where they lie. @param {string} release */
function linkStaged(release) {
  const modules = join(release, "node_modules");
  rmSync(modules, { recursive: true, force: true });
  for (const name of STAGED.filter((name) => existsSync(join(release, name)))) {
    const link = join(modules, JSON.parse(readFileSync(join(release, name, "package.json"), "utf8")).name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(relative(dirname(link), join(release, name)), link, "junction");
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const names = process.argv.slice(2);
  stageAll(names.length === 0 ? STAGED : names);
}
