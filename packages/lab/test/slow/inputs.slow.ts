/**
 * Seven thousand damaged inputs. Each is taken, or refused by an error that was meant: in words, of a sensible length, without
 * a stack trace, and without memory beyond what the largest legal input would take. A hang is what the test's time runs out for.
 *
 * Another seed: SOFTDRAW_FUZZ_SEED=7 npx vitest run --config vitest.slow.config.ts packages/lab
 */

import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32, gzipSync } from "node:zlib";
import { experiments } from "@softdraw/experiments/all";
import { decodeCheckpoint } from "@softdraw/experiments/checkpoint/safetensors";
import { fieldsOf } from "@softdraw/experiments/fields";
import { encodePicture } from "@softdraw/experiments/report/png";
import { idxBytes, noise, npyBytes } from "@softdraw/testing/bytes";
import { type Chance, chance, damaged } from "@softdraw/testing/mutations";
import { zipSync } from "fflate";
import sharp from "sharp";
import { expect, test } from "vitest";
import { readConfiguration } from "../../src/cli/configuration.ts";
import { readPicture } from "../../src/cli/pictures.ts";
import { loadDataset } from "../../src/data/datasets.ts";
import { loadOwnData, nameOfData } from "../../src/data/own-data.ts";
import { MOST_PIXELS } from "../../src/data/sharp.ts";
import { idxFileNames } from "../../src/data/sources.ts";
import { openRun } from "../../src/runs/run.ts";
import { trainedModel } from "../../src/training/trained.ts";
import { call, type Finished, onlyRun, softdraw, tinyTraining, useFolder } from "../cli/support.ts";

const SEED = Number(process.env.SOFTDRAW_FUZZ_SEED ?? 1);
const EACH = 1000;
/** Of the options, so many also go through processes of their own. */
const PROCESSES = 60;
const TIMEOUT = 600_000;
const MEBIBYTE = 2 ** 20;

const folder = useFolder();

/** Signs of an error that nobody meant. */
const UNMEANT =
  /Cannot (read|set|convert|destructure|mix)|is not (a function|iterable|defined|a constructor)|undefined is|\[object |Offset is outside|Invalid (array|typed array|string) length|call stack|out of memory/i;
const STACK_TRACE = /\n\s+at /;

/** A fault that was found by looking at how a command ended. */
class NotMeant extends Error {}

/** What is wrong with what was said of an input; undefined if nothing is. */
function wrongWith(message: string, longest: number): string | undefined {
  if (STACK_TRACE.test(message)) return `a stack trace: ${message.slice(0, 400)}`;
  const unmeant = UNMEANT.exec(message);
  if (unmeant) return `"${unmeant[0]}" in: ${message.slice(0, 400)}`;
  if (message.trim() === "") return "no word";
  return message.length > longest ? `${message.length} characters: ${message.slice(0, 200)}` : undefined;
}

/**
 * Takes so many inputs, and names each that went wrong by its number: the same seed makes it again.
 *
 * @param most MiB that the memory of this process may grow by
 * @param longest characters of an error
 */
async function takeAll(
  take: (chance: Chance, i: number) => Promise<unknown>,
  { most, longest = 2000, count = EACH }: { most: number; longest?: number; count?: number },
): Promise<{ taken: number }> {
  const faults: string[] = [];
  let taken = 0;
  const before = process.resourceUsage().maxRSS;
  for (let i = 0; i < count; i++) {
    try {
      await take(chance(SEED * 1_000_003 + i), i);
      taken++;
    } catch (error) {
      const fault =
        error instanceof NotMeant
          ? error.message
          : error instanceof Error
            ? wrongWith(error.message, longest)
            : `thrown: ${error}`;
      if (fault !== undefined) faults.push(`seed ${SEED}, input ${i}: ${fault}`);
    }
  }
  expect(faults).toEqual([]);
  const grown = (process.resourceUsage().maxRSS - before) / 1024;
  expect(grown, `MiB, seed ${SEED}`).toBeLessThan(most);
  return { taken };
}

test(`IDX files, packed and not, seed ${SEED}`, { timeout: TIMEOUT }, async () => {
  const home = await folder.fresh();
  const files = {
    "train-images-idx3-ubyte": idxBytes([20, 28, 28], noise(20 * 784)),
    "train-labels-idx1-ubyte": idxBytes(
      [20],
      noise(20).map((byte) => byte % 10),
    ),
    "t10k-images-idx3-ubyte": idxBytes([5, 28, 28], noise(5 * 784, 2)),
    "t10k-labels-idx1-ubyte": idxBytes([5], [0, 1, 2, 3, 4]),
  };
  const { taken } = await takeAll(
    async (chance) => {
      const victim = chance.pick(idxFileNames);
      const isPacked = chance.below(2) === 1;
      for (const file of idxFileNames) {
        const [bytes, own] = [files[file], file === victim];
        // The header is a small part of the file, and most of what can be wrong is there.
        const head = own && chance.below(2) === 1 ? damaged(bytes.subarray(0, 16), chance) : undefined;
        const content = head
          ? Buffer.concat([head, bytes.subarray(16)])
          : own && !isPacked
            ? damaged(bytes, chance)
            : bytes;
        await writeFile(
          join(home, file),
          !isPacked ? content : own ? damaged(gzipSync(content), chance) : gzipSync(content),
        );
      }
      const name = await nameOfData(home);
      await loadDataset(name, { dataDir: home });
    },
    { most: 128 },
  );
  expect(taken).toBeGreaterThan(0);
  expect(taken).toBeLessThan(EACH);
});

test(`pictures, seed ${SEED}`, { timeout: TIMEOUT }, async () => {
  const file = join(await folder.fresh(), "picture");
  const picture = { width: 24, height: 16, channels: 3 as const, data: noise(24 * 16 * 3) };
  const image = sharp(picture.data, { raw: { width: 24, height: 16, channels: 3 } });
  const pngs = [
    encodePicture(picture),
    await image.clone().png({ palette: true, colours: 16 }).toBuffer(),
    await image.clone().png({ progressive: true }).toBuffer(),
    await image.clone().ensureAlpha(0.5).png().toBuffer(),
  ];
  const others = [await image.clone().jpeg().toBuffer(), await image.clone().webp().toBuffer()];
  const { taken } = await takeAll(
    async (chance) => {
      const isPng = chance.below(4) > 0;
      const bytes = damaged(chance.pick(isPng ? pngs : others), chance);
      await writeFile(file, isPng && chance.below(2) === 1 ? withSums(bytes) : bytes);
      await readPicture(file);
    },
    { most: (2 * 4 * MOST_PIXELS) / MEBIBYTE },
  );
  expect(taken).toBeGreaterThan(0);
  expect(taken).toBeLessThan(EACH);
});

/** The PNG file with the checksums that its chunks ought to have, so that what is behind them is looked at. */
function withSums(png: Uint8Array): Uint8Array {
  const bytes = Buffer.from(png);
  for (let at = 8; at + 12 <= bytes.length; ) {
    const end = at + 12 + bytes.readUInt32BE(at);
    if (end > bytes.length) break;
    bytes.writeUInt32BE(crc32(bytes.subarray(at + 4, end - 4)), end - 4);
    at = end;
  }
  return bytes;
}

test(`arrays, packed and not, seed ${SEED}`, { timeout: TIMEOUT }, async () => {
  const home = await folder.fresh();
  const arrays = {
    "images.npy": npyBytes("<f4", [6, 2, 2], new Uint8Array(96)),
    "labels.npy": npyBytes("<i8", [6], new Uint8Array(48)),
  };
  const archives = [zipSync(arrays, { level: 0 }), zipSync(arrays)];
  const { taken } = await takeAll(
    async (chance) => {
      const isArchive = chance.below(2) === 1;
      const file = join(home, isArchive ? "own.npz" : "own.npy");
      await writeFile(file, damaged(isArchive ? chance.pick(archives) : arrays["images.npy"], chance));
      await loadOwnData(await nameOfData(file), file);
    },
    { most: 128 },
  );
  expect(taken).toBeGreaterThan(0);
  expect(taken).toBeLessThan(EACH);
});

test(`folders of pictures, seed ${SEED}`, { timeout: TIMEOUT }, async () => {
  const home = join(await folder.fresh(), "own");
  const image = sharp(noise(12 * 12 * 3), { raw: { width: 12, height: 12, channels: 3 } });
  const formats = ["png", "jpeg", "webp"] as const;
  const sound = await Promise.all(formats.map((format) => image.clone().toFormat(format).toBuffer()));
  await mkdir(home);
  const { taken } = await takeAll(
    async (chance) => {
      for (const [i, format] of formats.entries()) {
        await writeFile(join(home, `${i}.${format}`), chance.below(2) === 1 ? damaged(sound[i]!, chance) : sound[i]!);
      }
      await loadOwnData(await nameOfData(home), home, chance.below(2) === 1 ? { size: 8 } : {});
    },
    { most: (2 * 4 * MOST_PIXELS) / MEBIBYTE },
  );
  expect(taken).toBeGreaterThan(0);
});

test(`checkpoints, seed ${SEED}`, { timeout: TIMEOUT }, async () => {
  const home = await folder.fresh();
  expect(await call(home, ...tinyTraining(folder.path(), 1))).toMatchObject({ code: 0 });
  const path = await onlyRun(home);
  const file = join(path, "checkpoint.safetensors");
  const sound = await readFile(file);
  const header = 8 + Number(sound.readBigUInt64LE(0));
  const run = await openRun(path, { lock: false });
  const vae = experiments.find(({ name }) => name === "vae")!;
  const config = vae.schema.parse(run.info.config);
  const data = await loadDataset(config.data!, config);
  decodeCheckpoint(sound, file);
  const { taken } = await takeAll(
    async (chance) => {
      const inHeader = chance.below(4) > 0;
      const bytes = inHeader
        ? Buffer.concat([damaged(sound.subarray(0, header), chance), sound.subarray(header)])
        : damaged(sound, chance);
      await writeFile(file, bytes);
      await trainedModel(run, vae, config, data);
    },
    { most: 256 },
  );
  expect(taken).toBeLessThan(EACH);
});

/** Values that are none, or are at the edge of what is one. */
const ODD: readonly unknown[] = [
  ...[
    null,
    true,
    [],
    {},
    [[]],
    "",
    " ",
    "0",
    "-1",
    "NaN",
    "__proto__",
    "\u0000\u001b[31m",
    "é字🙂",
    "x".repeat(10_000),
  ],
  ...[0, -0, -1, 0.5, 1e-320, 1e-46, 1e38, 1e300, 2 ** 31, 2 ** 53, -(2 ** 53)],
  ...["1/0", "0/2", "9999999999/99999999999", "../../../etc/passwd", "mnist-00000000", "constructor", "toString"],
];

test(`configurations, seed ${SEED}`, { timeout: TIMEOUT }, async () => {
  const file = join(await folder.fresh(), "options.json");
  const { taken } = await takeAll(
    async (chance) => {
      const experiment = chance.pick(experiments);
      const names = [...Object.keys(fieldsOf(experiment)), "__proto__", "constructor", "epoch", ""];
      const values = Array.from({ length: 1 + chance.below(4) }, () => [chance.pick(names), oddValue(chance)]);
      const text = Buffer.from(`{${values.map(([name, value]) => `${JSON.stringify(name)}: ${value}`).join(", ")}}`);
      await writeFile(file, chance.below(4) === 0 ? damaged(text, chance) : text);
      await readConfiguration(experiment, { config: file });
      // What came is repeated.
    },
    { most: 128, longest: 50_000 },
  );
  expect(taken).toBeGreaterThan(0);
  expect(taken).toBeLessThan(EACH);
});

function oddValue({ pick, below }: Chance): string {
  if (below(8) === 0) return `${"[".repeat(1000)}${"]".repeat(1000)}`;
  return below(16) === 0 ? "1e999" : JSON.stringify(pick(ODD));
}

/** Calls that end before there is anything to train: there is no such run, no such folder of data, no such queue. */
const CALLS: readonly (readonly string[])[] = [
  ...["vae", "dknn", "jigsaw"].map((name) => ["train", name, "--data", "mnist", "--data-dir", "nowhere"]),
  ...["vae", "jigsaw"].map((name) => [
    "sweep",
    name,
    "--set",
    "temperature=1,2",
    "--data",
    "mnist",
    "--data-dir",
    "nowhere",
  ]),
  ["resume", "runs/none"],
  ["eval", "runs/none", "--importance-samples", "3"],
  ["sample", "runs/none"],
  ["solve", "runs/none", "none.png"],
  ["runs", "--runs-dir", "nowhere"],
  ["data", "verify", "mnist", "--data-dir", "nowhere"],
  ["worker", "--queue", "redis://127.0.0.1:1"],
  ["demo", "subset", "--draws", "10"],
  ["demo", "gradients", "--n", "2", "--samples", "1", "--draws", "10"],
];

const OPTIONS = [
  ...new Set(experiments.flatMap((experiment) => Object.entries(fieldsOf(experiment)).map(([name]) => name))),
].map((name) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`);
const MORE_OPTIONS = [
  "--set",
  "--draws",
  "--seeds",
  "--folds",
  "--halving",
  "--workers",
  "--threads",
  "--device",
  "--json",
  "--",
];
const ODD_TEXTS = [
  ...ODD.map((value) => (typeof value === "string" ? value.replaceAll("\u0000", "") : JSON.stringify(value))),
  ...[
    "=",
    "temperature=",
    "temperature=1,,2",
    "temperature=uniform(",
    "temperature=log-uniform(0,1)",
    "=1",
    "--",
    "-",
    "-x",
  ],
  ...["1e9", "0x10", "1_000", "９", "Infinity", "1,2,3", "redis://", "redis://:secret@:0/x", "1e400", "true"],
];

function oddCall({ pick, below }: Chance): string[] {
  const words = [...pick(CALLS)];
  for (let changes = 1 + below(3); changes > 0; changes--) {
    const at = 1 + below(words.length);
    const option = [pick(below(3) === 0 ? MORE_OPTIONS : OPTIONS), pick(ODD_TEXTS)];
    if (below(3) > 0) words.push(...option);
    // The first word stays, and with it what the call would do; nor is a folder of data taken away.
    else if (words[at] !== undefined && words[at - 1] !== "--data-dir" && words[at] !== "--data-dir")
      words[at] = pick(ODD_TEXTS);
  }
  return words;
}

/** What an ended call has to be: refused, or done where there was nothing to refuse. */
function checkEnd(words: readonly string[], { code, out, err }: Finished): void {
  const where = `softdraw ${words.map((word) => JSON.stringify(word.slice(0, 60))).join(" ")}`;
  const given = words.join("").length;
  if (code !== 0 && code !== 1 && code !== 2) throw new NotMeant(`${where}: exit code ${code}: ${err.slice(0, 400)}`);
  // The help that follows a wrong call is long, and what was typed is repeated.
  const fault = code === 0 ? undefined : wrongWith(err === "" ? out : err, 20_000 + 4 * given);
  if (fault !== undefined) throw new NotMeant(`${where}: ${fault}`);
}

test(`options, seed ${SEED}`, { timeout: TIMEOUT }, async () => {
  const home = await folder.fresh();
  await mkdir(join(home, "empty"));
  const { taken } = await takeAll(
    async (chance) => {
      const words = oddCall(chance);
      checkEnd(words, await call(home, ...words));
    },
    { most: 256, longest: 50_000 },
  );
  expect(taken).toBe(EACH);
  expect((await readdir(home)).filter((name) => name === "runs" || name === "sweeps")).toEqual([]);
});

test(`options of processes, seed ${SEED}`, { timeout: TIMEOUT }, async () => {
  const home = await folder.fresh();
  await takeAll(
    async (chance) => {
      const words = oddCall(chance);
      checkEnd(words, await softdraw(home, ...words));
    },
    { most: 128, longest: 50_000, count: PROCESSES },
  );
});
