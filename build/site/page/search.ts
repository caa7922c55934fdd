/** The search: in the page, over sections that are fetched when something is looked for. */

import MiniSearch from "minisearch";

/** A section of a page, as `search.json` lists them. */
export interface SearchEntry {
  readonly id: string;
  readonly page: string;
  readonly heading: string;
  readonly body: string;
}

const MOST = 40;

export function startSearch(siteUrl: URL): void {
  const field = document.querySelector<HTMLInputElement>("[role=search] input")!;
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || isTyping(event.target)) return;
    event.preventDefault();
    field.focus();
  });
  const results = document.querySelector<HTMLElement>("#results");
  if (results !== null) void answer(field, results, siteUrl);
}

async function answer(field: HTMLInputElement, results: HTMLElement, siteUrl: URL): Promise<void> {
  field.value = new URLSearchParams(location.search).get("q") ?? "";
  const index = new MiniSearch<SearchEntry>({
    fields: ["heading", "page", "body"],
    storeFields: ["page", "heading", "body"],
    searchOptions: { boost: { heading: 4, page: 2 }, prefix: true, fuzzy: (term) => (term.length > 4 ? 0.2 : false) },
  });
  await index.addAllAsync(await (await fetch(new URL("search.json", siteUrl))).json(), { chunkSize: 40 });
  const show = () => {
    const query = field.value.trim();
    history.replaceState(null, "", query === "" ? location.pathname : `?q=${encodeURIComponent(query)}`);
    results.replaceChildren(...resultsOf(index, query, siteUrl));
  };
  show();
  field.addEventListener("input", show);
  field.form!.addEventListener("submit", (event) => {
    event.preventDefault();
    show();
  });
  field.focus();
}

function resultsOf(index: MiniSearch<SearchEntry>, query: string, siteUrl: URL): HTMLElement[] {
  if (query === "") return [paragraph("Type what you look for: a name such as setLogProb, or a word.")];
  const all = index.search(query, { combineWith: "AND" });
  const found = all.length > 0 ? all : index.search(query, { combineWith: "OR" });
  const count =
    found.length > MOST
      ? `The best ${MOST} of ${found.length} sections.`
      : `${found.length} ${found.length === 1 ? "section" : "sections"}.`;
  if (found.length === 0) return [paragraph(`Nothing has “${query}”.`)];
  const list = document.createElement("ol");
  for (const { id, page, heading, body, terms } of found.slice(0, MOST)) {
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = new URL(id, siteUrl).href;
    link.textContent = heading === page ? page : `${page}: ${heading}`;
    item.append(link, excerpt(body, terms));
    list.append(item);
  }
  return [paragraph(count), list];
}

/** What stands around the first word that was found, the words marked. */
function excerpt(body: string, terms: readonly string[]): HTMLElement {
  const words = new RegExp(terms.map((term) => term.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|"), "gi");
  const at = Math.max(0, body.search(words) - 60);
  const text = body.slice(at, at + 220);
  const result = paragraph(at > 0 ? "… " : "");
  let end = 0;
  for (const match of text.matchAll(words)) {
    const mark = document.createElement("mark");
    mark.textContent = match[0];
    result.append(text.slice(end, match.index), mark);
    end = match.index + match[0].length;
  }
  result.append(text.slice(end), at + 220 < body.length ? " …" : "");
  return result;
}

function paragraph(text: string): HTMLElement {
  const element = document.createElement("p");
  element.textContent = text;
  return element;
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("input, textarea, select, [contenteditable]");
}
