/** Markdown as HTML, its code in colours, its headings with anchors, its links as they are on the site. */

import { posix } from "node:path";
import Slugger from "github-slugger";
import highlighter from "highlight.js/lib/core";
import shell from "highlight.js/lib/languages/bash";
import json from "highlight.js/lib/languages/json";
import python from "highlight.js/lib/languages/python";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import MarkdownIt, { type StateCore, type Token } from "markdown-it";
import type { Source } from "./documents.ts";
import { programFollower } from "./programs.ts";

export interface Heading {
  readonly level: number;
  readonly anchor: string;
  readonly text: string;
}

/** What stands below a heading, for the search. */
interface Section extends Heading {
  readonly body: string;
}

export interface Rendered {
  readonly html: string;
  readonly title: string;
  /** Its first paragraph. */
  readonly summary: string;
  readonly headings: readonly Heading[];
  readonly sections: readonly Section[];
}

/** Where the links of a document lead on the site. */
export interface Linker {
  /** @param target a path of the repository, or of the reference; undefined for one that has no address: its link becomes text */
  document(target: string): string | undefined;
  /** The address at which a piece of code is documented, such as `categorical.relax`. */
  code(name: string): string | undefined;
}

for (const [name, language] of Object.entries({ typescript, shell, json, python, xml }))
  highlighter.registerLanguage(name, language);
const LANGUAGES: Readonly<Record<string, string>> = {
  ...{ ts: "typescript", js: "typescript", typescript: "typescript", sh: "shell", bash: "shell" },
  ...{ json: "json", python: "python", py: "python", html: "xml", xml: "xml" },
};

export function renderMarkdown({ path, address, text, kind }: Source, linker: Linker): Rendered {
  const markdown = new MarkdownIt({ html: true, linkify: false });
  let headings: Heading[] = [];
  const linked = new Set<string>();
  markdown.core.ruler.push("site", ({ tokens, Token }) => {
    headings = nameHeadings(tokens, Token);
    for (const token of tokens) {
      if (token.type === "inline")
        token.children = withLinks(token.children!, { path, address, linker, linked, Token });
    }
  });
  const programUpTo = programFollower();
  markdown.renderer.rules.fence = (tokens, i) => {
    const { content, info } = tokens[i]!;
    const program = kind === "guide" && info.trim() === "ts" ? programUpTo(content) : undefined;
    return codeBlock(content, info.trim(), program && studioFrom(address) + program);
  };
  markdown.renderer.rules.code_block = (tokens, i) =>
    studioViews(tokens[i]!.content, address) ?? codeBlock(tokens[i]!.content, "");
  markdown.renderer.rules.table_open = () =>
    `<div class="scroll" role="group" aria-label="Table" tabindex="0"><table>\n`;
  markdown.renderer.rules.table_close = () => "</table></div>\n";
  // The corner above a column of names heads nothing.
  const cell = (tokens: readonly Token[], i: number) => (tokens[i]?.content === "" ? "td" : "th");
  markdown.renderer.rules.th_open = (tokens, i) => `<${cell(tokens, i + 1)}${alignment(tokens[i]!)}>`;
  markdown.renderer.rules.th_close = (tokens, i) => `</${cell(tokens, i - 1)}>`;
  markdown.renderer.rules.td_open = (tokens, i) => `<td${alignment(tokens[i]!)}>`;
  const tokens = markdown.parse(text, {});
  const sections = sectionsOf(tokens, headings);
  return {
    html: markdown.renderer.render(tokens, markdown.options, {}),
    title: headings[0]?.text ?? "",
    summary: sections[0]?.body.slice(0, 200) ?? "",
    headings,
    sections,
  };
}

type TokenClass = StateCore["Token"];

/** Gives every heading its anchor, as the pages of code hosts name them, and a link to itself. */
function nameHeadings(tokens: readonly Token[], Token: TokenClass): Heading[] {
  const slugger = new Slugger();
  return tokens.flatMap((token, i) => {
    if (token.type !== "heading_open") return [];
    const inline = tokens[i + 1]!;
    const text = plainText(inline);
    // Type parameters are no part of a name.
    const anchor = slugger.slug(text.replace(/<.*>/, ""));
    token.attrSet("id", anchor);
    const level = Number(token.tag.slice(1));
    if (level > 1 && level < 4) {
      const link = new Token("html_inline", "", 0);
      link.content = `<a class="anchor" href="#${anchor}" aria-label="Link to ${escapeHtml(text)}">#</a>`;
      inline.children!.push(link);
    }
    return [{ level, anchor, text }];
  });
}

interface Place {
  readonly path: string;
  readonly address: string;
  readonly linker: Linker;
  /** What has been linked to the reference already: once a page is enough. */
  readonly linked: Set<string>;
  readonly Token: TokenClass;
}

function withLinks(tokens: readonly Token[], place: Place): Token[] {
  const result: Token[] = [];
  const open: boolean[] = [];
  for (const token of tokens) {
    if (token.type === "link_open") {
      const href = targetOf(String(token.attrGet("href")), place);
      open.push(href !== undefined);
      if (href !== undefined) token.attrSet("href", href);
      if (href !== undefined) result.push(token);
    } else if (token.type === "link_close") {
      if (open.pop()) result.push(token);
    } else if (token.type === "code_inline" && open.length === 0) result.push(...linkedCode(token, place));
    else result.push(token);
  }
  return result;
}

function targetOf(href: string, { path, address, linker }: Place): string | undefined {
  if (/^(\w+:|#)/.test(href)) return href;
  const [file, anchor] = href.split("#");
  const target = linker.document(posix.normalize(posix.join(posix.dirname(path), decodeURI(file!))));
  if (target === undefined) return undefined;
  const relative = /^\w+:/.test(target) ? target : posix.relative(posix.dirname(address), target);
  return anchor === undefined ? relative : `${relative}#${anchor}`;
}

function linkedCode(token: Token, { address, linker, linked, Token }: Place): Token[] {
  const name = /^[\w.]+/.exec(token.content)?.[0] ?? "";
  const isCall = token.content === name || token.content.startsWith(`${name}(`);
  const target = isCall && !linked.has(name) ? linker.code(name) : undefined;
  if (target === undefined || target.split("#")[0] === address) return [token];
  linked.add(name);
  const open = new Token("link_open", "a", 1);
  open.attrs = [
    ["class", "code"],
    ["href", posix.relative(posix.dirname(address), target)],
  ];
  return [open, token, new Token("link_close", "a", -1)];
}

/** @param playground where the code can be run, if it can */
function codeBlock(source: string, info: string, playground?: string): string {
  const language = LANGUAGES[info];
  const html =
    language === undefined
      ? escapeHtml(source)
      : highlighter.highlight(source, { language, ignoreIllegals: true }).value;
  const label = info === "text" ? "Output" : info === "" ? "Text" : "Code";
  const open = playground === undefined ? "" : `<a class="open" href="${escapeHtml(playground)}">Open in the page</a>`;
  return `<div class="code-block${language === undefined ? "" : " program"}"><pre tabindex="0" role="group" aria-label="${label}"><code>${html}</code></pre>${open}</div>\n`;
}

/** The studio's page, from a page of the site. */
function studioFrom(address: string): string {
  return posix.relative(posix.dirname(address), "studio/index.html");
}

/** Addresses of the studio, which begin with `#/`, lead there. */
function studioViews(content: string, address: string): string | undefined {
  const lines = content.trim().split("\n");
  if (!lines.every((line) => line.startsWith("#/"))) return undefined;
  const studio = studioFrom(address);
  const links = lines.map(
    (line) => `<li><a href="${studio}${escapeHtml(line)}"><code>${escapeHtml(line)}</code></a></li>`,
  );
  return `<ul class="views">${links.join("")}</ul>\n`;
}

/** A class in place of a style attribute, which a host with a strict policy would not let count. */
function alignment(token: Token): string {
  const [, side] = /text-align:(\w+)/.exec(String(token.attrGet("style") ?? "")) ?? [];
  return side === undefined ? "" : ` class="${side}"`;
}

function sectionsOf(tokens: readonly Token[], headings: readonly Heading[]): Section[] {
  const sections: { heading: Heading; parts: string[] }[] = [];
  let next = 0;
  for (const [i, token] of tokens.entries()) {
    if (token.type === "heading_open") {
      const heading = headings[next++]!;
      if (heading.level < 4) sections.push({ heading, parts: [] });
    } else if (token.type === "inline" && tokens[i - 1]?.type !== "heading_open")
      sections.at(-1)?.parts.push(plainText(token));
    else if (token.type === "fence" || token.type === "code_block") sections.at(-1)?.parts.push(token.content);
  }
  return sections.map(({ heading, parts }) => ({ ...heading, body: parts.join(" ").replace(/\s+/g, " ").trim() }));
}

function plainText({ children }: Token): string {
  return children!
    .filter(({ type }) => type !== "html_inline")
    .map(({ type, content }) => (type === "softbreak" ? " " : content))
    .join("");
}

export function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
