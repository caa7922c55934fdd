/** What a request asks for. */

export interface Target {
  /** The decoded parts of the path, each a name by itself; the last one is `index.html` for a folder. */
  readonly names: readonly string[];
  readonly query: URLSearchParams;
}

/** Undefined for what no page of ours asks for: parts that are empty, lead upwards or hide a slash. */
export function parseTarget(url: string): Target | undefined {
  const [path = "", query = ""] = url.split("?");
  if (!path.startsWith("/")) return undefined;
  try {
    const names = path.slice(1).split("/").map(decodeURIComponent);
    if (names.at(-1) === "") names[names.length - 1] = "index.html";
    return names.every(isName) ? { names, query: new URLSearchParams(query) } : undefined;
  } catch {
    return undefined;
  }
}

function isName(part: string): boolean {
  return !["", ".", ".."].includes(part) && !/[/\\\0]/.test(part);
}
