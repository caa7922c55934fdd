/** What the files of the packages name: the modules that they import and the files that they find from where they are. */

import { posix } from "node:path";
import ts from "typescript";

export interface SourceFile {
  /** From the root of the repository. */
  readonly path: string;
  readonly text: string;
}

interface Named {
  readonly line: number;
  /** As it is written: `./kernels.ts`, `@jax-js/jax`, `node:fs`. */
  readonly name: string;
}

/**
 * The folders of `packages/lab/src`, each with those that it may import from. Each of them may import what stands beside
 * the folders, such as `errors.ts`. None has `cli`: what the command line shares with the rest is not part of it.
 */
const LAB_LAYERS: Readonly<Record<string, readonly string[]>> = {
  data: ["report", "runs"],
  explain: ["data", "report"],
  report: [],
  runs: [],
  server: ["runs"],
  training: ["data", "report", "runs"],
  sweeps: ["report", "runs", "training"],
  cli: ["data", "explain", "report", "runs", "server", "sweeps", "training"],
};

/** What is wrong with the names in a file, a line each that begins with path and line number. */
export function brokenBoundaries(file: SourceFile): string[] {
  return namesIn(file).flatMap(({ line, name }) => {
    const broken = climbsOut(file.path, name) ?? skipsLayers(file.path, name) ?? isNotTheEngine(file.path, name);
    return broken === undefined ? [] : [`${file.path}:${line}: ${name} ${broken}`];
  });
}

/** A package reaches another by its name alone: a path that leaves the package leads nowhere once the package is installed. */
function climbsOut(path: string, name: string): string | undefined {
  if (!name.startsWith(".") || packageOf(resolved(path, name)) === packageOf(path)) return undefined;
  return `leads out of ${packageOf(path)}`;
}

/** The folder of a package, with a slash at its end so that none begins with the name of another. */
function packageOf(path: string): string {
  return `${path.split("/").slice(0, 2).join("/")}/`;
}

function skipsLayers(path: string, name: string): string | undefined {
  const [from, to] = [labFolder(path), labFolder(resolved(path, name))];
  if (from === undefined || to === undefined || from === to) return undefined;
  const allowed = LAB_LAYERS[from];
  if (allowed === undefined) return `is in a folder that LAB_LAYERS does not know: ${from}`;
  return allowed.includes(to) ? undefined : `is in ${to}/, which ${from}/ does not import from`;
}

/** The folder of the lab's sources that a path is in; undefined outside and beside the folders. */
function labFolder(path: string): string | undefined {
  return /^packages\/lab\/src\/(\w+)\//.exec(path)?.[1];
}

/** The library has one dependency. */
function isNotTheEngine(path: string, name: string): string | undefined {
  if (!path.startsWith("packages/softdraw/src/") || name.startsWith(".") || name === "@jax-js/jax") return undefined;
  return "is no part of the library, which imports nothing but the engine";
}

/** The path that a name leads to; a package's own name leads to its sources. */
function resolved(path: string, name: string): string {
  const own = /^@softdraw\/(\w+)\/(.+)$/.exec(name);
  return own ? `packages/${own[1]}/src/${own[2]}.ts` : posix.join(posix.dirname(path), name);
}

function namesIn({ path, text }: SourceFile): Named[] {
  const imported = codeOf(path, text).flatMap(({ code, start }) =>
    ts.preProcessFile(code, true, true).importedFiles.map(({ fileName, pos }) => ({ at: start + pos, name: fileName })),
  );
  const located = Array.from(text.matchAll(/new URL\(\s*["'`](\.[^"'`$]*)/g), ({ index, 1: name }) => ({
    at: index,
    name: name!,
  }));
  return [...imported, ...located].map(({ at, name }) => ({ line: text.slice(0, at).split("\n").length, name }));
}

/** The TypeScript in a file: all of it, or what a Svelte component has between its script tags. */
function codeOf(path: string, text: string): { code: string; start: number }[] {
  if (!path.endsWith(".svelte")) return [{ code: text, start: 0 }];
  return Array.from(text.matchAll(/(<script[^>]*>)(.*?)<\/script>/gs), ({ index, 1: tag, 2: code }) => ({
    code: code!,
    start: index + tag!.length,
  }));
}
