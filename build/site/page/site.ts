/** What the pages do by themselves: colours, copying, the list of versions, and working offline. */

import "./site.css";
import { register } from "./offline.ts";
import { startSearch } from "./search.ts";

const html = document.documentElement;
/** The folder of the site, from wherever it is served. */
export const siteUrl = new URL(html.dataset.root!, location.href);

offerTheme(document.querySelector<HTMLButtonElement>("button.theme")!);
for (const block of document.querySelectorAll<HTMLElement>(".code-block.program")) offerCopy(block);
void offerVersions(document.querySelector<HTMLElement>("[data-versions]")!);
startSearch(siteUrl);
register(siteUrl);

function offerTheme(button: HTMLButtonElement): void {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (html.dataset.theme === undefined ? system.matches : html.dataset.theme === "dark");
  const name = () => {
    button.ariaLabel = isDark() ? "Light colours" : "Dark colours";
    button.title = button.ariaLabel;
  };
  button.innerHTML = `<svg viewBox="0 0 20 20" aria-hidden="true"><circle cx="10" cy="10" r="7"/><path d="M10 3a7 7 0 0 1 0 14Z"/></svg>`;
  button.hidden = false;
  name();
  system.addEventListener("change", name);
  button.addEventListener("click", () => {
    html.dataset.theme = isDark() ? "light" : "dark";
    localStorage.setItem(html.dataset.themeKey!, html.dataset.theme);
    name();
  });
}

function offerCopy(block: HTMLElement): void {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.ariaLive = "polite";
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(block.querySelector("code")!.textContent);
    button.textContent = "Copied";
    setTimeout(() => {
      button.textContent = "Copy";
    }, 2000);
  });
  block.append(button);
}

/** Where there are other versions, the one of this page becomes a list of all. */
async function offerVersions(place: HTMLElement): Promise<void> {
  const address = new URL("versions.json", siteUrl);
  const response = await fetch(address).catch(() => undefined);
  // Without a network, and never asked before.
  if (!response?.ok) return;
  const versions: { version: string; path: string }[] = await response.json();
  if (versions.length < 2) return;
  const select = document.createElement("select");
  select.ariaLabel = "Version";
  for (const { version, path } of versions) {
    const isThis = new URL(path, address).href === siteUrl.href;
    select.append(new Option(version, new URL(`${path}index.html`, address).href, isThis, isThis));
  }
  select.addEventListener("change", () => location.assign(select.value));
  place.replaceChildren(select);
}
