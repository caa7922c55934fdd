import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Picture } from "@softdraw/experiments/report/pixels";
import { decodePicture, encodePicture } from "@softdraw/experiments/report/png";
import { noise } from "@softdraw/testing/bytes";
import { beforeAll, describe, expect, test } from "vitest";
import { call, HOOK_TIMEOUT, onlyRun, records, tinyTraining, useFolder } from "./support.ts";

const folder = useFolder();

/** In colour, of a size that leaves a row and three columns over. */
const picture: Picture = { width: 35, height: 33, channels: 3, data: noise(35 * 33 * 3) };

let home: string;
let run: string;

beforeAll(async () => {
  home = await folder.fresh();
  const data = ["--data", "mnist", "--data-dir", folder.path(), "--batch", "50", "--epochs", "1"];
  const model = ["--pieces", "2", "--channels", "4", "--hidden", "8", "--iterations", "5"];
  const trained = await call(home, "train", "jigsaw", ...data, ...model, "--threads", "1");
  expect(trained).toMatchObject({ code: 0, err: "" });
  run = await onlyRun(home);
  await writeFile(join(home, "picture.png"), encodePicture(picture));
}, HOOK_TIMEOUT);

const solve = (...args: string[]) => call(home, "solve", run, ...args, "--threads", "1");
const readPicture = async (...names: string[]) => decodePicture(await readFile(join(home, ...names)));

/** The quarters of a picture, as text. */
function quarters({ width, data }: Picture, side: number, left = 0): string[] {
  return [0, 1, 2, 3].map((quarter) => {
    const [y, x] = [(quarter >> 1) * side, left + (quarter & 1) * side];
    const rows = Array.from({ length: side }, (_, i) => 3 * ((y + i) * width + x));
    return rows.map((from) => data.subarray(from, from + 3 * side)).join(";");
  });
}

describe("solve", () => {
  test("writes the picture before and after, and says how many pieces are right", async () => {
    const { code, out, err } = await solve("picture.png");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const [, right] = out.match(/^([0-4]) of 4 pieces are in their place\.$/m)!;
    expect(out).toContain("Before: shuffled.png\nAfter:  solved.png\n");
    const [shuffled, solved] = [await readPicture("shuffled.png"), await readPicture("solved.png")];
    const original = quarters(picture, 16, 1);
    for (const written of [shuffled, solved]) {
      expect(written).toMatchObject({ width: 32, height: 32, channels: 3 });
      expect(quarters(written, 16).sort()).toEqual(original.toSorted());
    }
    expect(quarters(solved, 16).filter((piece, place) => piece === original[place])).toHaveLength(Number(right));
  });

  test("--json, --out-dir and --seed: the same seed shuffles the same", async () => {
    const [first, again] = [await folder.fresh(), await folder.fresh()];
    const to = (outDir: string, seed: string) => solve("picture.png", "--json", "--out-dir", outDir, "--seed", seed);
    const { code, out } = await to(first, "7");
    expect(code).toBe(0);
    const files = { shuffled: join(first, "shuffled.png"), solved: join(first, "solved.png") };
    expect(records(out)).toEqual([{ type: "solved", ...files, right: expect.any(Number), pieces: 4 }]);
    await to(again, "7");
    for (const name of ["shuffled.png", "solved.png"]) {
      expect((await readFile(join(again, name))).equals(await readFile(join(first, name)))).toBe(true);
    }
  });

  test("a folder that is not there is made; where none can be made, the error says why", async () => {
    const made = join(await folder.fresh(), "not", "yet");
    expect(await solve("picture.png", "--out-dir", made)).toMatchObject({ code: 0, err: "" });
    expect((await readdir(made)).sort()).toEqual(["shuffled.png", "solved.png"]);
    const { code, err } = await solve("picture.png", "--out-dir", "picture.png");
    expect(code).toBe(2);
    expect(err).toBe("error: --out-dir: cannot write picture.png: there is something of that name (EEXIST).\n");
  });

  test("its own pictures are replaced, and no others, the picture that is read among them", async () => {
    const other = await folder.fresh();
    const to = () => solve("picture.png", "--out-dir", other);
    for (const _ of [1, 2]) expect(await to()).toMatchObject({ code: 0, err: "" });
    await writeFile(join(other, "solved.png"), encodePicture(picture));
    const { code, err } = await to();
    expect({ code, err }).toEqual({
      code: 2,
      err: `error: --out-dir: ${join(other, "solved.png")}: expected a new file, or a picture of Softdraw to be replaced, got another file.\n`,
    });
    const again = await solve(join(other, "shuffled.png"), "--out-dir", other);
    expect(again.err).toContain("shuffled.png: expected another file than the one that is read, got that file itself.");
    expect(await readFile(join(other, "solved.png"))).toEqual(Buffer.from(encodePicture(picture)));
  });
});

describe("a wrong call exits 2, says what is wrong, and writes nothing", () => {
  let ofVae: string;

  beforeAll(async () => {
    const other = await folder.fresh();
    await call(other, ...tinyTraining(folder.path(), 1));
    ofVae = await onlyRun(other);
    await writeFile(join(home, "text.png"), "no picture");
    const png = encodePicture(picture);
    await writeFile(join(home, "half.png"), png.subarray(0, png.length / 2));
    await writeFile(
      join(home, "dot.png"),
      encodePicture({ width: 9, height: 1, channels: 1, data: new Uint8Array(9) }),
    );
  }, HOOK_TIMEOUT);

  test.each([
    ["none.png", "error: cannot read none.png: there is no such file.\n"],
    [".", "error: cannot read .: it is a folder.\n"],
    ["text.png", "error: text.png: expected a PNG, JPEG or WebP file, got 10 other bytes.\n"],
    ["dot.png", "error: dot.png: A picture of 1 x 9 cannot be cut into 2 x 2 pieces.\n"],
  ])("softdraw solve RUN %s", async (file, expected) => {
    expect(await solve(file, "--out-dir", folder.path())).toEqual({ code: 2, out: "", err: expected });
  });

  test("a PNG file that is cut off", async () => {
    const { code, err } = await solve("half.png", "--out-dir", folder.path());
    expect(code).toBe(2);
    expect(err).toMatch(
      /^error: half\.png is damaged or cut off: it ends after \d+ bytes, and its last chunk does not\.\n$/,
    );
  });

  test("a run of another experiment", async () => {
    const { code, err } = await call(home, "solve", ofVae, "picture.png", "--out-dir", folder.path());
    expect({ code, err }).toEqual({ code: 2, err: "error: vae solves no pictures. A run of jigsaw does.\n" });
  });

  test("a folder that is no run, or no picture named", async () => {
    const none = await call(home, "solve", "runs/none", "picture.png");
    expect(none).toMatchObject({ code: 2, err: expect.stringContaining("runs/none") });
    expect(await solve()).toMatchObject({ code: 2, err: expect.stringContaining("picture") });
  });

  test("wrote nothing", async () => {
    expect((await readdir(folder.path())).filter((name) => name.endsWith(".png"))).toEqual([]);
  });
});
