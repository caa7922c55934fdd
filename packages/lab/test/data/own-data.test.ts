import { copyFile, link, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { idxBytes, noise, npyBytes } from "@softdraw/testing/bytes";
import { zipSync } from "fflate";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import type { LeftOut } from "../../src/data/kind.ts";
import { kindAt } from "../../src/data/kinds.ts";
import { loadOwnData, nameOfData, type OwnDataOptions } from "../../src/data/own-data.ts";
import { needSharp } from "../../src/data/sharp.ts";
import { idxFileNames } from "../../src/data/sources.ts";
import { WrongCall } from "../../src/errors.ts";
import { temporaryFolder } from "./support.ts";

type Format = "png" | "jpeg" | "webp";

/** A picture of one colour. */
function plain(background: string, { width = 6, height = 6, format = "png" as Format } = {}): Promise<Buffer> {
  const image = sharp({ create: { width, height, channels: 3, background } });
  return image.toFormat(format, format === "webp" ? { lossless: true } : {}).toBuffer();
}

async function folderOf(files: Readonly<Record<string, Uint8Array | string>>): Promise<string> {
  const folder = join(await temporaryFolder(), "own");
  await mkdir(folder);
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return folder;
}

/** The data at a path, and what of it was left out. */
async function load(path: string, options: OwnDataOptions = {}) {
  const leftOut: LeftOut[] = [];
  const onLeftOut = (those: readonly LeftOut[]) => void leftOut.push(...those);
  const { train, test } = await loadOwnData(await nameOfData(path), path, { ...options, onLeftOut });
  return { train, test, leftOut };
}

/** Label and first pixel of every image, in order. */
function labelled(...parts: { labels: Uint8Array; images: Uint8Array; count: number }[]): string[] {
  return parts
    .flatMap(({ labels, images, count }) => {
      const size = images.length / count;
      return Array.from(labels, (label, row) => `${label}: ${images.subarray(row * size, row * size + 3).join(" ")}`);
    })
    .toSorted();
}

/** What is said of a path that is no data. */
async function refusal(path: string, options: OwnDataOptions = {}): Promise<string> {
  const error = await load(path, options).then(
    () => expect.fail("was taken"),
    (error: Error) => error,
  );
  expect(error.message).not.toContain("\n");
  return `${error instanceof WrongCall ? "wrong call: " : ""}${error.message.replaceAll(path, "PATH")}`;
}

describe("a folder of pictures", () => {
  test("has a class a folder, in order, and its colours", async () => {
    const path = await folderOf({
      "sea/b.webp": await plain("#0000ff", { format: "webp" }),
      "sea/a.PNG": await plain("#0000fe"),
      "fire/a.png": await plain("#ff0000"),
      "fire/grey.png": await sharp(await plain("#646464"))
        .toColourspace("b-w")
        .toBuffer(),
    });
    const { train, test, leftOut } = await load(path, { testShare: 0.5 });
    expect(leftOut).toEqual([]);
    expect(train).toMatchObject({
      count: 2,
      height: 6,
      width: 6,
      channels: 3,
      classes: 2,
      classNames: ["fire", "sea"],
    });
    expect(labelled(train, test)).toEqual(["0: 100 100 100", "0: 255 0 0", "1: 0 0 254", "1: 0 0 255"]);
    expect([...train.labels].sort()).toEqual([0, 1]);
  });

  test("may have no classes, and a JPEG is turned as its camera was held", async () => {
    const lying = await sharp(await plain("#30a050", { width: 8, height: 4 }))
      .jpeg()
      .withMetadata({ orientation: 6 })
      .toBuffer();
    const path = await folderOf({ "a.jpg": lying, "b.jpeg": lying });
    const { train, test } = await load(path);
    expect([train.count, test.count, train.classes, train.classNames]).toEqual([1, 1, 1, undefined]);
    expect([train.height, train.width]).toEqual([8, 4]);
    for (const [channel, value] of [0x30, 0xa0, 0x50].entries())
      expect(Math.abs(train.images[channel]! - value)).toBeLessThan(4);
  });

  test("is cut to squares from the middle, and turned grey, where that is asked for", async () => {
    const stripes = await sharp(await plain("#000000", { width: 12, height: 4 }))
      .composite([{ input: await plain("#ffffff", { width: 4, height: 4 }), left: 4, top: 0 }])
      .png()
      .toBuffer();
    const path = await folderOf({ "wide.png": stripes, "small.png": await plain("#ffffff", { width: 2, height: 2 }) });
    const { train, test } = await load(path, { size: 4, grey: true });
    for (const part of [train, test])
      expect(part).toMatchObject({ height: 4, width: 4, images: new Uint8Array(16).fill(255) });
    expect(train.channels ?? 1).toBe(1);
  });

  test("of several sizes is refused without --size", async () => {
    const path = await folderOf({
      "a.png": await plain("red"),
      "b.png": await plain("red"),
      "c.png": await plain("red", { width: 9 }),
    });
    expect(await refusal(path)).toBe(
      "wrong call: PATH: expected pictures of one size, got 6 x 6 (2), 6 x 9 (1), height x width. Make them equal: --size 28",
    );
  });

  test("leaves out what is no picture, and says why", async () => {
    const jpeg = await plain("red", { format: "jpeg" });
    const huge = Buffer.from(await plain("red"));
    for (const at of [16, 20]) huge.writeUInt32BE(100_000, at);
    const path = await folderOf({
      "a/1.png": await plain("red"),
      "a/2.png": await plain("red"),
      "a/cut.jpg": jpeg.subarray(0, jpeg.length - 40),
      "a/empty.png": "",
      "a/huge.png": huge,
      "a/text.webp": "no picture",
      "a/deep/1.png": "",
      "b/notes.txt": "",
      ".hidden": "",
      "beside.png": await plain("red"),
    });
    const { train, test, leftOut } = await load(path);
    expect([train.count, test.count, train.classNames]).toEqual([1, 1, ["a"]]);
    const found = Object.fromEntries(leftOut.map(({ what, why }) => [what, why]));
    expect(found).toEqual({
      "a/cut.jpg": expect.stringMatching(/JPEG/),
      "a/empty.png": "empty",
      "a/huge.png": "more than 67,108,864 pixels, 10,000,000,000",
      "a/text.webp": "no PNG, JPEG or WebP file",
      "a/deep": "a folder in that of a class",
      b: "a folder without pictures",
      "b/notes.txt": "not named as a PNG, JPEG or WebP file",
      ".hidden": "hidden",
      "beside.png": "beside the folders of the classes",
    });
  });

  test("may have its tests in a folder of their own, with the classes of the training", async () => {
    const [red, blue] = [await plain("#ff0000"), await plain("#0000ff")];
    const files = { "train/red/1.png": red, "train/blue/1.png": blue, "train/blue/2.png": blue, "test/red/1.png": red };
    const { train, test } = await load(await folderOf(files));
    expect(labelled(train)).toEqual(["0: 0 0 255", "0: 0 0 255", "1: 255 0 0"]);
    expect(labelled(test)).toEqual(["1: 255 0 0"]);
    expect(await refusal(await folderOf(files), { testShare: 0.2 })).toBe(
      "wrong call: --test-share: PATH has 1 images for tests. Leave it out.",
    );
    expect(await refusal(await folderOf({ ...files, "test/green/1.png": blue }))).toBe(
      'wrong call: PATH: expected classes of train in test, got "green".',
    );
  });

  test("is counted before anything is decoded", async () => {
    const path = await folderOf({ "0.png": await plain("red") });
    await Promise.all(Array.from({ length: 349 }, (_, i) => link(join(path, "0.png"), join(path, `${i + 1}.png`))));
    expect(await refusal(path, { size: 1024 })).toBe(
      "wrong call: PATH: expected at most 1,073,741,824 pixels in all (three times as many in colour), got 1,101,004,800. " +
        "Give a smaller --size, or --grey.",
    );
  });

  test("in which nothing can be read is refused, and so is an empty one", async () => {
    expect(await refusal(await folderOf({}))).toBe(
      "wrong call: PATH: expected PNG, JPEG or WebP files, or folders of them, got an empty folder.",
    );
    expect(await refusal(await folderOf({ "a.txt": "" }))).toContain("or folders of them, got none.");
    expect(await refusal(await folderOf({ "a.png": "" }))).toBe(
      "wrong call: PATH: expected pictures that can be read, in every part, got none (a.png: empty).",
    );
    expect(await refusal(await folderOf({ "a.png": await plain("red") }))).toContain("expected at least 2 images");
  });
});

describe("arrays", () => {
  const pixels = [0, 51, 102, 153, 204, 255, 10, 20, 30, 40, 50, 60];
  const images = npyBytes("|u1", [3, 2, 2], pixels);

  test("are images and labels by the names that they usually have", async () => {
    const files = {
      "x_train.npy": images,
      "y_train.npy": npyBytes("|u1", [3], [2, 0, 1]),
      "x_test.npy": npyBytes("|u1", [1, 2, 2], [9, 8, 7, 6]),
      "y_test.npy": npyBytes("|u1", [1, 1], [25]),
      "extra.npy": npyBytes("|u1", [1], [1]),
    };
    const archive = await folderOf({ "own.npz": zipSync(files) });
    for (const path of [await folderOf(files), join(archive, "own.npz")]) {
      const { train, test, leftOut } = await load(path);
      expect(labelled(train)).toEqual(["0: 204 255 10", "1: 30 40 50", "2: 0 51 102"]);
      expect(test).toMatchObject({ count: 1, height: 2, width: 2, classes: 26, images: Uint8Array.of(9, 8, 7, 6) });
      expect(train.classes).toBe(26);
      expect(leftOut.map(({ what }) => what)).toEqual(["extra"]);
    }
  });

  test("of images alone have one class; floats are from 0 to 1, truth values black and white, colours last", async () => {
    const ones = [0, 0, 0x80, 0x3f];
    for (const [bytes, expected] of [
      [npyBytes("<f4", [2, 1, 1], [...ones, 0, 0, 0, 0x3f]), [255, 128]],
      [npyBytes("|b1", [2, 1, 1], [1, 0]), [255, 0]],
      [npyBytes("<i2", [2, 1, 1], [200, 0, 7, 0]), [200, 7]],
    ] as const) {
      const { train, test } = await load(join(await folderOf({ "only.npy": bytes }), "only.npy"));
      expect([...train.images, ...test.images].toSorted()).toEqual([...expected].toSorted());
      expect(train.classes).toBe(1);
    }
    const coloured = await folderOf({ "images.npy": npyBytes("|u1", [2, 2, 1, 3], pixels) });
    expect((await load(coloured)).train).toMatchObject({ height: 2, width: 1, channels: 3 });
    expect((await load(coloured, { grey: true, size: 5 })).train).toMatchObject({
      height: 5,
      width: 5,
      images: { length: 25 },
    });
  });

  test.each([
    [
      "labels of another number",
      { images, labels: npyBytes("|u1", [2], [0, 1]) },
      /labels.npy: expected 3 labels, one for each image of PATH\/images.npy, got 2\.$/,
    ],
    [
      "labels that are no classes",
      { images, labels: npyBytes("|i1", [3], [0, 255, 1]) },
      /whole numbers from 0 to 255, got -1 at position 1\.$/,
    ],
    [
      "floats beyond 1",
      { images: npyBytes("<f4", [1, 1, 1], [0, 0, 0, 0x40]) },
      /floats from 0 to 1, got 2 at position 0\.$/,
    ],
    ["NaN", { images: npyBytes("<f4", [1, 1, 1], [0, 0, 0xc0, 0x7f]) }, /floats from 0 to 1, got NaN at position 0\.$/],
    [
      "colours first",
      { images: npyBytes("|u1", [1, 3, 2, 2], pixels) },
      /got 1 x 3 x 2 x 2: the channels come last\.$/,
    ],
    [
      "one image without its axis",
      { images: npyBytes("|u1", [3, 4], pixels) },
      /expected images \[n, height, width\].*got 3 x 4\.$/,
    ],
    ["nothing", { images: npyBytes("|u1", [0, 2, 2], []) }, /none of them 0, got 0 x 2 x 2\.$/],
    ["unknown names", { a: images, b: images }, /^wrong call: PATH: expected arrays called x_train.*got a, b\.$/],
    [
      "labels of one part",
      { x_train: images, x_test: images, y_train: npyBytes("|u1", [3], [0, 1, 2]) },
      /labels of both parts or of none, got none of the test images\.$/,
    ],
    [
      "other sizes in the tests",
      { x_train: images, x_test: npyBytes("|u1", [1, 1, 2], [1, 2]) },
      /of the training images' shape, 2 x 2 x 1, got 1 x 2 x 1\.$/,
    ],
  ])("with %s are refused", async (_, files, expected) => {
    const named = Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`${name}.npy`, bytes]));
    expect(await refusal(await folderOf(named))).toMatch(expected);
  });
});

test("IDX files may have any number of classes, and are shaped as pictures are", async () => {
  const images = idxBytes([2, 4, 4], noise(32));
  const path = await folderOf(
    Object.fromEntries(idxFileNames.map((name) => [name, name.includes("images") ? images : idxBytes([2], [25, 1])])),
  );
  expect((await load(path)).train).toMatchObject({ classes: 26, height: 4, labels: Uint8Array.of(25, 1) });
  expect((await load(path, { size: 2 })).train).toMatchObject({ height: 2, width: 2, images: { length: 8 } });
});

describe("a name", () => {
  test("is of the bytes and of the files' names, wherever the folder is", async () => {
    const files = { "a/1.png": await plain("red"), "b/1.png": await plain("blue") };
    const path = await folderOf(files);
    const name = await nameOfData(path);
    expect(name).toMatch(/^own-[0-9a-f]{8}$/);
    expect(await nameOfData(await folderOf(files))).toBe(name);
    await rename(join(path, "b"), join(path, "c"));
    expect(await nameOfData(path)).not.toBe(name);
    await rename(join(path, "c"), join(path, "b"));
    await copyFile(join(path, "a/1.png"), join(path, "b/1.png"));
    await expect(loadOwnData(name, path)).rejects.toThrow(
      `${path}: expected the data "${name}", got files that are "own-`,
    );
  });

  test("of a file leaves out what kind it is", async () => {
    const path = join(await folderOf({ "My digits.npy": npyBytes("|u1", [1, 1, 1], [1]) }), "My digits.npy");
    expect(await nameOfData(path)).toMatch(/^my-digits-[0-9a-f]{8}$/);
  });
});

describe("what is no data", () => {
  test.each([
    ["nowhere", /^wrong call: PATH: there is no such file or folder\.$/],
    [
      "notes.txt",
      /^wrong call: PATH: expected a folder with the four IDX files.*or a folder of pictures.*got another file\.$/,
    ],
    ["notes.txt/inside", /a part of its path is not a folder/],
  ])("%s", async (name, expected) => {
    expect(await refusal(join(await folderOf({ "notes.txt": "" }), name))).toMatch(expected);
  });
});

test("a decoder that is not installed is named", async () => {
  const missing = () => Promise.reject(Object.assign(new Error("none"), { code: "ERR_MODULE_NOT_FOUND" }));
  await expect(needSharp("photographs: pictures are read", missing)).rejects.toThrow(
    "photographs: pictures are read by sharp, which is not installed: npm install sharp",
  );
});

test("rows of numbers and of tokens in a file of NumPy are described as they are explained", async () => {
  const path = await folderOf({
    "rows.npy": npyBytes("<f4", [2, 3], [0, 0, 0x80, 0x3f, ...new Array(16).fill(0), 0, 0, 0xc0, 0x7f]),
    "tokens.npy": npyBytes("|u1", [3, 2], [4, 1, 0, 2, 2, 9]),
  });
  const described = async (name: string) => {
    const { kind, place } = await kindAt(join(path, name));
    return kind.describe(place);
  };
  const [rows, tokens] = [await described("rows.npy"), await described("tokens.npy")];
  expect(rows.record).toEqual({ kind: "rows", rows: 2, columns: 3, smallest: 0, largest: 1, notFinite: 1 });
  expect(tokens.record).toEqual({ kind: "tokens", rows: 3, columns: 2, smallest: 0, largest: 9, notFinite: 0 });
  expect(tokens.example).toMatchObject({ command: "softdraw explain --data" });
  expect(rows.example).toEqual({ first: expect.stringContaining("fill in what is not finite for softdraw explain") });
  await rm(path, { recursive: true });
});

test("a description says what is there, what is left out, and how to train on it", async () => {
  const path = await folderOf({
    "a/1.png": await plain("#102030"),
    "a/2.png": await plain("#405060", { width: 200 }),
    "b/1.png": await plain("#70e090"),
    "b/2.png": "",
  });
  const { kind, place } = await kindAt(path);
  const { record, leftOut, checksum, example } = await kind.describe(place);
  expect(record).toEqual({
    kind: "pictures",
    images: {
      count: 3,
      sizes: { "6 x 6": 2, "6 x 200": 1 },
      channels: 3,
      classes: { a: 2, b: 1 },
      smallest: 0x10,
      largest: 0xe0,
    },
  });
  expect(leftOut).toEqual([{ what: "b/2.png", why: "empty" }]);
  expect(await nameOfData(path)).toBe(`own-${checksum.slice(0, 8)}`);
  expect(example).toEqual({ command: "softdraw train vae --data", options: " --size 28 --batch 1" });
  await rm(path, { recursive: true });
});
