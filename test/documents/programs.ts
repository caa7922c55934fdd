/**
 * The TypeScript in a document, as programs that can be checked and run.
 *
 * A block that begins with imports begins a program; one without imports continues the program before it. What a program
 * prints is written at the end of the line that prints it, `// prints: 0.5`, or in a `text` block right below.
 */

import { SourceMap } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { format } from "node:util";
import { runInThisContext } from "node:vm";
import ts from "typescript";
import type { CodeBlock, MarkdownDocument } from "./markdown.ts";

export interface Program {
  /** The document's path. */
  readonly path: string;
  /** Of its first line of code. */
  readonly line: number;
  /** Its code, each line on the line that it has in the document. */
  readonly source: string;
  /** What it is to print. */
  readonly output: readonly { readonly line: number; readonly text: string }[];
}

const PRINTS = "// prints: ";

export function programsOf(document: MarkdownDocument): Program[] {
  const groups: CodeBlock[][] = [];
  for (const block of document.blocks.filter(({ language }) => language === "ts")) {
    if (/^import\b/.test(block.lines[0] ?? "")) groups.push([]);
    if (groups.length === 0)
      throw new Error(`${document.path}:${block.line}: the first block must begin with imports.`);
    groups.at(-1)!.push(block);
  }
  return groups.map((blocks) => {
    const output = blocks.flatMap((block) => [...printedInside(block), ...printedBelow(document, block)]);
    return { path: document.path, line: blocks[0]!.line, source: alignedSource(blocks), output };
  });
}

function printedInside({ line, lines }: CodeBlock) {
  return lines.flatMap((text, i) => {
    const at = text.indexOf(PRINTS);
    return at < 0 ? [] : [{ line: line + i, text: text.slice(at + PRINTS.length).trimEnd() }];
  });
}

function printedBelow({ blocks }: MarkdownDocument, block: CodeBlock) {
  // Below the last line of code: the fence, an empty line, and the fence that opens the next block.
  const below = blocks.find(
    ({ language, line }) => language === "text" && line === block.line + block.lines.length + 3,
  );
  return below ? below.lines.map((text, i) => ({ line: below.line + i, text: text.trimEnd() })) : [];
}

function alignedSource(blocks: readonly CodeBlock[]): string {
  const last = blocks.at(-1)!;
  const lines = Array.from({ length: last.line - 1 + last.lines.length }, () => "");
  for (const block of blocks) lines.splice(block.line - 1, block.lines.length, ...block.lines);
  return lines.join("\n");
}

/**
 * Runs a program in this process, on the same modules as the tests.
 *
 * @param root the repository's folder
 * @returns the lines it printed
 * @throws Error with document and line of what went wrong
 */
export async function runProgram(program: Program, root: string): Promise<string[]> {
  const { outputText, sourceMapText } = ts.transpileModule(program.source, {
    fileName: program.path,
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022, sourceMap: true },
  });
  const modules = await importAll(program, root);
  const printed: string[] = [];
  const log = (...values: unknown[]) => printed.push(...format(...values).split("\n"));
  // The wrapper stands on the first line and shifts no other.
  const run = runInThisContext(`(async (require, exports, console) => {${outputText}\n})`, { filename: program.path });
  try {
    await run((name: string) => modules.get(name), {}, { log });
  } catch (error) {
    const sourceMap = new SourceMap(JSON.parse(sourceMapText!));
    throw new Error(`${program.path}:${lineOf(error, program, sourceMap)}: ${error}`, { cause: error });
  }
  return printed.map((line) => line.trimEnd());
}

async function importAll({ path, source }: Program, root: string): Promise<Map<string, unknown>> {
  const here = join(root, dirname(path), "/");
  const names = ts.preProcessFile(source).importedFiles.map(({ fileName }) => fileName);
  const load = async (name: string) => import(name.startsWith(".") ? new URL(name, pathToFileURL(here)).href : name);
  return new Map(await Promise.all(names.map(async (name) => [name, await load(name)] as const)));
}

/** The line of the document on which an error was thrown; the program's first when it came from elsewhere. */
function lineOf(error: unknown, { path, line }: Program, sourceMap: SourceMap): number {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  const [, position] = stack.split(`${path}:`);
  if (position === undefined) return line;
  const [emittedLine, emittedColumn] = position.split(/\D/).map(Number) as [number, number];
  const origin = sourceMap.findEntry(emittedLine - 1, emittedColumn - 1);
  return "originalLine" in origin ? origin.originalLine + 1 : line;
}

/**
 * The complaints of the compiler about the programs, strict, each with document and line.
 *
 * @param root the repository's folder, whose tsconfig.json says how modules are found
 */
export function typeErrors(programs: readonly Program[], root: string): string[] {
  const byFile = new Map(programs.map((program) => [join(root, `${program.path}.${program.line}.ts`), program]));
  const { config } = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile);
  // An example may index an array without a word about what is beyond its end.
  const overrides = { noUncheckedIndexedAccess: false };
  const { options } = ts.parseJsonConfigFileContent({ ...config, files: [] }, ts.sys, root, overrides);
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile } = host;
  host.fileExists = (file) => byFile.has(file) || fileExists(file);
  host.readFile = (file) => byFile.get(file)?.source ?? readFile(file);
  const compiled = ts.createProgram([...byFile.keys()], options, host);
  return [...byFile].flatMap(([file, { path }]) =>
    ts.getPreEmitDiagnostics(compiled, compiled.getSourceFile(file)).map(({ start = 0, file, messageText }) => {
      const line = file ? file.getLineAndCharacterOfPosition(start).line + 1 : 0;
      return `${path}:${line}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
    }),
  );
}
