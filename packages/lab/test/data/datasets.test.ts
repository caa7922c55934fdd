import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { idxBytes } from "@softdraw/testing/bytes";
import { describe, expect, test } from "vitest";
import {
  describeDatasets,
  loadDataset,
  loadIdxSource,
  verifyDataset,
  verifyIdxSource,
} from "../../src/data/datasets.ts";
import { sha256 } from "../../src/data/files.ts";
import { nameOfData } from "../../src/data/own-data.ts";
import { type IdxFileName, type IdxSource, idxFileNames } from "../../src/data/sources.ts";
import { serve, temporaryFolder } from "./support.ts";

type Files = Record<IdxFileName, Uint8Array>;

const files: Files = {
  "train-images-idx3-ubyte": idxBytes([3, 1, 2], [10, 11, 20, 21, 30, 31]),
  "train-labels-idx1-ubyte": idxBytes([3], [1, 0, 2]),
  "t10k-images-idx3-ubyte": idxBytes([2, 1, 2], [40, 41, 50, 51]),
  "t10k-labels-idx1-ubyte": idxBytes([2], [2, 2]),
};

const toy: IdxSource = {
  name: "toy",
  classes: 3,
  height: 1,
  width: 2,
  train: 3,
  test: 2,
  mirrors: [],
  sha256: Object.fromEntries(idxFileNames.map((name) => [name, sha256(files[name])])) as Record<IdxFileName, string>,
};

const shape = { height: 1, width: 2, classes: 3 };

const toySplits = {
  name: "toy",
  train: {
    name: "toy train",
    count: 3,
    ...shape,
    images: Uint8Array.of(10, 11, 20, 21, 30, 31),
    labels: Uint8Array.of(1, 0, 2),
  },
  test: { name: "toy test", count: 2, ...shape, images: Uint8Array.of(40, 41, 50, 51), labels: Uint8Array.of(2, 2) },
};

const forms = ["plain", "gz", "gz named plain", "dotted", "dotted gz"] as const;

async function folderOf(content: Partial<Files>, form: (typeof forms)[number] = "plain"): Promise<string> {
  const folder = await temporaryFolder();
  for (const [name, bytes] of Object.entries(content)) {
    const path = join(folder, form.startsWith("dotted") ? name.replace("-idx", ".idx") : name);
    await writeFile(form.endsWith("gz") ? `${path}.gz` : path, form.includes("gz") ? gzipSync(bytes) : bytes);
  }
  return folder;
}

/** A mirror that has the four files as `.gz`. */
function serveFiles() {
  return serve((request, response) => {
    response.end(gzipSync(files[request.url?.slice(1).replace(/\.gz$/, "") as IdxFileName]));
  });
}

describe("a data folder", () => {
  test.each(forms)("is read when its files are %s", async (form) => {
    expect(await loadIdxSource(toy, { dataDir: await folderOf(files, form) })).toEqual(toySplits);
  });

  test("that lacks a file is refused with the places looked at", async () => {
    const { "t10k-labels-idx1-ubyte": _, ...others } = files;
    const dataDir = await folderOf(others);
    await expect(loadIdxSource(toy, { dataDir })).rejects.toThrow(
      `t10k-labels-idx1-ubyte is missing: looked in ${dataDir} for t10k-labels-idx1-ubyte and t10k-labels.idx1-ubyte, ` +
        "packed (.gz) or not.",
    );
  });

  test("that is not there is refused with the places looked at", async () => {
    const dataDir = join(await temporaryFolder(), "nowhere");
    await expect(loadDataset("mnist", { dataDir })).rejects.toThrow(
      `train-images-idx3-ubyte is missing: looked in ${dataDir} for `,
    );
  });

  test("with a truncated file is refused with its path", async () => {
    const images = files["train-images-idx3-ubyte"].subarray(0, 20);
    const dataDir = await folderOf({ ...files, "train-images-idx3-ubyte": images }, "gz");
    await expect(loadIdxSource(toy, { dataDir })).rejects.toThrow(
      `${join(dataDir, "train-images-idx3-ubyte.gz")}: truncated: expected 6 bytes after the header (3 x 1 x 2), got 4.`,
    );
  });

  test("with damaged gzip data is refused with its path", async () => {
    const dataDir = await folderOf(files);
    const path = join(dataDir, "t10k-images-idx3-ubyte");
    await writeFile(path, gzipSync(files["t10k-images-idx3-ubyte"]).subarray(0, 15));
    await expect(loadIdxSource(toy, { dataDir })).rejects.toThrow(
      `${path}: expected whole gzip data, got unexpected end of file.`,
    );
  });

  test("with fewer labels than images is refused with both paths", async () => {
    const dataDir = await folderOf({ ...files, "train-labels-idx1-ubyte": idxBytes([2], [0, 1]) });
    await expect(loadIdxSource(toy, { dataDir })).rejects.toThrow(
      `${join(dataDir, "train-labels-idx1-ubyte")}: expected 3 labels, one for each image of ` +
        `${join(dataDir, "train-images-idx3-ubyte")}, got 2.`,
    );
  });

  test("with training and test images of different sizes is refused", async () => {
    const dataDir = await folderOf({ ...files, "t10k-images-idx3-ubyte": idxBytes([2, 2, 1], [1, 2, 3, 4]) });
    await expect(loadIdxSource(toy, { dataDir })).rejects.toThrow(
      "toy: expected test images of the training images' size, 1 x 2, got 2 x 1.",
    );
  });
});

describe("a folder's data", () => {
  /** A folder of that name with four sound files of 28 x 28. */
  async function folderNamed(name: string, labels: number[] = [1, 0]): Promise<string> {
    const folder = join(await temporaryFolder(), name);
    await mkdir(folder);
    for (const file of idxFileNames) {
      const bytes = file.includes("images") ? idxBytes([2, 28, 28], new Uint8Array(2 * 784)) : idxBytes([2], labels);
      await writeFile(join(folder, file), bytes);
    }
    return folder;
  }

  test.each([
    ["letters", /^letters-[0-9a-f]{8}$/],
    ["mnist", /^mnist-[0-9a-f]{8}$/],
    ["My Letters, 2nd (é).d", /^my-letters-2nd-d-[0-9a-f]{8}$/],
    ["字", /^data-[0-9a-f]{8}$/],
    ["a".repeat(60), /^a{40}-[0-9a-f]{8}$/],
  ])("in %s has a name of its own, by which it is loaded", async (folder, expected) => {
    const dataDir = await folderNamed(folder);
    const name = await nameOfData(dataDir);
    expect(name).toMatch(expected);
    const { name: loaded, train } = await loadDataset(name, { dataDir });
    expect([loaded, train.name, train.count, train.classes]).toEqual([name, `${name} train`, 2, 2]);
  });

  test("has the same checksum wherever it lies and however it is packed, and another one for other bytes", async () => {
    const [here, there, other] = await Promise.all([folderNamed("a"), folderNamed("b"), folderNamed("a", [1, 1])]);
    const packed = join(there, "train-labels-idx1-ubyte");
    await writeFile(packed, gzipSync(idxBytes([2], [1, 0])));
    const [name, elsewhere, changed] = await Promise.all([here, there, other].map(nameOfData));
    expect(elsewhere).toBe(name!.replace(/^a/, "b"));
    expect(changed!.slice(0, 2)).toBe("a-");
    expect(changed).not.toBe(name);
    expect((await loadDataset(name!, { dataDir: there })).name).toBe(name);
    await expect(loadDataset(name!, { dataDir: other })).rejects.toThrow(
      `${other}: expected the data "${name}", got files that are "${changed}" by their checksums.`,
    );
  });

  test("is not taken for a data set, and not found without the folder", async () => {
    const dataDir = await folderNamed("letters");
    const name = await nameOfData(dataDir);
    await expect(loadDataset("mnist", { dataDir })).rejects.toThrow(
      `${dataDir}: expected the data "mnist", got files that are "${name}" by their checksums (by that name, ` +
        `--data ${name}, they are taken).`,
    );
    await expect(loadDataset(name)).rejects.toThrow(`"${name}" is the data of a folder: expected that folder`);
  });
});

describe("a file is read as far as its header says, and no further", () => {
  /** Gzip data of 64 MiB of zeros, behind the header of an IDX file: 64 KiB on the disk. */
  const bomb = (shape: number[]) => gzipSync(Buffer.concat([idxBytes(shape, []), Buffer.alloc(2 ** 26)]));

  test.each([
    ["over-long gzip data", bomb([3, 1, 2]), "over-long: expected 22 bytes, uncompressed, got more."],
    [
      "over-long plain data",
      idxBytes([3, 1, 2], new Uint8Array(7)),
      "over-long: expected 22 bytes, uncompressed, got more.",
    ],
    [
      "a header beyond all memory",
      bomb([0xffffffff, 28, 28]),
      "too large: expected at most 1073741824 bytes, got a header of 4294967295 x 28 x 28",
    ],
    ["an axis of 0", bomb([3, 0, 28]), "empty: expected every axis to be at least 1, got 3 x 0 x 28."],
    ["gzip data that holds something else", gzipSync(Buffer.alloc(2 ** 26)), "wrong element type, unknown"],
    ["half a header", gzipSync(idxBytes([3, 1], [])), "wrong number of axes, 2"],
  ])("%s", async (_, bytes, expected) => {
    const dataDir = await folderOf(files);
    const path = join(dataDir, "train-images-idx3-ubyte");
    await writeFile(path, bytes);
    const { arrayBuffers } = process.memoryUsage();
    await expect(loadIdxSource(toy, { dataDir })).rejects.toThrow(`${path}: ${expected}`);
    expect(process.memoryUsage().arrayBuffers - arrayBuffers).toBeLessThan(2 ** 24);
  });

  test("what is no file is refused, and nobody waits for its other end", async () => {
    const dataDir = await folderOf({ ...files, "train-images-idx3-ubyte": new Uint8Array() });
    const path = join(dataDir, "train-images-idx3-ubyte");
    await rm(path);
    await mkdir(path);
    await expect(loadIdxSource(toy, { dataDir })).rejects.toThrow(`${path}: expected a file, got something else`);
  });
});

describe("the cache", () => {
  test("is filled by a download, and then needs no connection", async () => {
    const mirror = await serveFiles();
    const cacheDir = await temporaryFolder();
    const source = { ...toy, mirrors: [mirror.url] };
    const seen = new Set<string>();
    expect(await loadIdxSource(source, { cacheDir, onProgress: (file) => seen.add(file) })).toEqual(toySplits);
    const packed = idxFileNames.map((name) => `${name}.gz`);
    expect([...seen]).toEqual(packed);
    expect((await readdir(join(cacheDir, "toy"))).sort()).toEqual([...packed].sort());

    await mirror.close();
    expect(await loadIdxSource(source, { cacheDir, download: false })).toEqual(toySplits);
  });

  test.each([
    ["of another content", idxBytes([3], [0, 0, 0])],
    ["truncated", files["train-labels-idx1-ubyte"].subarray(0, 9)],
    ["damaged gzip data", Uint8Array.of(0x1f, 0x8b, 8, 0)],
  ])("heals a file that is %s by downloading that one again", async (_, damaged) => {
    const mirror = await serveFiles();
    const cacheDir = await temporaryFolder();
    const source = { ...toy, mirrors: [mirror.url] };
    await loadIdxSource(source, { cacheDir });
    await writeFile(join(cacheDir, "toy", "train-labels-idx1-ubyte.gz"), damaged);
    expect(await loadIdxSource(source, { cacheDir })).toEqual(toySplits);
    expect(mirror.requests.map(({ url }) => url).slice(4)).toEqual(["/train-labels-idx1-ubyte.gz"]);
  });

  test("that is empty, with downloads off, says what to do", async () => {
    const cacheDir = await temporaryFolder();
    await expect(loadDataset("fashion-mnist", { cacheDir, download: false })).rejects.toThrow(
      `train-images-idx3-ubyte of fashion-mnist is missing or damaged in ${join(cacheDir, "fashion-mnist")}, and ` +
        'downloads are off. Run "softdraw data fetch fashion-mnist", or give a folder',
    );
  });

  test("that cannot be filled names the mirrors and what else to do", async () => {
    const mirror = await serve((_, response) => response.writeHead(503).end());
    const cacheDir = await temporaryFolder();
    await expect(loadIdxSource({ ...toy, mirrors: [mirror.url] }, { cacheDir })).rejects.toThrow(
      "train-images-idx3-ubyte.gz: could not be downloaded from any mirror:\n" +
        `  ${mirror.url}train-images-idx3-ubyte.gz: answered 503 Service Unavailable\n` +
        "Without a connection, give a folder that holds the four IDX files (--data-dir).",
    );
  });

  test("stops filling at a signal", async () => {
    const cacheDir = await temporaryFolder();
    const signal = AbortSignal.abort(new Error("stopped by the user"));
    await expect(loadDataset("mnist", { cacheDir, signal })).rejects.toThrow(/^stopped by the user$/);
  });
});

describe("loadDataset", () => {
  test("loads the embedded digits", async () => {
    const { name, train, test } = await loadDataset("digits");
    expect([name, train.count, test.count]).toEqual(["digits", 9000, 1000]);
  });

  test("refuses a folder for the embedded digits, which would not be read", async () => {
    await expect(loadDataset("digits", { dataDir: "somewhere" })).rejects.toThrow(
      'The data set "digits" is embedded and reads no folder, got the folder somewhere. ' +
        "Ask for mnist or fashion-mnist to read IDX files from there.",
    );
  });

  test("refuses an unknown name with the known ones", async () => {
    await expect(loadDataset("mnits" as "mnist")).rejects.toThrow(
      'Unknown data set "mnits", expected one of digits, mnist, fashion-mnist.',
    );
  });
});

describe("describeDatasets", () => {
  test("tells what is embedded, cached and not here", async () => {
    const cacheDir = await temporaryFolder();
    await mkdir(join(cacheDir, "mnist"));
    for (const name of idxFileNames) await writeFile(join(cacheDir, "mnist", `${name}.gz`), "12345");
    const sizes = { train: 60_000, test: 10_000 };
    expect(await describeDatasets({ cacheDir })).toEqual([
      {
        name: "digits",
        state: "embedded",
        path: expect.stringContaining(join("mnist", "src", "digits")),
        bytes: 21_387_202,
        train: 9_000,
        test: 1_000,
      },
      { name: "mnist", state: "cached", path: join(cacheDir, "mnist"), bytes: 20, ...sizes },
      { name: "fashion-mnist", state: "not here", path: join(cacheDir, "fashion-mnist"), bytes: 0, ...sizes },
    ]);
  });

  test("takes a set with a missing file as not here", async () => {
    const cacheDir = await temporaryFolder();
    await mkdir(join(cacheDir, "mnist"));
    await writeFile(join(cacheDir, "mnist", "train-labels-idx1-ubyte.gz"), "12345");
    expect((await describeDatasets({ cacheDir }))[1]).toMatchObject({ name: "mnist", state: "not here", bytes: 5 });
  });
});

describe("verifyDataset", () => {
  test("finds the embedded digits sound", async () => {
    expect(await verifyDataset("digits")).toEqual([{ path: expect.any(String), problem: undefined }]);
  });

  test("finds sound files sound, in a folder and in the cache", async () => {
    const dataDir = await folderOf(files, "gz");
    expect(await verifyIdxSource(toy, { dataDir })).toEqual(
      idxFileNames.map((name) => ({ path: join(dataDir, `${name}.gz`), problem: undefined })),
    );
    const mirror = await serveFiles();
    const cacheDir = await temporaryFolder();
    await loadIdxSource({ ...toy, mirrors: [mirror.url] }, { cacheDir });
    expect((await verifyIdxSource(toy, { cacheDir })).map(({ problem }) => problem)).toEqual(Array(4).fill(undefined));
  });

  test("gives a verdict on every file: sound, other content, broken structure, missing", async () => {
    const labels = idxBytes([3], [0, 0, 0]);
    const dataDir = await folderOf({
      "train-images-idx3-ubyte": files["train-images-idx3-ubyte"],
      "train-labels-idx1-ubyte": labels,
      "t10k-images-idx3-ubyte": files["t10k-labels-idx1-ubyte"],
    });
    const paths = idxFileNames.map((name) => join(dataDir, name));
    expect(await verifyIdxSource(toy, { dataDir })).toEqual([
      { path: paths[0], problem: undefined },
      {
        path: paths[1],
        problem:
          `${paths[1]}: expected the SHA-256 ${toy.sha256["train-labels-idx1-ubyte"]} of the uncompressed bytes, ` +
          `got ${sha256(labels)}.`,
      },
      { path: paths[2], problem: expect.stringContaining(`${paths[2]}: wrong number of axes, 1: expected`) },
      {
        path: paths[3],
        problem: expect.stringMatching(/^t10k-labels-idx1-ubyte is missing: looked in /),
      },
    ]);
  });
});
