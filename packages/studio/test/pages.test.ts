/** The pages in a browser, driven as a user would. */

import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { pageHeaders } from "@softdraw/lab/server/headers";
import { barriers } from "@softdraw/testing/barriers";
import { lacksChromium, launchChromium, listen } from "@softdraw/testing/chromium";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildStudio, type Served, serveStudio } from "./studio.ts";
import { expectEveryView } from "./views.ts";

const sections = ["categorical", "subsets", "permutations", "trees"] as const;

const LAPTOP = { width: 1280, height: 800 };

/** A browser, a page and its engine start many times here, beside all else that is tested. */
const PATIENCE_MS = 180_000;

describe.skipIf(lacksChromium("The studio"))("in a browser", { timeout: PATIENCE_MS }, () => {
  let built: Awaited<ReturnType<typeof buildStudio>>;
  let served: Served;
  let browser: Browser;

  beforeAll(async () => {
    built = await buildStudio();
    served = await serveStudio(built.folder);
    browser = await launchChromium("--disable-gpu");
  }, PATIENCE_MS);

  afterAll(async () => {
    await browser?.close();
    await served?.close();
    await built?.remove();
  });

  interface Visit {
    readonly page: Page;
    /** Expects that nothing was complained of or fetched from elsewhere. */
    check(): void;
  }

  async function open(place: string, options: BrowserContextOptions & { server?: Served } = {}): Promise<Visit> {
    const { server = served, ...context } = options;
    const page = await browser.newPage({ viewport: LAPTOP, ...context });
    page.setDefaultTimeout(PATIENCE_MS);
    const { complaints, requests } = listen(page);
    await page.goto(server.url + place);
    await answered(page);
    const check = () => {
      expect(complaints).toEqual([]);
      expect(requests.filter((url) => !url.startsWith(server.url) && !/^(blob|data):/.test(url))).toEqual([]);
    };
    return { page, check };
  }

  async function visit(place: string, act: (page: Page) => Promise<void>, options = {}): Promise<void> {
    const { page, check } = await open(place, options);
    try {
      await act(page);
      check();
    } finally {
      await page.close();
    }
  }

  describe.each(sections)("%s", (section) => {
    let page: Page;
    let check: Visit["check"];

    beforeAll(async () => {
      ({ page, check } = await open(`#/${section}`));
    }, PATIENCE_MS);

    afterAll(() => page?.close());

    test("fits every width and has no barriers, light and dark", async () => {
      await expectEveryView(page);
      check();
    });

    test("shows the code that runs", async () => {
      const blocks = await page.locator("pre code").allTextContents();
      expect(blocks.length).toBeGreaterThan(0);
      for (const block of blocks) expect(sourcesOf(section)).toContain(block);
    });

    test("lights up a symbol with its control, and leads there", async () => {
      const symbol = page.locator("math .symbol.temperature").first();
      await page.getByRole("slider", { name: "temperature" }).focus();
      expect(await symbol.getAttribute("class")).toContain("lit");
      await page.locator("h1").click();
      await symbol.click();
      const place = await page.evaluate(() =>
        document.activeElement!.closest("[data-symbol]")!.getAttribute("data-symbol"),
      );
      expect(place).toBe("temperature");
    });

    test("keeps its settings in the address, and when it is left", async () => {
      const temperature = () => page.getByLabel("temperature, as a number").inputValue();
      await setNumber(page, "temperature, as a number", "0.25");
      await page.waitForURL(/temperature=0\.25/);
      await page.reload();
      await answered(page);
      expect(await temperature()).toBe("0.25");
      await page.getByRole("link", { name: sectionOtherThan(section) }).click();
      await page.waitForURL((url) => !url.hash.includes(section));
      await page.getByRole("link", { name: titleOf(section), exact: true }).click();
      await answered(page);
      expect(await temperature()).toBe("0.25");
      await page.getByRole("button", { name: "Reset" }).click();
      await page.waitForURL(/#\/\w+$/);
      check();
    });

    test("says what an address has that it cannot take", async () => {
      await page.evaluate((section) => {
        location.hash = `#/${section}?temperature=-3`;
      }, section);
      await page.getByRole("alert").waitFor();
      expect(await page.getByRole("alert").textContent()).toContain(
        '“temperature” in the address: expected a number from 0.05 to 10, got "-3".',
      );
      check();
    });
  });

  test("the story: figures that answer, by keyboard, words explained, and the way to the subsets", () =>
    visit("", async (page) => {
      await page.emulateMedia({ reducedMotion: "reduce" });
      await expectEveryView(page);
      const step = (name: string) => page.getByRole("region", { name, exact: true });
      const ring = page.getByRole("button", { name: /^The odds: A / });
      const before = await ring.getAttribute("aria-label");
      await ring.focus();
      await page.keyboard.press("ArrowUp");
      expect(await ring.getAttribute("aria-label")).not.toBe(before);
      await page.waitForURL(/logits=/);

      const word = page.getByRole("button", { name: "logit", exact: true });
      await word.focus();
      const note = page.getByRole("tooltip");
      expect(await note.textContent()).toContain("A score, any number.");
      await page.keyboard.press("Escape");
      expect(await note.count()).toBe(0);

      await step("Noise draws it exactly").getByRole("button", { name: "Draw 1,000 times" }).click();
      const won = await step("Noise draws it exactly").locator("tbody td:nth-child(2)").allTextContents();
      expect(won.map(Number).reduce((a, b) => a + b)).toBe(1000);

      const tradeOff = step("The temperature trades bias for noise");
      const spread = async () =>
        Number(
          await tradeOff
            .getByRole("row", { name: /^standard/ })
            .locator("td")
            .last()
            .textContent(),
        );
      const ofMixtures = await spread();
      await tradeOff.getByLabel("the exact choice (straight-through)").check();
      await eventually(spread).toBeGreaterThan(ofMixtures);

      const lines = step("Use it in your model");
      await lines.getByRole("slider").scrollIntoViewIfNeeded();
      await lines.getByText(/^After 300 steps, of one draw each/).waitFor();

      await step("Subsets, orders and graphs").getByRole("link", { name: "Subsets" }).click();
      await page.getByRole("heading", { level: 1, name: "Subsets" }).waitFor();
    }));

  test("categorical: the temperature moves the draws and leaves their counts", () =>
    visit("#/categorical", async (page) => {
      const counts = () => page.locator(".controls table td:nth-child(2)").allTextContents();
      const before = { counts: await counts(), picture: await pixels(page) };
      expect(before.counts.map(Number).reduce((a, b) => a + b)).toBe(2000);
      const slider = page.getByRole("slider", { name: "temperature" });
      await slider.focus();
      for (let i = 0; i < 3; i++) await page.keyboard.press("PageDown");
      await eventually(() => pixels(page)).not.toBe(before.picture);
      expect(await counts()).toEqual(before.counts);
      expect(Number(await page.getByLabel("temperature, as a number").inputValue())).toBeLessThan(1);

      // A logit changes the law, and with it the counts.
      await setNumber(page, "logit of A, as a number", "-3");
      await eventually(counts).not.toEqual(before.counts);
      const shares = await page.locator(".controls table td:nth-child(4)").allTextContents();
      const weights = [-3, 0, -0.5].map(Math.exp);
      const expected = weights.map((w) => (w / weights.reduce((a, b) => a + b)).toFixed(3));
      expect(shares).toEqual(expected);

      await page.getByRole("button", { name: "Draw other noise" }).click();
      await page.waitForURL(/seed=2/);

      // A dot that is clicked is followed: near its corner it becomes the corner's class.
      const triangle = (await page.locator(".triangle canvas").boundingBox())!;
      const em = await page.evaluate(() => Number.parseFloat(getComputedStyle(document.documentElement).fontSize));
      await page.mouse.click(triangle.x + triangle.width / 2, triangle.y + 3 * em);
      await page.waitForURL(/draw=\d+/);
      await page.getByText("The largest key is that of C: the choice, at every temperature.").waitFor();

      // What is typed is taken before the arrow keys; a text that is none goes when the value changes elsewhere.
      const field = page.getByLabel("temperature, as a number");
      await field.fill("2");
      await field.press("ArrowUp");
      expect(await field.inputValue()).toBe("2.1");
      await setNumber(page, "temperature, as a number", "0");
      expect(await page.getByRole("alert").count()).toBe(1);
      await slider.focus();
      await page.keyboard.press("PageDown");
      expect(await page.getByRole("alert").count()).toBe(0);
    }));

  test("categorical: the temperature plays until it is paused", () =>
    visit("#/categorical", async (page) => {
      const temperature = () => page.getByLabel("temperature, as a number").inputValue();
      await page.getByRole("button", { name: "Play the temperature" }).click();
      await eventually(temperature).not.toBe("1");
      await page.getByRole("button", { name: "Pause" }).click();
      const paused = await temperature();
      await page.waitForTimeout(200);
      expect(await temperature()).toBe(paused);
    }));

  test("categorical: it plays in steps for who wants less motion", () =>
    visit(
      "#/categorical",
      async (page) => {
        const changes = page.evaluate(
          () =>
            new Promise<number>((resolve) => {
              let count = 0;
              const field = document.querySelector<HTMLInputElement>("[aria-label='temperature, as a number']")!;
              let last = field.value;
              const end = performance.now() + 2000;
              const look = () => {
                if (field.value !== last) count++;
                last = field.value;
                if (performance.now() > end) resolve(count);
                else requestAnimationFrame(look);
              };
              look();
            }),
        );
        await page.getByRole("button", { name: "Play the temperature" }).click();
        const count = await changes;
        expect(count).toBeGreaterThanOrEqual(1);
        expect(count).toBeLessThanOrEqual(4);
      },
      { reducedMotion: "reduce" },
    ));

  test("categorical: the table of gradients agrees with the exact one where it should", () =>
    visit("#/categorical?temperature=0.05", async (page) => {
      const table = page.getByRole("table", { name: /Gradient by each logit/ });
      const row = (name: string) => table.getByRole("row", { name }).first().getByRole("cell").allTextContents();
      await table.getByRole("row", { name: "exact" }).waitFor();
      const numbers = (cells: string[]) => cells.slice(0, 3).map((cell) => Number(cell.replace("−", "-")));
      const exact = numbers(await row("exact"));
      expect(exact.reduce((a, b) => a + b)).toBeCloseTo(0, 2);
      // Integrated: a bias of 0.038, and that is all there is.
      numbers(await row("relaxed")).forEach((value, i) => {
        expect(Math.abs(value - exact[i]!)).toBeLessThan(0.035);
      });
      expect((await row("relaxed"))[3]).toBe("0.038");
    }));

  test("categorical: a bias that many draws would not tell from none is what it is", () =>
    visit("#/categorical?temperature=0.05&logits=5,-5,-5&target=-10", async (page) => {
      for (const name of ["relaxed", "straight-through"]) {
        const table = page.getByRole("table", { name: /Gradient by each logit/ });
        const cells = await table.getByRole("row", { name }).getByRole("cell").allTextContents();
        expect(cells.at(-2)).toBe("0.000");
        expect(Number(cells.at(-1))).toBeGreaterThan(1);
      }
    }));

  test("categorical: every estimator is compared when it is asked for, and says of what settings", () =>
    visit("#/categorical", async (page) => {
      const table = page.getByRole("table", { name: /4,000 estimates of each estimator/ });
      expect(await table.count()).toBe(0);
      await setNumber(page, "values of the loss", "2");
      await page.getByRole("button", { name: "Compare the estimators" }).click();
      await table.waitFor();
      await page.waitForURL(/samples=2/);
      const cells = async (name: string) =>
        table.getByRole("row", { name, exact: false }).first().getByRole("cell").allTextContents();
      const [values, bias, deviation] = await cells("score-function");
      expect([values, bias]).toEqual(["2", "not seen in 4,000 draws"]);
      expect(Number(deviation!.split(" ± ")[0])).toBeGreaterThan(0.1);
      expect((await cells("relaxed ∂"))[1]).toMatch(/^0\.[34]\d\d ± 0\.0\d\d$/);
      // Three values are more than there are.
      expect(await table.getByRole("row", { name: "rebar" }).count()).toBe(0);
      expect(await table.locator("tr.lowest").count()).toBeGreaterThan(0);
      expect(await barriers(page)).toEqual([]);
      await setNumber(page, "target", "3");
      await page.getByText("The table is of other settings than those above.").waitFor();
    }));

  test("subsets: weights, size and law", () =>
    visit("#/subsets", async (page) => {
      const rows = page.locator("article").first().locator("tbody tr");
      expect(await rows.count()).toBe(6);
      expect(await page.locator("article").first().textContent()).toContain("✓ Fits the law");
      expect(await page.locator("article").nth(1).textContent()).toContain("✓ Fits the law");

      await page.getByRole("button", { name: "Add an item" }).click();
      await eventually(() => rows.count()).toBe(10);
      await page.getByRole("slider", { name: "size of the subset" }).fill("3");
      await eventually(() => rows.first().textContent()).toContain("{3, 4, 5}");
      await setNumber(page, "weight of item 1", "50");
      await eventually(() => rows.first().textContent()).toContain("{1, 4, 5}");
      await page.waitForURL(/weights=50,2,3,4,5&k=3/);

      await setNumber(page, "weight of item 1", "-1");
      expect(await page.getByRole("alert").textContent()).toBe('Expected a number from 0.01 to 1000, got "-1".');
    }));

  test("subsets: draws by successive softmax have entries above 1, marked", () =>
    visit("#/subsets", async (page) => {
      const headline = async (panel: number) =>
        (await page.locator("article").nth(panel).locator(".headline").textContent())!.replace(/\s+/g, " ");
      expect(await headline(1)).toMatch(/: never *$/);
      expect(await headline(2)).toMatch(/: \d+\.\d ± \d\.\d % *$/);
      await page.getByRole("button", { name: "Next draw with an entry above 1" }).click();
      const pictures = page.locator("figure svg[role=img]");
      expect(await pictures.nth(0).getAttribute("aria-label")).not.toContain("above 1");
      expect(await pictures.nth(1).getAttribute("aria-label")).toContain("above 1");
      expect(await pictures.nth(1).textContent()).toContain("▲");
      await page.waitForURL(/draw=\d+/);

      // To choose a set of a histogram is to follow its next draw.
      await page.getByRole("button", { name: "{1, 2}: follow its next draw" }).first().click();
      await eventually(() => page.getByText(/^The exact draw is/).textContent()).toContain("{1, 2}");
    }));

  test("permutations: steps, play and the matching", () =>
    visit("#/permutations?temperature=0.3&step=0", async (page) => {
      const plan = page.locator("figure svg[role=img]").first();
      const label = async () => (await plan.getAttribute("aria-label"))!;
      await page.getByRole("button", { name: "Step", exact: true }).click();
      expect(await label()).toMatch(/Row sums 1\.000, 1\.000, 1\.000, 1\.000, 1\.000;/);
      await page.getByRole("button", { name: "Step", exact: true }).click();
      expect(await label()).toMatch(/column sums 1\.000, 1\.000, 1\.000, 1\.000, 1\.000\./);
      await page.getByRole("button", { name: "Step back" }).click();
      expect(await label()).toMatch(/Row sums 1\.000, 1\.000, 1\.000, 1\.000, 1\.000;/);
      expect(await label()).toContain("The best permutation takes the columns");

      const step = page.getByRole("slider", { name: "steps: rows, then columns" });
      await step.fill("77");
      await page.getByRole("button", { name: "Play the iterations" }).click();
      await eventually(() => step.inputValue()).toBe("80");
      await page.getByRole("button", { name: "Play the iterations" }).waitFor();
    }));

  test("permutations: random, pasted and large matrices, and noise", () =>
    visit("#/permutations", async (page) => {
      const first = () => page.getByLabel("row 1, column 1", { exact: true }).inputValue();
      await page.getByRole("combobox", { name: "Size" }).selectOption("12");
      await page.getByRole("button", { name: "Random numbers" }).click();
      await eventually(first).not.toBe("2.1");
      expect(await page.locator(".editor input").count()).toBe(144);

      await page.getByText("Paste a matrix").click();
      const text = page.getByRole("textbox", { name: /Rows in lines/ });
      await text.fill("1 2 3\n4 5");
      await page.getByRole("button", { name: "Take it" }).click();
      expect(await page.getByRole("alert").textContent()).toContain("row 1 has 3");
      await text.fill("1\t0\t0\n0\t2\t1\n0\t1\t1");
      await page.getByRole("button", { name: "Take it" }).click();
      await page.waitForURL(/matrix=1,0,0;0,2,1;0,1,1/);
      await eventually(async () => page.locator("figure svg[role=img]").first().getAttribute("aria-label")).toContain(
        "takes the columns 1, 2, 3",
      );
      await eventually(() => page.locator("article").count()).toBe(3);
      await eventually(() => page.locator("article").first().textContent()).toContain("0.605");

      await page.getByRole("button", { name: "Add Gumbel noise" }).click();
      await page.getByText("seed 1: a relaxed draw").waitFor();
      await page.getByRole("button", { name: "Without noise" }).click();
    }));

  test("trees: weights, draws and all trees", () =>
    visit("#/trees", async (page) => {
      const edges = page.getByRole("table", { name: /share of the draws that have it/ });
      const column = async (number: number) =>
        (await edges.locator(`tbody td:nth-child(${number})`).allTextContents()).map(Number);
      const all = page.getByRole("region", { name: /All \d+ trees/ });
      const drawn = all.locator("li.lit svg");
      const sum = (values: number[]) => values.reduce((a, b) => a + b);
      // By enumeration of the 16 trees: the edge AB, of logit 2, is in trees of 0.856 of all weight.
      expect((await column(4))[0]).toBe(0.856);
      expect(sum(await column(3))).toBeCloseTo(3, 6);
      expect(await all.locator("li").count()).toBe(16);
      expect(sum((await all.locator(".count").allTextContents()).map((text) => Number.parseInt(text, 10)))).toBe(100);
      expect(await drawn.count()).toBe(1);
      const taken = (await edges.locator("tbody tr", { hasText: "✓" }).locator("th").allTextContents()).join(" ");
      expect(await drawn.getAttribute("aria-label")).toBe(`${taken}, the draw`);

      const slider = page.getByRole("slider", { name: "logit of AB", exact: true });
      await slider.focus();
      for (let i = 0; i < 20; i++) await page.keyboard.press("ArrowRight");
      await eventually(async () => (await column(4))[0]).toBeGreaterThan(0.9);
      await page.waitForURL(/logits=3,0,1/);

      await page.getByRole("button", { name: "5 vertices, 125 trees" }).click();
      await eventually(() => all.locator("li").count()).toBe(125);
      await page.getByLabel("Order").selectOption("fixed");
      await setNumber(page, "draw, as a number", "7");
      await page.waitForURL(/vertices=5.*draw=7&order=fixed/);
      await eventually(() => drawn.count()).toBe(1);

      const relaxed = page.getByRole("img", { name: /^The relaxed tree: / });
      const exact = page.getByRole("img", { name: /^The exact tree of the same noise: / });
      await setNumber(page, "temperature, as a number", "0.05");
      const edgesOf = (label: string) =>
        [...label.matchAll(/([A-E]{2}) (?:1\.00|0\.[5-9]\d)/g)].map(([, name]) => name).join(", ");
      await eventually(async () => edgesOf((await relaxed.getAttribute("aria-label"))!)).toBe(
        (await exact.getAttribute("aria-label"))!.replace(/^.*: /, "").replace(".", ""),
      );
    }));

  test("who leaves right after a change is not called back", () =>
    visit("#/subsets", async (page) => {
      await page.evaluate(async () => {
        const slider = document.querySelector<HTMLInputElement>("input[type=range]")!;
        // Due before the change is written, which is due before the page learns of its new address.
        setTimeout(() => {
          location.hash = "#/categorical";
        }, 100);
        slider.stepUp(3);
        slider.dispatchEvent(new Event("input", { bubbles: true }));
        for (let turn = 0; turn < 10; turn++) await Promise.resolve();
        for (const until = performance.now() + 1000; performance.now() < until; );
      });
      await page.getByRole("heading", { level: 1, name: "Categorical" }).waitFor();
      expect(await page.evaluate(() => location.hash)).toBe("#/categorical");
      await page.getByRole("link", { name: "Subsets" }).click();
      await page.waitForURL(/#\/subsets\?\w+=/);
    }));

  test("the keyboard skips to the page, and pages announce themselves", () =>
    visit("", async (page) => {
      await page.keyboard.press("Tab");
      await page.keyboard.press("Enter");
      expect(await page.evaluate(() => document.activeElement!.tagName)).toBe("MAIN");
      const subsets = page.getByRole("navigation").getByRole("link", { name: "Subsets" });
      await subsets.focus();
      await page.keyboard.press("Enter");
      await page.waitForFunction(() => document.activeElement!.tagName === "H1");
      expect(await page.title()).toBe("Subsets · Softdraw studio");
      expect(await subsets.getAttribute("aria-current")).toBe("page");

      await page.evaluate(() => {
        location.hash = "#/subset";
      });
      await page.getByRole("heading", { level: 1, name: "No such page" }).waitFor();
      expect(await page.locator("main").textContent()).toContain("The studio has no page “subset”.");
    }));

  test("light or dark by the button, and it stays", () =>
    visit("", async (page) => {
      const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
      expect(await ground()).toBe("rgb(251, 250, 247)");
      await page.getByRole("button", { name: "Dark colours" }).click();
      expect(await ground()).toBe("rgb(20, 23, 26)");
      await page.reload();
      expect(await ground()).toBe("rgb(20, 23, 26)");
      await page.getByRole("button", { name: "Light colours" }).click();
      expect(await ground()).toBe("rgb(251, 250, 247)");
    }));

  test("says what the engine runs on, and why", () =>
    visit("", async (page) => {
      await page.locator("summary", { hasText: "WebAssembly" }).click();
      const panel = page.locator("header details");
      expect(await panel.textContent()).toMatch(/WebAssembly, with \d+ threads?\. *Why not WebGPU: /);
      await page.getByLabel("Device").selectOption("wasm");
      await page.waitForURL(/\?device=wasm/);
      await answered(page);
      await page.locator("summary", { hasText: "WebAssembly" }).click();
      expect(await panel.textContent()).toContain("Why not WebGPU: WebAssembly was asked for.");
    }));

  test("works with one thread where the page is not isolated, with the same draws", async () => {
    const unsafe = { "Cross-Origin-Opener-Policy": "unsafe-none", "Cross-Origin-Embedder-Policy": "unsafe-none" };
    const alone = await serveStudio(built.folder, { ...pageHeaders, ...unsafe });
    const counts = (page: Page) => page.locator(".controls table td:nth-child(2)").allTextContents();
    let isolated: string[] = [];
    await visit("#/categorical", async (page) => {
      isolated = await counts(page);
    });
    const look = async (page: Page) => {
      expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
      expect(await counts(page)).toEqual(isolated);
      await page.locator("summary", { hasText: "WebAssembly" }).click();
      expect(await page.locator("header details").textContent()).toContain("Why one thread: ");
    };
    await visit("#/categorical", look, { server: alone }).finally(() => alone.close());
  });

  describe("with a software adapter", () => {
    let withGpu: Browser;

    beforeAll(async () => {
      withGpu = await launchChromium("--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader");
    }, PATIENCE_MS);

    afterAll(() => withGpu?.close());

    async function openWithGpu(address: string): Promise<{ page: Page; complaints: string[] }> {
      const page = await withGpu.newPage({ viewport: LAPTOP });
      page.setDefaultTimeout(PATIENCE_MS);
      const { complaints } = listen(page);
      await page.goto(served.url + address);
      await answered(page);
      return { page, complaints };
    }

    test("WebGPU agrees with WebAssembly", async () => {
      const seen = async (device: string) => {
        const { page, complaints } = await openWithGpu(`?device=${device}#/categorical`);
        const cells = await page.locator("main table td").allTextContents();
        const engine = (await page.locator("header summary").textContent())!.trim();
        await page.goto(`${served.url}?device=${device}#/subsets`);
        await answered(page);
        cells.push(...(await page.locator("article tbody td").allTextContents()));
        await page.close();
        // The browser warns of such an adapter where one is asked for.
        expect(complaints.filter((text) => !text.includes("experimental"))).toEqual([]);
        return {
          engine,
          numbers: cells.flatMap((cell) => cell.replaceAll("−", "-").match(/-?\d+\.?\d*/g) ?? []).map(Number),
        };
      };
      const [gpu, wasm] = [await seen("webgpu"), await seen("wasm")];
      expect([gpu.engine, wasm.engine]).toEqual(["WebGPU", "WebAssembly"]);
      expect(gpu.numbers.length).toBeGreaterThan(100);
      expect(gpu.numbers.length).toBe(wasm.numbers.length);
      // What is shown has three or four digits; logarithms differ by up to 1.2e-5 between the devices.
      gpu.numbers.forEach((value, i) => {
        expect(Math.abs(value - wasm.numbers[i]!)).toBeLessThanOrEqual(0.0011);
      });
    });

    test("it is not taken unless it is asked for", async () => {
      const { page } = await openWithGpu("");
      await page.locator("header summary", { hasText: "WebAssembly" }).click();
      expect(await page.locator("header details").textContent()).toContain("a software one, slower than WebAssembly");
      await page.close();
    });

    // The last, because nothing else of this browser has a graphics device afterwards.
    test("a graphics device that is lost is replaced by WebAssembly, and nothing asked is forgotten", async () => {
      const { page } = await openWithGpu("?device=webgpu#/categorical");
      const shares = () => page.locator(".controls table td:nth-child(3)").allTextContents();
      const before = await shares();
      const inspector = await withGpu.newBrowserCDPSession();
      // The session hears no answer of a process that is gone.
      inspector.send("Browser.crashGpuProcess").catch(() => {});
      await setNumber(page, "logit of A, as a number", "-3");
      await eventually(shares).not.toEqual(before);
      await page.locator("header summary", { hasText: "WebAssembly" }).click();
      expect(await page.locator("header details").textContent()).toContain("Why not WebGPU: WebGPU failed: ");
    });
  });

  test("the first view takes at most 250 kB of JavaScript, compressed", async () => {
    const page = await browser.newPage({ viewport: LAPTOP });
    const { requests } = listen(page);
    await page.goto(served.url);
    await answered(page);
    // The engine's thread loads its own.
    const loaded = new Set([...requests, ...page.workers().map((worker) => worker.url())]);
    await page.close();
    const scripts = [...loaded].filter((url) => url.startsWith("http") && url.endsWith(".js"));
    expect(scripts.filter((url) => url.includes("worker")).length).toBe(1);
    const sizes = scripts.map(async (url) => gzipSync(await (await fetch(url)).arrayBuffer()).length);
    const bytes = (await Promise.all(sizes)).reduce((a, b) => a + b);
    expect(bytes).toBeLessThanOrEqual(250_000);
  });
});

/** Until the engine has answered what the page asks first. */
async function answered(page: Page): Promise<void> {
  await page.locator("main h1").waitFor();
  await page.waitForFunction(() => document.querySelector("header .dot.ready"));
  await page.waitForFunction(() => !document.querySelector("main [aria-busy=true]"));
}

/** The engine shares the machine with all else that is tested. */
function eventually<T>(look: () => Promise<T> | T) {
  return expect.poll(look, { timeout: 60_000, interval: 50 });
}

async function setNumber(page: Page, label: string, text: string): Promise<void> {
  const field = page.getByLabel(label, { exact: true });
  await field.fill(text);
  await field.press("Enter");
}

/** The first canvas as text: equal for equal pictures. */
function pixels(page: Page): Promise<string> {
  return page.evaluate(() => document.querySelector("canvas")!.toDataURL());
}

function titleOf(section: string): string {
  return section[0]!.toUpperCase() + section.slice(1);
}

function sectionOtherThan(section: string): string {
  return titleOf(sections.find((other) => other !== section)!);
}

/** The modules of a page. */
function sourcesOf(section: (typeof sections)[number]): string[] {
  const modules = {
    categorical: ["gradients", "estimators", "relaxed-draws"],
    subsets: ["many-draws"],
    permutations: ["sinkhorn-steps", "matchings"],
    trees: ["draws"],
  };
  return modules[section].map((name) =>
    readFileSync(new URL(`../src/pages/${section}/${name}.ts`, import.meta.url), "utf8"),
  );
}
