/** The site as it is built: its links, and its pages in a browser, from a plain server, below a path. */

import { readdirSync, readFileSync } from "node:fs";
import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lacksChromium, launchChromium, listen } from "@softdraw/testing/chromium";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { programFollower } from "../build/site/programs.ts";
import { buildSite, siteOptions, writeWorker } from "../build/site/site.ts";
import { checkFolder, type Version, versionsOf, writeVersions } from "../build/site/versions.ts";
import { unpackCode } from "../packages/studio/src/pages/play/packed-code.ts";
import { buildStudio } from "../packages/studio/test/studio.ts";
import { faultsOf, type ServedSite, serveSite, type View } from "./site/served.ts";

const PATIENCE_MS = 180_000;
const NEXT = "/* next */";
const BASE = "https://example.org/softdraw/";

let folder: string;
let pages: string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "softdraw-site-"));
  const studio = await buildStudio();
  await buildSite({ folder, studio: studio.folder, base: BASE });
  await studio.remove();
  // A worker of a page, as the engine's is: it says whether the build that it sees is the next one.
  const probe = `onmessage = async () => postMessage((await (await fetch("site.js")).text()).includes("${NEXT}"));`;
  await writeFile(join(folder, "assets/probe.js"), probe);
  await writeWorker(folder);
  pages = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".html"));
}, PATIENCE_MS);

afterAll(() => rm(folder, { recursive: true, force: true }));

const read = (path: string) => readFileSync(join(folder, path), "utf8");

test("what cannot be relative to a page has the address of the site", () => {
  const preview = `<meta property="og:image" content="${BASE}studio/preview.png">`;
  for (const page of ["index.html", "guides/subset.html", "studio/index.html"]) expect(read(page)).toContain(preview);
  expect(read("404.html")).toContain(`<base href="${BASE}">`);
  expect(read("index.html")).not.toContain("<base");
});

test("options are refused in one line, and an address ends with a slash", () => {
  expect(siteOptions(["--base", "https://example.org/a"])).toMatchObject({ base: "https://example.org/a/" });
  expect(siteOptions(["--help"])).toBeUndefined();
  expect(() => siteOptions(["--folder", "x"])).toThrow("Unknown option '--folder'. --help says what there is.");
  expect(() => siteOptions(["--base", "example.org"])).toThrow(
    'such as https://example.org/softdraw/, got "example.org"',
  );
});

describe("links", () => {
  test("lead to files and anchors of the site, by relative addresses", () => {
    const files = new Set(readdirSync(folder, { recursive: true, encoding: "utf8" }));
    const anchors = new Map(pages.map((page) => [page, idsOf(read(page))]));
    const broken = pages.flatMap((page) =>
      [...read(page).matchAll(/ (?:href|src|action)="([^"]*)"/g)].flatMap(([, link]) => {
        if (/^https:\/\//.test(link!)) return [];
        const target = new URL(link!.replaceAll("&amp;", "&"), `file:///${page}`);
        const path = decodeURI(target.pathname).slice(1);
        const anchor = target.hash.slice(1);
        // The studio has its state there.
        const isThere = path.startsWith("studio/") || anchor === "" || anchors.get(path)?.has(anchor);
        return files.has(path) && isThere && !link!.startsWith("/") ? [] : [`${page}: ${link}`];
      }),
    );
    expect(broken).toEqual([]);
    expect(pages.length).toBeGreaterThan(80);
  });

  test("lead from what guides import and call to the reference", () => {
    const imported = [...read("guides/trained-models.html").matchAll(/@softdraw\/experiments\/([\w/-]+)/g)];
    const documented = pages.map((page) => /<h1[^>]*>([^<]*)/.exec(read(page))?.[1]);
    expect(imported.length).toBeGreaterThan(2);
    for (const [module] of imported) expect(documented).toContain(module);
    expect(read("guides/gradients.html")).toContain('class="code" href="../reference/softdraw/index.html#vimco"');
  });
});

describe("code", () => {
  test("that runs in the page leads there, with the program as far as the block goes", () => {
    const blocks = blocksOf("guides/gradients.html").filter(({ code }) => !code.startsWith("npx "));
    expect(blocks.length).toBeGreaterThan(5);
    expect(blocks.filter(({ program }) => program === undefined)).toEqual([]);
    const [first, second] = blocks;
    expect(first!.program).toBe(first!.code);
    expect(second!.program).toBe(`${first!.code}\n${second!.code}`);
  });

  test("that does not run there leads nowhere", () => {
    const programUpTo = programFollower();
    expect(programUpTo("const before = 1;")).toBeUndefined();
    for (const block of [
      'import { readFile } from "node:fs/promises";\nawait readFile("a");',
      'import { loadRun } from "@softdraw/lab/training/load-run";\nloadRun("a");',
      'import mine from "./mine.ts";\nmine();',
      'import "softdraw";\nprocess.exit();',
      `import "softdraw";\n// ${Array.from({ length: 5000 }, (_, i) => Math.sin(i))}`,
    ]) {
      expect(programUpTo(block), block.slice(0, 60)).toBeUndefined();
      expect(programUpTo("const after = 1;")).toBeUndefined();
    }
    expect(programUpTo('import { subset } from "softdraw";\nsubset;')).toMatch(/^#\/play\?code=[\w-]+$/);
    expect(read("guides/threads.html")).toContain("code-block");
    expect(read("guides/threads.html")).not.toContain('class="open"');
  });
});

/** The blocks of code of a page, and the programs that their links open. */
function blocksOf(page: string): { code: string; program: string | undefined }[] {
  return read(page)
    .split('<div class="code-block program">')
    .slice(1)
    .map((html) => html.split("</div>")[0]!)
    .flatMap((html) => {
      const [, code] = /<code>(.*)<\/code>/s.exec(html)!;
      const text = code!.replace(/<[^>]*>/g, "").replace(/&(\w+|#x27);/g, (_, name) => ENTITIES[name]!);
      const packed = /class="open" href="[^"]*#\/play\?code=([^"]*)"/.exec(html)?.[1];
      return [{ code: text, program: packed === undefined ? undefined : unpackCode(packed) }];
    });
}

const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', "#x27": "'" };

test("earlier versions are kept, each with the list as it is seen from there", async () => {
  const place = await mkdtemp(join(tmpdir(), "softdraw-versions-"));
  onTestFinished(() => rm(place, { recursive: true }));
  const [first, second, third] = ["first", "second", "third"].map((name) => join(place, name)) as [
    string,
    string,
    string,
  ];
  const make = async (folder: string, version: string, earlier?: string) => {
    const versions = await versionsOf(version, earlier);
    checkFolder(folder, earlier);
    await mkdir(folder);
    await writeFile(join(folder, "index.html"), version);
    await writeVersions(folder, versions, earlier);
  };
  await make(first, "1.0.0");
  await make(second, "2.0.0", first);
  await make(third, "3.0.0", second);
  const files = readdirSync(third, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".html"));
  expect(files.sort()).toEqual(["1.0.0/index.html", "2.0.0/index.html", "index.html"]);
  for (const from of ["", "1.0.0", "2.0.0"]) {
    const versions: Version[] = JSON.parse(readFileSync(join(third, from, "versions.json"), "utf8"));
    const there = versions.map(({ path }) => readFileSync(join(third, from, path, "index.html"), "utf8"));
    expect(there).toEqual(["3.0.0", "2.0.0", "1.0.0"]);
    expect(there).toEqual(versions.map(({ version }) => version));
  }
  await expect(versionsOf("3.0.0", third)).rejects.toThrow("has version 3.0.0, too");
  await expect(versionsOf("3.0.0", place)).rejects.toThrow("is no site");
  expect(() => checkFolder(place, undefined)).toThrow("has other files than those of a site");
  expect(() => checkFolder(third, join(third, "1.0.0"))).toThrow("the earlier site is in it");
});

function idsOf(html: string): Set<string> {
  const ids = [...html.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id!);
  expect(new Set(ids).size).toBe(ids.length);
  return new Set(ids);
}

describe.skipIf(lacksChromium("The site"))("in a browser", { timeout: PATIENCE_MS }, () => {
  let site: ServedSite;
  let url: string;
  let browser: Browser;

  beforeAll(async () => {
    site = await serveSite(folder);
    ({ url } = site);
    browser = await launchChromium("--disable-gpu");
  }, PATIENCE_MS);

  afterAll(async () => {
    await browser?.close();
    site?.close();
  });

  const VIEWS: readonly View[] = [
    { width: 390, colorScheme: "light" },
    { width: 1440, colorScheme: "dark" },
  ];

  // All others, and all views: npm run unit:slow.
  test.each([
    "index.html",
    "guides/which-structure.html",
    "reference/softdraw/assignment.html",
    "search.html?q=setLogProb",
  ])("%s has no fault", async (place) => {
    expect(await faultsOf(browser, url, place, VIEWS)).toEqual([]);
  });

  test("a search that is typed on any page finds a function, and leads to it", async () => {
    const page = await browser.newPage();
    await page.goto(`${url}guides/subset.html`);
    await page.keyboard.press("/");
    await page.keyboard.type("setLogProb");
    await page.keyboard.press("Enter");
    await page.getByRole("link", { name: "subset: setLogProb()", exact: true }).click();
    await page.waitForURL(`${url}reference/softdraw/subset.html#setlogprob`);
    await page.close();
  });

  test("the colours that are chosen are the studio's, too", async () => {
    const page = await browser.newPage({ colorScheme: "light" });
    await page.goto(url);
    await page.getByRole("button", { name: "Dark colours" }).click();
    await page.getByRole("link", { name: "Studio", exact: true }).click();
    await page.getByRole("button", { name: "Light colours" }).waitFor();
    await page.getByRole("link", { name: "Guides", exact: true }).click();
    await page.getByRole("button", { name: "Light colours" }).waitFor();
    await page.close();
  });

  describe("with its service worker", () => {
    let context: BrowserContext;

    beforeAll(async () => {
      context = await browser.newContext();
    });
    afterAll(() => context?.close());

    const isolated = (page: Page) => page.evaluate(() => crossOriginIsolated);

    test("the studio gets threads by itself, and all works without a network", async () => {
      const page = await context.newPage();
      await page.goto(`${url}studio/`);
      await expect.poll(() => isolated(page).catch(() => false), { timeout: 60_000 }).toBe(true);
      await context.setOffline(true);
      const { complaints } = listen(page);
      for (const place of ["guides/subset.html", "search.html?q=sinkhorn", "studio/#/subsets"]) {
        await page.goto(url + place);
        await page.locator("main h1").waitFor();
        expect(await isolated(page)).toBe(true);
      }
      await page.waitForFunction(() => document.querySelector("header .dot.ready"));

      // Programs of the guides, by their links.
      for (const [place, prints] of [
        ["guides/performance.html", "[ 1000000 ]"],
        ["guides/nearest-neighbours.html", "2.00 2.00"],
        ["guides/from-gumbel-softmax.html", "0  0  1  0"],
      ] as const) {
        const link = /class="open" href="([^"]*)"/.exec(read(place))![1]!;
        await page.goto(new URL(link, url + place).href);
        await page.getByRole("button", { name: "Run", exact: true }).click();
        const status = page.locator("main").getByRole("status");
        await expect.poll(() => status.innerText(), { timeout: PATIENCE_MS }).toMatch(/Finished in|error/);
        expect(await page.locator("main .error").allInnerTexts()).toEqual([]);
        expect(await page.getByRole("log").innerText()).toContain(prints);
      }
      expect(complaints).toEqual([]);
      await context.setOffline(false);
      await page.close();
    });

    test("a page keeps the build that it came from, and one that is opened later has the next as a whole", async () => {
      const marked = (page: Page) =>
        page.evaluate(async (mark) => {
          const scope = globalThis as unknown as { probe?: Worker };
          scope.probe ??= new Worker("../assets/probe.js");
          const { probe } = scope;
          const fromWorker = new Promise<boolean>((resolve) => {
            probe.onmessage = ({ data }) => resolve(data);
          });
          probe.postMessage("?");
          const read = async (name: string) => (await (await fetch(name)).text()).includes(mark);
          return [await read("../assets/site.js"), await read("../assets/theme.js"), await fromWorker];
        }, NEXT);
      const old = await context.newPage();
      await old.goto(`${url}guides/subset.html`);
      expect(await marked(old)).toEqual([false, false, false]);
      for (const name of ["site.js", "theme.js"]) await appendFile(join(folder, "assets", name), NEXT);
      // A host that is between two builds: the list is the next one's, and a file is not.
      await writeWorker(folder);
      const worker = await readFile(join(folder, "worker.js"), "utf8");
      await appendFile(join(folder, "assets/theme.js"), "/* neither */");
      const update = () =>
        old.evaluate(async () => {
          const registration = (await navigator.serviceWorker.getRegistration())!;
          const active = registration.active;
          const next = (await registration.update()).installing!;
          await new Promise<void>((resolve) => {
            next.addEventListener("statechange", () => {
              if (["activated", "redundant"].includes(next.state)) resolve();
            });
          });
          return registration.active === active ? "refused" : "taken";
        });
      expect(await update()).toBe("refused");
      expect(await marked(old)).toEqual([false, false, false]);

      await writeWorker(folder);
      expect(await readFile(join(folder, "worker.js"), "utf8")).not.toBe(worker);
      expect(await update()).toBe("taken");
      expect(await marked(old)).toEqual([false, false, false]);
      const next = await context.newPage();
      await next.goto(`${url}guides/subset.html`);
      expect(await marked(next)).toEqual([true, true, true]);
      expect(await marked(old)).toEqual([false, false, false]);
    });
  });
});
