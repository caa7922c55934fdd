/** The pages that train, explain and look into runs, in a browser, served by the command line's own server. */

import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { configurationIn, describeCheckpoint } from "@softdraw/experiments/checkpoint/described";
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from "@softdraw/experiments/checkpoint/safetensors";
import { generated } from "@softdraw/experiments/data/types";
import type { EpochRecord } from "@softdraw/experiments/experiment";
import { encodePicture } from "@softdraw/experiments/report/png";
import { loadDigits } from "@softdraw/lab/data/digits";
import { nameOfData } from "@softdraw/lab/data/own-data";
import { createRun, openRun } from "@softdraw/lab/runs/run";
import { type Studio, startStudio } from "@softdraw/lab/server/server";
import { barriers } from "@softdraw/testing/barriers";
import { noise, npyBytes } from "@softdraw/testing/bytes";
import { lacksChromium, launchChromium, listen } from "@softdraw/testing/chromium";
import { fewDigits } from "@softdraw/testing/few-digits";
import { unzipSync, zipSync } from "fflate";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { experimentNamed } from "../src/lab/catalog.ts";
import { packCode } from "../src/pages/play/packed-code.ts";
import { buildStudio, serveStudio } from "./studio.ts";
import { expectEveryView } from "./views.ts";

const SMALL = { n: 3, epochs: 1, steps: 2, batch: 4, hidden: 8 };
const PATIENCE = { timeout: 60_000 };

describe.skipIf(lacksChromium("What trains in the studio"))("in a browser", { timeout: 240_000 }, () => {
  let built: Awaited<ReturnType<typeof buildStudio>>;
  let folder: string;
  let studio: Studio;
  let browser: Browser;

  beforeAll(async () => {
    built = await buildStudio();
    folder = await mkdtemp(join(tmpdir(), "softdraw-pages-"));
    studio = await startStudio({ page: built.folder, runs: join(folder, "runs"), host: "127.0.0.1", port: 0 });
    browser = await launchChromium("--disable-gpu");
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await studio?.close();
    await built?.remove();
    await rm(folder, { recursive: true, force: true });
  });

  /** Opens an address, does something there, and expects that nothing was complained of, failed or fetched from elsewhere. */
  async function visit(
    place: string,
    act: (page: Page) => Promise<void>,
    { url = studio.url, prepare = async () => {} }: { url?: string; prepare?: (page: Page) => Promise<unknown> } = {},
  ): Promise<void> {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, reducedMotion: "reduce" });
    page.setDefaultTimeout(PATIENCE.timeout);
    try {
      const { complaints, requests } = listen(page);
      // Whatever models have been made here: a page of a test has those that the test gives it.
      await page.route("**/models/index.json", (route) => route.fulfill({ json: {} }));
      await prepare(page);
      await page.goto(url + place);
      await page.locator("main h1").waitFor();
      await act(page);
      expect(complaints).toEqual([]);
      expect(requests.filter((asked) => !asked.startsWith(url) && !/^(blob|data):/.test(asked))).toEqual([]);
    } finally {
      await page.close();
    }
  }

  /** A little model of an experiment, as a file of the command line's; of a few digits unless all are asked for. */
  async function modelFile(
    name: string,
    values: object,
    { file = join(folder, `${name}.safetensors`), all = false } = {},
  ): Promise<{ file: string; records: EpochRecord[] }> {
    const experiment = experimentNamed(name);
    const config = experiment.schema.parse(values);
    const data = config.data === undefined ? generated : await (all ? loadDigits() : fewDigits(600, 100));
    let checkpoint: Checkpoint | undefined;
    const records: EpochRecord[] = [];
    for await (const { record, checkpoint: take } of experiment.run(config, { data })) {
      if (record === undefined) continue;
      records.push(record);
      checkpoint = await take();
    }
    await writeFile(file, encodeCheckpoint(describeCheckpoint(checkpoint!, config)));
    return { file, records };
  }

  const status = (page: Page) => page.getByRole("status").textContent();
  const figure = async (page: Page, name: string) =>
    page.locator("dl > div").filter({ hasText: name }).locator("dd").textContent();
  const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });
  const sort = "#/train?experiment=sort&n=3&batch=4&hidden=8";

  describe("train", () => {
    test("trains what the command line trains, and keeps it as the same file", () =>
      visit(`${sort}&epochs=3&steps=2`, async (page) => {
        await button(page, "Train").click();
        await page.getByText("Finished.").waitFor();
        // The header says so, on every page, until it is closed.
        await page.getByRole("link", { name: "sort is trained" }).waitFor();
        await button(page, "Close the notice").click();
        expect(await page.getByRole("link", { name: "sort is trained" }).count()).toBe(0);
        await page.getByText("Figures of every epoch").click();
        const rows = page.locator("details tbody tr");
        await expect.poll(() => rows.count(), PATIENCE).toBe(3);
        expect(await page.getByRole("img", { name: /diagonal/ }).count()).toBe(1);
        expect(await page.locator(".u-legend").count()).toBeGreaterThan(1);

        const [download] = await Promise.all([
          page.waitForEvent("download"),
          button(page, "Download checkpoint").click(),
        ]);
        expect(download.suggestedFilename()).toBe("sort-epoch-3-step-2.safetensors");
        const trained = decodeCheckpoint(await readFile((await download.path())!), "download");
        const { file, records } = await modelFile("sort", { n: 3, epochs: 3, steps: 2, batch: 4, hidden: 8 });
        const expected = decodeCheckpoint(await readFile(file), file);
        expect(trained.metadata.config).toBe(expected.metadata.config);
        expect(trained.metadata.experiment).toBe("sort");
        expect(Object.keys(trained.tensors)).toEqual(Object.keys(expected.tensors));
        const losses = await rows.locator("td:first-of-type").allTextContents();
        // In Chromium the engine multiplies and adds in one rounding, in Node.js 20 in two.
        for (const [i, loss] of losses.entries()) expect(Number(loss)).toBeCloseTo(records[i]!.loss!, 3);

        // A file can be loaded again, and its training goes on where it was.
        await page.goto(`${studio.url}#/train`);
        await page.reload();
        await page.getByLabel("Load checkpoint").setInputFiles(file);
        await page.getByText("Model: sort.safetensors, epoch 3, step 2.").waitFor();
        expect(await page.getByLabel("steps", { exact: true }).inputValue()).toBe("2");
        await page.getByLabel("epochs", { exact: true }).fill("4");
        await page.getByLabel("epochs", { exact: true }).press("Enter");
        await button(page, "Train on").click();
        await page.getByText("Finished.").waitFor();
        expect(await figure(page, "epoch")).toBe("4 / 4");
        await button(page, "Download checkpoint").click();
      }));

    test("learns from the reader's arrays and pictures, which are called as on the command line", () =>
      visit("#/train?experiment=jigsaw&epochs=1&batch=4&channels=4&hidden=0&exchanges=0&iterations=2", async (page) => {
        const arrays = join(folder, "own.npz");
        const coloured = zipSync({ "images.npy": npyBytes("|u1", [10, 8, 8, 3], noise(10 * 8 * 8 * 3)) });
        await writeFile(arrays, coloured);
        const pictures = join(folder, "seasons");
        for (const [season, at] of [
          ["spring", 0],
          ["autumn", 1],
        ] as const) {
          await mkdir(join(pictures, season), { recursive: true });
          for (let i = 0; i < 5; i++) {
            const data = noise(12 * 10 * 3, 2 * i + at + 1);
            await writeFile(
              join(pictures, season, `${i}.png`),
              encodePicture({ width: 12, height: 10, channels: 3, data }),
            );
          }
          await writeFile(join(pictures, season, "broken.png"), "no picture");
        }
        const chosen = page.getByRole("group", { name: "Data" }).getByRole("status");
        const trainedOn = async (): Promise<object> => {
          await button(page, "Train").or(button(page, "Train anew")).click();
          await page.getByText("Finished.").waitFor();
          const [download] = await Promise.all([
            page.waitForEvent("download"),
            button(page, "Download checkpoint").click(),
          ]);
          return configurationIn(decodeCheckpoint(await readFile((await download.path())!), "download"))!;
        };

        await page.getByLabel("grey", { exact: true }).uncheck();
        await page.getByLabel("Use .npz or .npy files").setInputFiles(arrays);
        await expect.poll(() => chosen.innerText(), PATIENCE).toContain("9 to train, 1 to test, 8 × 8 in colour.");
        expect(await trainedOn()).toMatchObject({ data: await nameOfData(arrays) });

        await page.getByLabel("pixels a side of pictures").fill("6");
        await page.getByLabel("pixels a side of pictures").press("Enter");
        await page.getByLabel("Use a folder of pictures").setInputFiles(pictures);
        await expect.poll(() => chosen.innerText(), PATIENCE).toContain("6 × 6 in colour; classes: autumn, spring.");
        expect(await chosen.innerText()).toContain("Left out: autumn/broken.png, spring/broken.png.");
        expect(await trainedOn()).toMatchObject({ data: await nameOfData(pictures) });

        await page.getByLabel("Use .npz or .npy files").setInputFiles(join(pictures, "spring", "0.png"));
        await page.getByRole("alert").getByText("expected").waitFor();
        await button(page, "Use the digits").click();
        await expect.poll(() => chosen.innerText(), PATIENCE).toContain("The embedded digits.");
      }));

    test("pauses, takes a temperature by hand, goes on and stops; a closed tab asks first", () =>
      visit(`${sort}&epochs=1000&steps=100000&temperature=0.5`, async (page) => {
        await button(page, "Train").click();
        await button(page, "Pause").click();
        await page.getByText("Paused.").waitFor();
        const place = async () => [await figure(page, "epoch"), await figure(page, "step")].join();
        const paused = await place();
        await page.waitForTimeout(500);
        expect(await place()).toBe(paused);

        const temperature = page.getByLabel("temperature now, as a number");
        await temperature.fill("2");
        await temperature.press("Enter");
        await button(page, "Resume").click();
        await expect.poll(() => figure(page, "temperature"), PATIENCE).toBe("2");
        await page.getByText("Dashed: where the temperature was turned by hand.").waitFor();
        await page.getByLabel("steps of the mean, as a number").fill("5");
        await page.getByLabel("steps of the mean, as a number").press("Enter");
        await page.getByRole("img", { name: /its mean over 5 steps/ }).waitFor();
        expect(await place()).not.toBe(paused);
        await button(page, "Leave it to the schedule").click();
        await expect.poll(() => figure(page, "temperature"), PATIENCE).toBe("0.5");

        const asked = page.waitForEvent("dialog");
        await page.evaluate(() => setTimeout(() => location.reload()));
        const dialog = await asked;
        expect(dialog.type()).toBe("beforeunload");
        await dialog.dismiss();

        // It goes on while another section is looked at.
        await page.getByRole("link", { name: "Subsets" }).click();
        await page.getByRole("heading", { name: "Subsets", level: 1 }).waitFor();
        const chip = page.getByRole("group", { name: "training" });
        await chip.getByRole("button", { name: "Pause the training" }).click();
        await chip.getByText(/epoch 1 \/ 1000, paused/).waitFor();
        // Before its first epoch has ended it is among the runs.
        await page.getByRole("link", { name: "Runs" }).click();
        await page
          .getByRole("checkbox", { name: /^sort-/ })
          .or(page.getByText(/^sort-\d{4}/))
          .first()
          .waitFor();
        await chip.getByRole("button", { name: "Go on with the training" }).click();
        await chip.getByRole("link").click();
        await button(page, "Stop").click();
        await page.getByText("Stopped.", { exact: true }).waitFor();
        expect(await status(page)).toBe("Stopped.");
        await button(page, "Train on").waitFor();
        await Promise.all([page.waitForEvent("download"), button(page, "Download checkpoint").click()]);
      }));

    test("trains on the digits, and shows what the model makes of them", () =>
      visit("#/train?epochs=1&batch=1000&variables=4&network=linear", async (page) => {
        await button(page, "Train").click();
        await page.getByText("Finished.").waitFor();
        expect(await page.locator("figure canvas").count()).toBeGreaterThan(3);
        expect(await figure(page, "step")).toBe("9 / 9");
        await button(page, "Download checkpoint").click();
      }));

    test("a code of yes and no trains; the formula follows the code and the estimator, and what does not fit is named", () =>
      visit("#/train?latent=bernoulli&epochs=1&batch=1000&variables=4&network=linear", async (page) => {
        const formula = (text: RegExp) => page.locator("math[aria-label]").filter({ hasText: text }).first();
        await formula(/sigmoid/).waitFor();
        await button(page, "Train").click();
        await page.getByText("Finished.").waitFor();
        await page.getByLabel("estimator", { exact: true }).selectOption("gapped-straight-through");
        await formula(/∼/).waitFor();
        await button(page, "Train anew").click();
        await page.getByText("estimator must be one of those for bernoulli choices").waitFor();
      }));

    test("a code without a relaxation trains, and no relaxed loss is shown", () =>
      visit(
        "#/train?latent=conditional-bernoulli&estimator=simple&epochs=1&batch=1000&variables=2&classes=4&k=2&network=linear",
        async (page) => {
          await button(page, "Train").click();
          await page.getByText("Finished.").waitFor();
          const figures = page.locator("table").filter({ has: page.getByText("gap", { exact: true }) });
          const named = async (part: string) => figures.locator(part).allTextContents();
          const [head, row] = [await named("thead th"), ["1", ...(await named("tbody td"))]];
          const missing = head.filter((_, column) => row[column] === "–");
          expect(missing).toEqual(["relaxed", "gap"]);
        },
      ));

    test("the formula of neighbours follows the sampler", () =>
      visit("#/train?experiment=dknn&sampler=neuralsort", async (page) => {
        const said = async () => (await page.locator("math[aria-label]").first().getAttribute("aria-label"))!;
        expect(await said()).toContain("the relaxed order of, minus the squared distance plus Gumbel noise G");
        await page.getByLabel("sampler", { exact: true }).selectOption("conditional-bernoulli");
        await page.locator("math").getByText("mean").waitFor();
        expect(await said()).toContain("the exact mean of sets of k by, minus the squared distance, divided");
      }));

    test("keeps the configuration in the address, takes presets, and names what cannot be trained", () =>
      visit("#/train?batch=77&epochs=x", async (page) => {
        expect(await page.getByRole("alert").textContent()).toContain(
          "“epochs” in the address: expected a whole number",
        );
        expect(await page.getByLabel("batch", { exact: true }).inputValue()).toBe("77");
        expect(await page.getByLabel("seed", { exact: true }).count()).toBe(0);
        await page.getByLabel("Start from").selectOption("tutorial");
        await page.waitForURL(/initialization=fan-in/);
        // What is not as at first is shown among the basic settings, too.
        await page.getByLabel("initialization", { exact: true }).waitFor();
        await page.reload();
        expect(await page.getByLabel("Start from").inputValue()).toBe("tutorial");
        await page.getByRole("radio", { name: /^All \d+/ }).check();
        // What says nothing beside the others cannot be set.
        expect(await page.getByLabel("gap", { exact: true }).isDisabled()).toBe(true);
        await page.getByText("It says something with the estimator gapped-straight-through only.").waitFor();
        const seed = page.getByLabel("seed", { exact: true });
        await seed.fill("-1");
        await seed.press("Enter");
        await page.getByText("Expected a whole number from 0 to 4000000000").waitFor();
        await seed.fill("0");
        await seed.press("Enter");
        const temperature = page.getByLabel("temperature", { exact: true });
        await temperature.fill("0");
        await temperature.press("Enter");
        await page.getByText("Expected a number above 0").waitFor();
        expect(await button(page, "Train").isDisabled()).toBe(true);
      }));

    test("refuses a file that is no checkpoint, saying what it is", async () => {
      const file = join(folder, "wrong.safetensors");
      await writeFile(file, "nonsense");
      await visit("#/train", async (page) => {
        await page.getByLabel("Load checkpoint").setInputFiles(file);
        await page.getByText("wrong.safetensors is not a whole safetensors checkpoint").waitFor();
      });
    });
  });

  /** The models that come with the page: files of tiny ones, and what is said of them. */
  const shipModels = (page: Page, files: Readonly<Record<string, { experiment: string; file: string }>>) => {
    const judged = { results: [{ name: "right", value: 61.25, digits: 2, unit: "%" }], examples: 40 };
    const index = Object.entries(files).map(([name, { experiment }]) => [
      name,
      { experiment, file: `${name}.safetensors`, judged, records: [{ epoch: 1, loss: 1 }] },
    ]);
    return Promise.all([
      page.route("**/models/index.json", (route) => route.fulfill({ json: Object.fromEntries(index) })),
      ...Object.entries(files).map(([name, { file }]) =>
        page.route(`**/models/${name}.safetensors`, (route) => route.fulfill({ path: file })),
      ),
    ]);
  };

  test("jigsaw: a digit is there on arrival, put together; then any picture, by models of the page and loaded ones", async () => {
    const little = { epochs: 1, batch: 100, channels: 4, hidden: 8 };
    const { file: two } = await modelFile("jigsaw", little);
    const three = join(folder, "three.safetensors");
    const { file } = await modelFile("jigsaw", { ...little, pieces: 3 }, { file: three });
    const picture = join(folder, "picture.png");
    const colours = Uint8Array.from({ length: 3 * 90 * 60 }, (_, i) => (i * 7) % 256);
    await writeFile(picture, encodePicture({ width: 90, height: 60, channels: 3, data: colours }));
    await visit(
      "#/jigsaw",
      async (page) => {
        const main = page.getByRole("main");
        await main.getByText(/\d of 9\s+pieces are in their place/).waitFor();
        await main.getByText(/comes with the page, jigsaw,\s+1 epochs of 6 steps/).waitFor();
        await main.getByText("On 40 examples that it never saw: right 61.25 %.").waitFor();
        expect(await barriers(page)).toEqual([]);
        await page.getByLabel("2 × 2 pieces").check();
        await main.getByText(/\d of 4\s+pieces are in their place/).waitFor();
        await page.waitForURL(/model=jigsaw-2/);
        await page.getByLabel("Choose a picture").setInputFiles(picture);
        await main.getByText("picture.png").waitFor();
        expect(await main.locator("canvas").count()).toBe(3);
        await page.getByLabel("Load checkpoint").setInputFiles(two);
        await main.getByText(/The model: jigsaw.safetensors, jigsaw,\s+epoch 1, step 6/).waitFor();
      },
      {
        prepare: (page) =>
          shipModels(page, {
            "jigsaw-2": { experiment: "jigsaw", file: two },
            "jigsaw-3": { experiment: "jigsaw", file },
          }),
      },
    );
  });

  test("codes: a digit is drawn anew from its code, which the temperature softens and a hand changes; Train shows the finished run", async () => {
    const little = { epochs: 1, batch: 1000, variables: 4, classes: 3, network: "linear" };
    // The page trains on from it, with all digits.
    const { file } = await modelFile("vae", little, { all: true });
    await visit(
      "#/codes",
      async (page) => {
        const pictureOf = (name: string) =>
          page
            .locator("figure")
            .filter({ hasText: name })
            .locator("canvas")
            .evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());
        const choice = page.getByRole("radiogroup", { name: "choice 2" });
        await choice.waitFor();
        const [soft, exact] = [await pictureOf("From the softened code"), await pictureOf("From the exact code")];
        const temperature = page.getByLabel("temperature, as a number");
        await temperature.fill("5");
        await temperature.press("Enter");
        await expect.poll(() => pictureOf("From the softened code"), PATIENCE).not.toBe(soft);
        expect(await pictureOf("From the exact code")).toBe(exact);
        await choice.locator("input:not(:checked)").first().check();
        await expect.poll(() => pictureOf("From your code"), PATIENCE).not.toBe(exact);
        await page.getByRole("img", { name: "A grid of generated images." }).waitFor();
        expect(await barriers(page)).toEqual([]);

        await page.getByRole("link", { name: "Train", exact: true }).first().click();
        await page.getByText("A finished run, which came with the page: 1 epochs of 9 steps.").waitFor();
        await page.getByRole("img", { name: /reconstructions/ }).waitFor();
        await button(page, "Train on from the page’s own").click();
        await page.getByText("Finished.").waitFor();
        expect(await figure(page, "epoch")).toBe("2 / 2");
        await button(page, "Download checkpoint").click();
      },
      { prepare: (page) => shipModels(page, { vae: { experiment: "vae", file } }) },
    );
  });

  describe("explain", () => {
    test("a digit that is there, or is drawn, is explained anew, by mouse and by keyboard; one of neither kind is told", async () => {
      const { file } = await modelFile("explain digits", { classifierEpochs: 1, epochs: 1, steps: 5, batch: 20 });
      await visit(
        "#/explain",
        async (page) => {
          const part = page.getByRole("region", { name: "A 3 or an 8?" });
          await part.getByText(/It calls the whole/).waitFor();
          const bars = async () => (await part.getByText(/^\d+\.\d %$/).allTextContents()).map(Number.parseFloat);
          const [three = 0, eight = 0] = await bars();
          expect(three + eight).toBeCloseTo(100, 0);
          expect((await bars()).length).toBe(4);
          const explained = () =>
            part
              .locator("figure canvas")
              .nth(1)
              .evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());
          const before = await explained();
          await part.getByRole("button", { name: "Clear" }).click();
          await part.getByText("Draw a 3 or an 8, large and in the middle.").waitFor();
          const pad = part.getByRole("application");
          const { x, y, width } = (await pad.boundingBox())!;
          await page.mouse.move(x + 0.1 * width, y + 0.1 * width);
          await page.mouse.down();
          await page.mouse.move(x + 0.9 * width, y + 0.9 * width, { steps: 4 });
          await page.mouse.up();
          await expect.poll(explained, PATIENCE).not.toBe(before);
          await part.getByText(/^Is this a 3 or an 8\?/).waitFor();
          const drawn = await explained();
          await part.getByLabel("eraser").check();
          await part.getByRole("application", { name: /move the eraser/ }).focus();
          await page.keyboard.press("Space");
          for (let i = 0; i < 12; i++) await page.keyboard.press("ArrowDown");
          await expect.poll(explained, PATIENCE).not.toBe(drawn);
          await part.getByRole("button", { name: "Undo" }).click();
          await expect.poll(explained, PATIENCE).toBe(drawn);
          await part.getByRole("button", { name: "Another 3" }).click();
          await page.waitForURL(/digit=4&kind=3/);
        },
        { prepare: (page) => shipModels(page, { "explain-digits": { experiment: "explain digits", file } }) },
      );
    });

    test("sequences with what was chosen, and changed by a click", async () => {
      const { file } = await modelFile("explain sequences", { epochs: 1, steps: 5, batch: 8 });
      await visit("#/explain?seed=3", async (page) => {
        const part = page.getByRole("region", { name: "Which tokens decide?" });
        await part.locator("input[type=file]").setInputFiles(file);
        await expect.poll(() => part.locator("tbody tr").count(), PATIENCE).toBe(8);
        const chosen = await part.locator("tbody tr").first().locator("button[aria-label$=chosen]").count();
        expect(chosen).toBe(3);
        const first = part.locator("tbody tr").first().locator("button").first();
        const token = Number((await first.textContent())!.trim());
        await first.click();
        await expect.poll(async () => Number((await first.textContent())!.trim()), PATIENCE).toBe((token % 9) + 1);
        await part.getByRole("button", { name: "Other sequences" }).click();
        await page.waitForURL(/seed=4/);
      });
    });
  });

  describe("graphs", () => {
    const values = { simulations: 8, batch: 4, hidden: 4, epochs: 1, unroll: 2 };

    test("particles and springs are moved by hand, and the model that comes with the page tells and continues", async () => {
      const { file } = await modelFile("graphs", values);
      await visit(
        "#/graphs",
        async (page) => {
          await page.getByText(/It is right about \d+ of 20/).waitFor();
          await page.getByText(/The model: the one that comes with the page, graphs,\s+1 epochs of 2 steps/).waitFor();
          await page
            .getByText(/Of 40 simulations that it never saw, it tells\s+61\.25\s+% of all directions right/)
            .waitFor();
          // It rests for who wants less motion, and goes frame by frame.
          const place = () => page.getByRole("button", { name: "Particle A" }).evaluate((own) => own.style.left);
          const [before, probabilities] = [await place(), page.getByRole("table", { name: "How probable" })];
          const told = await probabilities.textContent();
          await button(page, "Next frame").click();
          expect(await place()).not.toBe(before);
          await expect.poll(() => probabilities.textContent(), PATIENCE).not.toBe(told);

          const box = page.getByRole("img", { name: /^The box. Springs: / });
          const spring = page.getByRole("checkbox", { name: "spring between A and B" });
          const wasJoined = await spring.isChecked();
          await spring.focus();
          await page.keyboard.press("Space");
          expect(/Springs: .*AB/.test((await box.getAttribute("aria-label"))!)).toBe(!wasJoined);
          await page.getByText("You meddled: for another 49 frames").waitFor();

          const rested = await place();
          await page.getByRole("button", { name: "Particle A" }).focus();
          await page.keyboard.press("ArrowLeft");
          await page.keyboard.press("ArrowUp");
          expect(await place()).not.toBe(rested);
          // As far as the wall, and still in view.
          for (let i = 0; i < 12; i++) await page.keyboard.press("Shift+ArrowLeft");
          expect(Number.parseFloat(await place())).toBeGreaterThan(0);
          const { x, y } = (await page.getByRole("button", { name: "Particle B" }).boundingBox())!;
          await page.mouse.move(x + 18, y + 18);
          await page.mouse.down();
          await page.mouse.move(x + 98, y + 58, { steps: 3 });
          await page.mouse.up();
          const moved = (await page.getByRole("button", { name: "Particle B" }).boundingBox())!;
          expect(Math.hypot(moved.x - x - 80, moved.y - y - 40)).toBeLessThan(3);

          await page.getByLabel("Its graph").selectOption("relaxed");
          await button(page, "Let the model continue").click();
          await page.getByText(/After \d+ of 50 frames, its particles are \d+\.\d\d from/).waitFor();
          await page.waitForURL(/from=relaxed/);
          await button(page, "Pause").click();
          expect(await barriers(page)).toEqual([]);

          await page.goto(`${studio.url}#/train?experiment=graphs&graph=true`);
          const formula = () => page.locator("math[aria-label]").first().getAttribute("aria-label");
          await expect.poll(formula, PATIENCE).toMatch(/given the graph z; z of a pair is given$/);
          await page.getByLabel("graph", { exact: true }).selectOption("inferred");
          await expect.poll(formula, PATIENCE).toMatch(/the divergence of q .* divided by the temperature tau$/);
        },
        { prepare: (page) => shipModels(page, { graphs: { experiment: "graphs", file } }) },
      );
    });

    test("without one it says how to make one, and takes a file; one of another kind is named", async () => {
      const { file } = await modelFile("graphs", { ...values, particles: 3 });
      await visit(
        "#/graphs",
        async (page) => {
          await page.getByText("No model came with this page: train").waitFor();
          await page.locator("input[type=file]").setInputFiles(file);
          await page.getByText("This page has 5 particles on springs").waitFor();
          expect(await page.getByRole("alert").textContent()).toContain("the model is of 3 particles, springs");
        },
        { prepare: (page) => shipModels(page, {}) },
      );
    });
  });

  describe("runs", () => {
    const info = (seed: number) => ({
      experiment: "sort",
      version: "0.1.0",
      created: `2026-01-0${seed}T10:00:00.000Z`,
      command: `softdraw train sort --seed ${seed}`,
      config: { ...experimentNamed("sort").schema.parse({ ...SMALL, seed }) },
    });
    const record = (epoch: number) => ({ epoch, loss: 1 / epoch, temperature: 1 });

    test("lists runs, lays curves over each other, follows one that trains, and outlives one that goes", async () => {
      const root = join(folder, "runs");
      const [first, second] = [await createRun(root, info(1)), await createRun(root, info(2))];
      for (const epoch of [1, 2, 3]) await first.appendMetrics(record(epoch));
      await first.writeFile("plan.png", encodePicture({ width: 4, height: 4, channels: 1, data: new Uint8Array(16) }));
      await first.writeFile("report.html", "<style>p { color: green }</style><p>a report</p>");
      const { file: model } = await modelFile("sort", SMALL);
      await first.saveCheckpoint(decodeCheckpoint(await readFile(model), model));
      await first.writeResult({ results: [] });
      await first.close();
      await second.appendMetrics(record(1));
      const [one, two] = [basename(first.path), basename(second.path)];
      const third = await createRun(root, { ...info(3), experiment: "rank", created: "2025-12-01T10:00:00.000Z" });
      await third.appendMetrics(record(1));
      await third.close();
      const three = basename(third.path);
      await mkdir(join(root, "half"));
      await writeFile(join(root, "half", "config.json"), '{"experiment":"so');
      await visit("#/runs", async (page) => {
        const row = (name: string) => page.getByRole("row").filter({ has: page.getByRole("checkbox", { name }) });
        await row(two).getByText("running").waitFor();
        expect(await row(one).getByText("finished").count()).toBe(1);
        await page.getByRole("checkbox", { name: one }).check();
        await page.waitForURL((url) => url.hash.includes(`${two},${one}`));
        await expect.poll(() => page.locator(".u-legend .u-series").count(), PATIENCE).toBe(3);
        // Another experiment has a chart of its own; what is damaged is named.
        await page.getByRole("checkbox", { name: three }).check();
        await expect.poll(() => page.locator(".uplot").count(), PATIENCE).toBe(2);
        expect(await page.locator(".uplot").first().locator(".u-series").count()).toBe(3);
        await page.getByRole("checkbox", { name: three }).uncheck();
        await page.getByRole("row", { name: /^half .*config\.json: expected JSON/ }).waitFor();
        await page.getByLabel("metric").selectOption("temperature");
        await page.waitForURL(/metric=temperature/);
        expect(await page.getByRole("row", { name: /^seed/ }).textContent()).toMatch(/seed\s*2\s*1/);
        expect(
          await page
            .getByRole("img", { name: `plan of ${one}` })
            .evaluate((image: HTMLImageElement) => image.naturalWidth),
        ).toBe(4);

        await second.appendMetrics(record(2));
        await expect.poll(() => row(two).getByRole("cell").nth(1).textContent(), PATIENCE).toBe("2");

        const [report] = await Promise.all([
          page.waitForEvent("popup"),
          page.getByRole("link", { name: "Report" }).click(),
        ]);
        expect(await report.locator("p").evaluate((text) => getComputedStyle(text).color)).toBe("rgb(0, 128, 0)");
        await report.close();

        await page.reload();
        await expect.poll(() => page.getByLabel("metric").inputValue(), PATIENCE).toBe("temperature");
        await second.close();
        await rm(second.path, { recursive: true });
        await page.getByText(`There is no run ${two} any more.`).waitFor();
        await page.getByRole("button", { name: "Forget it" }).click();

        await page.getByRole("button", { name: "Open in Train" }).click();
        await page.getByText(`Model: ${one}, epoch 1, step 2.`).waitFor();
        await rm(root, { recursive: true });
        await page.getByRole("link", { name: "Runs" }).click();
        await page.getByText(/The folder .* is gone: it was there, and has been moved/).waitFor();
      });
    });

    test("a training of the page is kept in the browser, and goes on as a run folder on the command line", () =>
      visit(`${sort}&epochs=1000&steps=20`, async (page) => {
        await button(page, "Train").click();
        await expect.poll(() => figure(page, "epoch"), PATIENCE).toMatch(/^[2-9]|\d\d/);
        await button(page, "Stop").click();
        await page.getByText("Stopped.", { exact: true }).waitFor();
        // It is kept: the page closes without asking.
        await page.goto(`${studio.url}#/runs`);
        await page.reload();
        await page.getByRole("row", { name: /^sort-.*stopped, in this browser/ }).waitFor();
        expect(await barriers(page)).toEqual([]);
        const [download] = await Promise.all([
          page.waitForEvent("download"),
          button(page, "Export as a run folder").click(),
        ]);
        const name = download.suggestedFilename().replace(/\.zip$/, "");
        const files = Object.entries(unzipSync(await readFile((await download.path())!)));
        const path = join(folder, "exported", name);
        await mkdir(path, { recursive: true });
        for (const [file, bytes] of files) {
          if (!file.endsWith("/")) await writeFile(join(folder, "exported", file), bytes);
        }
        const run = await openRun(path, { lock: true });
        const records = await run.readMetrics();
        const checkpoint = (await run.rewind())!;
        expect(run.info.command).toBe("softdraw train sort --n 3 --epochs 1000 --steps 20 --batch 4 --hidden 8");
        expect((await run.readMetrics()).length).toBe(records.length);
        await run.close();
        const experiment = experimentNamed("sort");
        const config = experiment.schema.parse(run.info.config);
        experiment.check(config, { data: generated, checkpoint });
        const { value } = await experiment.run(config, { data: generated, checkpoint }).next();
        expect(value!.epoch - records.length).toBeGreaterThanOrEqual(1);
        expect(value!.epoch - records.length).toBeLessThanOrEqual(2);

        await button(page, "Open in Train").click();
        await page.getByText(`Model: ${name}, epoch`).waitFor();
        await page.getByRole("link", { name: "Runs" }).click();
        await button(page, "Delete").click();
        await button(page, "Delete it for good").click();
        await expect.poll(() => page.getByRole("row", { name: /^sort-/ }).count(), PATIENCE).toBe(0);
      }));

    test("an experiment of one's own is trained, as its module is at the moment", async () => {
      const MODULE = new URL("test/own/first-of-three.mjs", import.meta.resolve("@softdraw/lab/package.json"));
      const text = await readFile(MODULE, "utf8");
      const [path, broken] = [join(folder, "first-of-three.mjs"), join(folder, "broken.mjs")];
      await writeFile(path, text);
      await writeFile(broken, "export const a = 1;\nexport default a.b.c;\n");
      const runs = join(folder, "runs");
      const own = await startStudio({ page: built.folder, runs, modules: [path, broken], host: "127.0.0.1", port: 0 });
      const act = async (page: Page) => {
        await page.getByText("Learns to choose the first.").waitFor();
        await page
          .getByRole("alert")
          .getByText(/broken\.mjs: line 2: TypeError: /)
          .waitFor();
        await page.getByLabel("epochs", { exact: true }).fill("3");
        await page.getByLabel("epochs", { exact: true }).press("Enter");
        await button(page, "Train").click();
        await page.getByText("Finished.").waitFor();
        expect(await figure(page, "epoch")).toBe("3 / 3");
        expect(await page.getByRole("img", { name: /cost/i }).count()).toBeGreaterThan(0);
        expect(await barriers(page)).toEqual([]);

        // Without a server, by the file itself, in place of the one that there is.
        const file = join(folder, "mine.mjs");
        await writeFile(file, text.replace("The first of three", "The very first"));
        await page.getByLabel("Open a module").setInputFiles(file);
        await page.getByRole("link", { name: "The very first" }).waitFor();
        await writeFile(file, `import { sep } from "node:path";\n${text}\nsep.trim();`);
        await page.getByLabel("Open a module").setInputFiles(file);
        await page
          .getByText(/mine\.mjs: line 1: node:path is not in the page: code here can import softdraw, /)
          .waitFor();

        await writeFile(path, text.replace("Learns to choose the first.", "Does it?"));
        await page.reload();
        await page.getByText("Does it?").waitFor();
        await page.getByRole("link", { name: "Runs" }).click();
        const [download] = await Promise.all([
          page.waitForEvent("download"),
          button(page, "Export as a run folder").click(),
        ]);
        const files = unzipSync(await readFile((await download.path())!));
        const [, config] = Object.entries(files).find(([name]) => name.endsWith("config.json"))!;
        const { module, command } = JSON.parse(new TextDecoder().decode(config));
        expect(module).toEqual({ path, checksum: createHash("sha256").update(text).digest("hex") });
        expect(command).toBe(`softdraw train ${path} --epochs 3`);
        await button(page, "Delete").click();
        await button(page, "Delete it for good").click();
      };
      await visit("#/train?experiment=first-of-three", act, { url: own.url });
      await own.close();
    });

    test("says how to serve it, where the page is served without a run folder", async () => {
      const plain = await serveStudio(built.folder);
      await visit("#/runs", async (page) => page.getByText("This page is served without a run folder.").waitFor(), {
        url: plain.url,
      });
      await plain.close();
    });
  });

  describe("the playground", () => {
    const editor = (page: Page) => page.getByRole("textbox", { name: "Code" });
    const printed = async (page: Page) => (await page.getByRole("log").locator("pre").allInnerTexts()).join("\n");
    /** As by a link: to type so much would take long. */
    const take = async (page: Page, code: string) => {
      await page.goto(`${page.url().split("#")[0]}#/play?code=${packCode(code)}`);
      await page.getByRole("note").waitFor();
    };
    const ran = async (page: Page, code?: string) => {
      if (code !== undefined) await take(page, code);
      await button(page, "Run").click();
      await expect.poll(() => status(page), PATIENCE).toMatch(/Finished in|error/);
      return printed(page);
    };

    test("runs what is written, prints arrays, and says what is wrong and where", () =>
      visit("#/play", async (page) => {
        expect(await ran(page)).toContain("exact float32[3] [ 1, 0, 0 ]");
        expect(await ran(page, "type A = { a: number };\n\nconst f = ({ a }: A) => a.b.c;\nf({ a: 1 });")).toMatch(
          /line 3 TypeError/,
        );
        expect(await ran(page, 'import { categoricl } from "softdraw";\n\ncategoricl.sample();')).toMatch(
          /line 3 ReferenceError: softdraw exports no categoricl: it has .*categorical/,
        );
        expect(await ran(page, 'const a = 1;\nimport "node:fs";')).toMatch(/line 2 node:fs is not in the page/);
        expect(await ran(page, "const a = 1;\nconst b = 2 +* a;")).toMatch(/line 2 SyntaxError/);
        const engine = 'import { numpy as np } from "@jax-js/jax";\n';
        expect(await ran(page, `${engine}\nnp.zeros([2]).add(np.zeros([3]));`)).toMatch(/line 3 TypeError/);
        await page.getByRole("button", { name: "line 3" }).click();
        await page.keyboard.type("// ");
        await expect.poll(() => editor(page).innerText(), PATIENCE).toContain("// np.zeros");
        // The keyboard leads out of it.
        await page.keyboard.press("Tab");
        expect(await page.getByRole("log").evaluate((own) => own === document.activeElement)).toBe(true);
      }));

    test("stops a loop without end, and keeps the code in the address, which waits for who reads it", () =>
      visit("#/play?example=policy", async (page) => {
        await editor(page).focus();
        await page.keyboard.press("Control+a");
        await page.keyboard.type("console.log('begun');\nfor (;;) {}");
        await page.keyboard.press("Control+Enter");
        await expect.poll(() => printed(page), PATIENCE).toBe("begun");
        await page.getByLabel("begin from").focus();
        await button(page, "Stop").click();
        expect(await status(page)).toBe("Stopped.");
        await expect.poll(() => page.url()).toContain("code=");
        await page.reload();
        expect(await editor(page).innerText()).toContain("for (;;) {}");
        await page.getByRole("note").getByText("This code came with the address.").waitFor();
        expect(await printed(page)).toBe("");
      }));

    test("says of an address that was cut that it was", () =>
      visit("#/play?code=abc", async (page) => {
        await page.getByRole("alert").getByText("“code” in the address: expected code as this page packs it").waitFor();
      }));
  });

  test.each(["train", "train?experiment=explain+digits", "explain", "graphs", "jigsaw", "codes", "play", "runs"])(
    "%s fits every width and has no barriers, light and dark",
    (place) =>
      visit(`#/${place}`, async (page) => {
        await page.waitForTimeout(300);
        await expectEveryView(page);
      }),
  );
});
