/** What the tests need of a Markdown document: its code blocks, headings and links, each with its line. */

import { posix } from "node:path";

export interface MarkdownDocument {
  /** From the root of the repository. */
  readonly path: string;
  /** All lines, those of code blocks included. */
  readonly lines: readonly string[];
  /** The same with the lines of code blocks empty. */
  readonly prose: readonly string[];
  readonly blocks: readonly CodeBlock[];
  /** What a link may name after `#`. */
  readonly anchors: ReadonlySet<string>;
  readonly links: readonly Link[];
}

export interface CodeBlock {
  readonly language: string;
  /** The line of its first line of code, from 1. */
  readonly line: number;
  readonly lines: readonly string[];
}

interface Link {
  readonly line: number;
  /** The file it leads to, from the root of the repository. */
  readonly path: string;
  readonly anchor: string | undefined;
}

/** @param path from the root of the repository: relative links start there */
export function parseMarkdown(path: string, text: string): MarkdownDocument {
  const lines = text.split("\n");
  const blocks = findBlocks(path, lines);
  const isCode = new Set(blocks.flatMap(({ line, lines }) => lines.map((_, i) => line + i)));
  const prose = lines.map((text, i) => (isCode.has(i + 1) ? "" : text));
  return { path, lines, prose, blocks, anchors: findAnchors(prose), links: findLinks(path, prose) };
}

function findBlocks(path: string, lines: readonly string[]): CodeBlock[] {
  const fences = lines.flatMap((text, i) => (text.startsWith("```") ? [i] : []));
  if (fences.length % 2 === 1) throw new Error(`${path}:${fences.at(-1)! + 1}: a code block without an end.`);
  return fences.flatMap((open, i) => {
    if (i % 2 === 1) return [];
    return [{ language: lines[open]!.slice(3).trim(), line: open + 2, lines: lines.slice(open + 1, fences[i + 1]) }];
  });
}

/** Headings as GitHub links to them: lower case, letters, digits and hyphens, a number behind what was there before. */
function findAnchors(prose: readonly string[]): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading] of prose.map((text) => /^#+ (.*)$/.exec(text) ?? [])) {
    if (heading === undefined) continue;
    const anchor = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_\- ]/gu, "")
      .replaceAll(" ", "-");
    let count = 0;
    while (anchors.has(count === 0 ? anchor : `${anchor}-${count}`)) count++;
    anchors.add(count === 0 ? anchor : `${anchor}-${count}`);
  }
  return anchors;
}

/** Links to files of the repository; those to the web are not followed. */
function findLinks(path: string, prose: readonly string[]): Link[] {
  return prose.flatMap((text, i) =>
    [...withoutInlineCode(text).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target]) => {
      if (/^[a-z]+:/.test(target!)) return [];
      const [file, anchor] = target!.split("#") as [string, string | undefined];
      return [{ line: i + 1, path: file === "" ? path : posix.join(posix.dirname(path), file), anchor }];
    }),
  );
}

function withoutInlineCode(text: string): string {
  return text.replace(/`[^`]*`/g, "");
}
