/** TypeScript in colours, no more than these pages need. */

export interface CodePart {
  readonly kind: "comment" | "text" | "keyword" | "number" | "other";
  readonly text: string;
}

const PARTS =
  /(?<comment>\/\*[\s\S]*?\*\/|\/\/.*)|(?<text>"[^"]*"|`[^`]*`)|(?<keyword>\b(?:as|async|await|const|else|export|for|from|function|if|import|interface|let|of|readonly|return|type)\b)|(?<number>\b\d[\d_.e]*\b)/g;

export function codeParts(source: string): CodePart[] {
  const parts: CodePart[] = [];
  let end = 0;
  for (const match of source.matchAll(PARTS)) {
    if (match.index > end) parts.push({ kind: "other", text: source.slice(end, match.index) });
    const [kind] = Object.entries(match.groups!).find(([, text]) => text !== undefined)!;
    parts.push({ kind: kind as CodePart["kind"], text: match[0] });
    end = match.index + match[0].length;
  }
  if (end < source.length) parts.push({ kind: "other", text: source.slice(end) });
  return parts;
}
