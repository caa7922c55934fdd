import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { noise, npyBytes } from "@softdraw/testing/bytes";
import sharp from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import { bytesOf, call, HOOK_TIMEOUT, onlyRun, records, useFolder } from "./support.ts";

const folder = useFolder();

/** A folder of pictures of two classes, of two sizes. */
async function writePictures(path: string): Promise<void> {
  for (const [name, background] of [
    ["day", "#e0c040"],
    ["night", "#102060"],
  ] as const) {
    await mkdir(join(path, name), { recursive: true });
    for (let i = 0; i < 10; i++) {
      const image = sharp({ create: { width: 12 + (i % 2), height: 12, channels: 3, background } });
      await image.png().toFile(join(path, name, `${i}.png`));
    }
  }
}

let home: string;
let run: string;
let trained: Awaited<ReturnType<typeof call>>;
const train = ["train", "vae", "--data", "photographs", "--size", "8", "--test-share", "0.2"];
const small = ["--batch", "4", "--epochs", "2", "--variables", "2", "--network", "linear"];

beforeAll(async () => {
  home = await folder.fresh();
  await writePictures(join(home, "photographs"));
  await writeFile(join(home, "photographs", "notes.txt"), "beside");
  trained = await call(home, ...train, ...small);
  run = await onlyRun(home);
}, HOOK_TIMEOUT);

describe("a training on a folder of pictures", () => {
  test("has the data's name, path and shape in its configuration, its command and its report", async () => {
    expect(trained).toMatchObject({ code: 0, err: "" });
    expect(trained.out).toContain("Left out of the data, 1:\n  notes.txt: not named as a PNG, JPEG or WebP file\n");
    const { config, command } = JSON.parse(await readFile(join(run, "config.json"), "utf8"));
    expect(config).toMatchObject({ dataDir: join(home, "photographs"), size: 8, testShare: 0.2 });
    expect(config.data).toMatch(/^photographs-[0-9a-f]{8}$/);
    expect(command).toContain(`--data ${config.data} --data-dir ${config.dataDir} --size 8 --test-share 0.2`);
    const report = (await readFile(join(run, "report.html"), "utf8")).replace(/data:image[^"]*/g, "");
    expect(report).toContain(`${config.data}: 16 to train, 4 to test`);
    expect(report).toContain("0 day, 1 night");
  });

  test("makes the same bytes again by the command that it keeps", async () => {
    const { command } = JSON.parse(await readFile(join(run, "config.json"), "utf8"));
    const again = await folder.fresh();
    expect(await call(again, ...command.split(" ").slice(1))).toMatchObject({ code: 0 });
    expect(await bytesOf(await onlyRun(again))).toEqual(await bytesOf(run));
  });

  test("is judged, sampled from and continued where its data is now, and with no other bytes", async () => {
    const moved = join(home, "moved");
    await rename(join(home, "photographs"), moved);
    const missing = await call(home, "eval", run);
    expect(missing.err).toContain(`${join(home, "photographs")}: there is no such file or folder.`);
    const there = ["--data", "moved"];
    expect(await call(home, "eval", run, ...there, "--importance-samples", "2")).toMatchObject({ code: 0, err: "" });
    expect(await call(home, "sample", run, ...there, "--count", "2")).toMatchObject({ code: 0, err: "" });
    expect(await sharp(join(home, "samples.png")).metadata()).toMatchObject({ channels: 3, width: 50, height: 24 });
    expect(await call(home, "resume", run, ...there)).toMatchObject({ code: 0 });
    await rm(join(moved, "day", "0.png"));
    const other = await call(home, "eval", run, ...there);
    expect(other).toMatchObject({ code: 1, out: "" });
    expect(other.err).toMatch(
      /moved: expected the data "photographs-\w+", got files that are "moved-\w+" by their checksums\./,
    );
  });
});

describe("softdraw data describe", () => {
  test("says what there is, in lines and as a record", async () => {
    const images = npyBytes("|u1", [20, 4, 4], noise(320));
    await mkdir(join(home, "own"), { recursive: true });
    await writeFile(join(home, "own", "images.npy"), images);
    await writeFile(join(home, "own", "other.npy"), npyBytes("|u1", [1], [3]));
    const { out, code } = await call(home, "data", "describe", "own");
    expect(code).toBe(0);
    for (const line of ["arrays", "20", "4 x 4 (20)", "grey", "1: no labels"])
      expect(out).toMatch(new RegExp(` ${line.replace(/[()]/g, "\\$&")}\n`));
    expect(out).toContain("left out\n  other: an array of another name than those of images and labels\n");
    expect(out).toContain("To use it: softdraw train vae --data own --batch 10\n");
    const [record] = records((await call(home, "data", "describe", "own", "--json")).out);
    expect(record).toMatchObject({
      type: "data",
      path: join(home, "own"),
      name: expect.stringMatching(/^own-[0-9a-f]{8}$/),
      kind: "arrays",
      images: { count: 20, channels: 1 },
      leftOut: [{ what: "other" }],
    });
  });
});

test.each([
  ["--data ./nowhere", "--data: ", "nowhere: there is no such file or folder."],
  [
    "--data nowhere",
    "--data: Expected one of digits, mnist, fashion-mnist, or a path with one's own data, got",
    "nowhere",
  ],
  ["--data own --data-dir .", "--data-dir: own is a path already. Leave --data-dir out.", ""],
  ["--size 8", '--size: is of one\'s own data (--data PATH), and "digits" is used as it is.', ""],
  ["--data mnist --grey", '--grey: is of one\'s own data (--data PATH), and "mnist" is used as it is.', ""],
  ["--data own --test-share 1", "--test-share: Expected a number below 1, got 1.", ""],
])("train vae %s is a wrong call", async (options, ...says) => {
  await mkdir(join(home, "own"), { recursive: true });
  await writeFile(join(home, "own", "images.npy"), npyBytes("|u1", [2, 1, 1], [1, 2]));
  const { code, out, err } = await call(home, "train", "vae", ...options.split(" "));
  expect({ code, out }).toEqual({ code: 2, out: "" });
  for (const text of says) expect(err).toContain(text);
});

test("a run whose data is at no path cannot be told one", async () => {
  const made = await folder.fresh();
  await call(made, "train", "sort", "--n", "3", "--steps", "1", "--epochs", "1", "--batch", "2");
  const { code, err } = await call(made, "eval", await onlyRun(made), "--data", ".");
  expect(code).toBe(2);
  expect(err).toContain("--data: the run has generated data, which is at no path. Leave it out.");
});
