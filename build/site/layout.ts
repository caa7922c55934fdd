/** The frame of a page: header, lists of pages, what is on this page, footer. */

import { posix } from "node:path";
import type { Group } from "./documents.ts";
import { escapeHtml, type Heading } from "./markdown.ts";

export interface PageParts {
  readonly address: string;
  readonly title: string;
  readonly summary: string;
  readonly html: string;
  readonly headings: readonly Heading[];
  readonly kind: "guide" | "reference" | "search";
  readonly groups: readonly Group[];
  readonly version: string;
  /** The address of the site, where it is known. */
  readonly base: string | undefined;
}

const SECTIONS = [
  { kind: "guide", title: "Guides", address: "index.html" },
  { kind: "reference", title: "Reference", address: "reference/index.html" },
] as const;

/** Fetched with the page: a letter that comes late is not shown at all, so that none moves another. */
const FONTS = ["source-sans-3", "source-serif-4", "source-code-pro"].map((name) => `${name}-latin-wght-normal`);

/** The picture that a link is shown with. */
export const PREVIEW = "studio/preview.png";

/** Where the browser keeps which colours were chosen: the studio's name for it, so that both have the same. */
const THEME_KEY = "softdraw-theme";

export function pageHtml(parts: PageParts): string {
  const { address, title, summary, html, headings, kind, groups, version } = parts;
  const to = (target: string) => posix.relative(posix.dirname(address), target) || posix.basename(target);
  const root = posix.relative(posix.dirname(address), "") || ".";
  const isStart = address === "index.html";
  const contents = headings.filter(({ level }) => level === 2 || level === 3);
  const sections = SECTIONS.map(
    (section) =>
      `<a href="${to(section.address)}"${section.kind === kind ? ' aria-current="true"' : ""}>${section.title}</a>`,
  );
  return `<!doctype html>
<html lang="en" data-root="${root}/" data-theme-key="${THEME_KEY}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="description" content="${escapeHtml(summary)}">
${aboutLinks(parts)}
<title>${isStart ? "Softdraw" : `${escapeHtml(title)} · Softdraw`}</title>
<link rel="icon" href="${to("studio/icon.svg")}" type="image/svg+xml">
${FONTS.map((name) => `<link rel="preload" as="font" type="font/woff2" crossorigin href="${to(`assets/${name}.woff2`)}">`).join("\n")}
<link rel="stylesheet" href="${to("assets/site.css")}">
<script src="${to("assets/theme.js")}"></script>
<script type="module" src="${to("assets/site.js")}"></script>
</head>
<body>
<a class="skip" href="#page">Skip to the page</a>
<header>
<a class="brand" href="${to("index.html")}">Softdraw</a>
<nav aria-label="Parts">${sections.join("")}<a href="${to("studio/index.html")}">Studio</a></nav>
<form role="search" action="${to("search.html")}">
<input type="search" name="q" aria-label="Search guides and reference" placeholder="Search" autocomplete="off">
</form>
<span class="version" data-versions>${version}</span>
<button type="button" class="theme" hidden></button>
</header>
<div class="columns">
${kind === "search" ? "" : listOfPages(groups, address, kind, to)}
<main id="page" tabindex="-1" class="${kind}">
${contents.length < 2 ? "" : contentsHtml(contents, "narrow")}
${html}
</main>
${contents.length < 2 ? "" : contentsHtml(contents, "wide")}
</div>
<footer><p class="quiet">Softdraw ${version}, under the MIT licence. <a href="${to("assets/licenses.txt")}">Licences of what it contains</a></p></footer>
</body>
</html>
`;
}

/**
 * What a link to the page is shown with: its picture takes a whole address. The page that hosts show at any address has links from the
 * root of the site, wherever that is.
 */
function aboutLinks({ address, title, summary, base }: PageParts): string {
  const lines = [
    ...(base !== undefined && address === "404.html" ? [`<base href="${escapeHtml(base)}">`] : []),
    '<meta property="og:type" content="website">',
    `<meta property="og:title" content="${escapeHtml(title)}">`,
    `<meta property="og:description" content="${escapeHtml(summary)}">`,
    ...(base === undefined ? [] : [`<meta property="og:image" content="${escapeHtml(base + PREVIEW)}">`]),
  ];
  return lines.join("\n");
}

function listOfPages(
  groups: readonly Group[],
  address: string,
  kind: PageParts["kind"],
  to: (address: string) => string,
): string {
  const lists = groups.map(({ title, pages }) => {
    const items = pages.map(
      (page) =>
        `<li><a href="${to(page.address)}"${page.address === address ? ' aria-current="page"' : ""}>${escapeHtml(page.title)}</a></li>`,
    );
    return `<p class="group">${escapeHtml(title)}</p>\n<ul>${items.join("\n")}</ul>`;
  });
  const label = kind === "reference" ? "Reference" : "Guides";
  return `<nav class="pages" aria-label="${label}"><details open><summary>${label}</summary>\n${lists.join("\n")}\n</details></nav>\n<script src="${to("assets/fold.js")}"></script>`;
}

/** Beside the page where there is room, folded above it where there is none. */
function contentsHtml(headings: readonly Heading[], place: "narrow" | "wide"): string {
  const items = headings.map(
    ({ level, anchor, text }) => `<li class="level-${level}"><a href="#${anchor}">${escapeHtml(text)}</a></li>`,
  );
  const list = `<ul>${items.join("\n")}</ul>`;
  if (place === "wide")
    return `<nav class="contents wide" aria-label="On this page"><p class="group">On this page</p>${list}</nav>`;
  return `<nav class="contents narrow" aria-label="On this page, folded"><details><summary>On this page</summary>${list}</details></nav>`;
}
