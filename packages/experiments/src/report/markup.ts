/** HTML in which every text is escaped unless it says that it is markup already. */

import { printable } from "../foreign-text.ts";

/** Text that is HTML or SVG already. */
export interface Markup {
  readonly markup: string;
}

type Content = string | number | Markup | readonly Content[];

/**
 * A template whose values are escaped: text is shown as it is, in elements and in quoted attributes. Nested templates
 * stay markup, and lists are joined.
 *
 *     html`<p title="${title}">${paragraphs.map((text) => html`${text}<br>`)}</p>`
 */
export function html(fragments: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return { markup: fragments.map((fragment, i) => fragment + (i < values.length ? render(values[i]!) : "")).join("") };
}

/** Markup from elsewhere, put in as it is. */
export function trusted(markup: string): Markup {
  return { markup };
}

function render(content: Content): string {
  if (typeof content === "string" || typeof content === "number") return escapeText(String(content));
  return "markup" in content ? content.markup : content.map(render).join("");
}

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Without control characters: SVG allows none of them, and a report may show texts of foreign origin. */
function escapeText(text: string): string {
  return printable(text).replace(/[&<>"']/g, (character) => ESCAPES[character]!);
}
