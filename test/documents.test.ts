/** What the documents say is so: their programs run and print what is shown, their links lead somewhere, their commands exist. */

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import "@softdraw/testing/fast-hashing";
import * as softdraw from "softdraw";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { parseSoftdraw, shellCommands, softdrawOptions, splitWords } from "./documents/commands.ts";
import { type MarkdownDocument, parseMarkdown } from "./documents/markdown.ts";
import { type Program, programsOf, runProgram, typeErrors } from "./documents/programs.ts";

// Before the engine is imported: it sees loops that await nothing.
await vi.hoisted(async () => (await import("@softdraw/threads")).keepInstances());

/** The library's namespaces: the structures, and what is beside them. */
const library = Object.fromEntries(Object.entries(softdraw).filter(([, value]) => typeof value === "object"));
const member = new RegExp(`\\b(${Object.keys(library).join("|")})\\.(?!ts\\b|md\\b|test\\.ts\\b)(\\w+)`, "g");
const root = fileURLToPath(new URL("../", import.meta.url));

const paths = [
  ...["README.md", "CONTRIBUTING.md", "CHANGELOG.md"],
  ...readdirSync(join(root, "docs")).map((name) => `docs/${name}`),
  ...readdirSync(join(root, "packages")).map((name) => `packages/${name}/README.md`),
].filter((path) => path.endsWith(".md") && existsSync(join(root, path)));

const documents = paths.map(read);

function read(path: string): MarkdownDocument {
  return parseMarkdown(path, readFileSync(join(root, path), "utf8"));
}

const programs = documents.flatMap(programsOf);

describe("programs", () => {
  test.each(programs.map((program) => [`${program.path}:${program.line}`, program] as const))(
    "%s runs, prints what the document shows, and has no loop that piles up kernels",
    async (_, program) => {
      const warn = vi.spyOn(console, "warn");
      onTestFinished(() => warn.mockRestore());
      expect(await printedLines(program)).toEqual(shownLines(program));
      expect(warn.mock.calls).toEqual([]);
    },
    // A guide takes some ten million draws: seconds, or more of them beside other work.
    180_000,
  );

  test("are well typed", () => {
    expect(typeErrors(programs, root)).toEqual([]);
  });
});

describe.each(documents.map((document) => [document.path, document] as const))("%s", (_, document) => {
  test("links lead to files and headings that exist", () => {
    const broken = document.links.filter(({ path, anchor }) => {
      if (!existsSync(join(root, path))) return true;
      return anchor !== undefined && !(statSync(join(root, path)).isFile() && read(path).anchors.has(anchor));
    });
    expect(broken.map(({ line, path, anchor }) => `${document.path}:${line}: ${path}#${anchor ?? ""}`)).toEqual([]);
  });

  test("commands are taken by npm and the command line", async () => {
    expect(await refusedCommands(document)).toEqual([]);
  });

  test("functions of the library that it names exist", () => {
    const named = mentions(document, member);
    const unknown = named.filter(({ match: [, module, name] }) => !(name! in library[module!]!));
    expect(unknown.map(({ at, match }) => `${at}: ${match[0]}`)).toEqual([]);
  });

  test("options of the command line that it names exist", async () => {
    const known = await softdrawOptions();
    const unknown = mentions(document, /`(--[a-z-]+)/g).filter(({ match }) => !known.has(match[1]!));
    expect(unknown.map(({ at, match }) => `${at}: ${match[1]}`)).toEqual([]);
  });
});

describe("the checks see", () => {
  const document = parseMarkdown(
    "made-up.md",
    readFileSync(new URL("./documents/made-up.md", import.meta.url), "utf8"),
  );
  const [wrong, failing] = programsOf(document) as [Program, Program];

  test("what is not printed as it is shown", async () => {
    expect(shownLines(wrong)).toEqual(["made-up.md:8: 3", "made-up.md:16: 4", "made-up.md:17: 5"]);
    expect(await printedLines(wrong)).toEqual(["made-up.md:8: 2", "made-up.md:16: 4", "made-up.md:17: 5"]);
  });

  test("an error, with its line", async () => {
    await expect(printedLines(failing)).rejects.toThrow("made-up.md:27: RangeError: categorical.softMode: temperature");
  });

  test("a wrong type, with its line", () => {
    const unassignable = "Type 'number' is not assignable to type 'string'.";
    expect(typeErrors([wrong, failing], root)).toEqual([`made-up.md:24: ${unassignable}`]);
  });

  test("links and anchors", () => {
    expect([...document.anchors]).toEqual(["a-made-up-document", "twice", "twice-1"]);
    expect(document.links).toEqual([
      { line: 32, path: "docs/nowhere.md", anchor: undefined },
      { line: 32, path: "made-up.md", anchor: "twice-1" },
    ]);
  });

  test("commands that nobody takes", async () => {
    expect(await refusedCommands(document)).toEqual([
      "made-up.md:39: error: unknown option '--epoch'\n(Did you mean --epochs?)",
      "made-up.md:40: --epochs: Expected a number of at least 1, got 0.",
      'made-up.md:41: no npm script "strat".',
      'made-up.md:32: no npm script "lnit".',
    ]);
  });
});

/** What a program prints, each line with the line of the document that shows it. */
async function printedLines(program: Program): Promise<string[]> {
  const { path, line, output } = program;
  return (await runProgram(program, root)).map((text, i) => `${path}:${output[i]?.line ?? line}: ${text}`);
}

function shownLines({ path, output }: Program): string[] {
  return output.map(({ line, text }) => `${path}:${line}: ${text}`);
}

function mentions({ path, lines }: MarkdownDocument, pattern: RegExp) {
  return lines.flatMap((text, i) => [...text.matchAll(pattern)].map((match) => ({ at: `${path}:${i + 1}`, match })));
}

async function refusedCommands(document: MarkdownDocument): Promise<string[]> {
  const refused: string[] = [];
  for (const { line, words } of shellCommands(document)) {
    await checkCommand(words).catch((error) => refused.push(`${document.path}:${line}: ${error.message}`));
  }
  return refused;
}

/** Throws when a command of ours would not start; commands of others are taken on trust. */
async function checkCommand(words: readonly string[]): Promise<void> {
  const [program, ...rest] = words;
  if (program === "npx") return checkCommand(rest);
  if (program === "softdraw") return parseSoftdraw(rest);
  if (program !== "npm" || !["run", "start", "test"].includes(rest[0]!)) return;
  const name = rest[0] === "run" ? rest[1]! : rest[0]!;
  const script = scriptsOf(rest)[name];
  if (script === undefined) throw new Error(`no npm script "${name}".`);
  const passedOn = rest.includes("--") ? rest.slice(rest.indexOf("--") + 1) : [];
  if (script.startsWith("softdraw ")) await checkCommand([...splitWords(script), ...passedOn]);
}

/** The npm scripts of the workspace that `--workspace` names, or of the root. */
function scriptsOf(words: readonly string[]): Record<string, string> {
  const workspace = words.find((word) => word.startsWith("--workspace="))?.split("=")[1];
  const folder = workspace === undefined ? "." : `packages/${workspace.split("/").at(-1)}`;
  return JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")).scripts ?? {};
}
