import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { unpackDigits } from "@softdraw/experiments/data/digits-file";
import { digitsSha256, loadDigits } from "@softdraw/lab/data/digits";
import { expect, test } from "vitest";
import { digitsFile } from "../build/digits.ts";

test("the page's file of digits is small and holds those of the command line", async () => {
  const file = await digitsFile();
  expect(file.length).toBeLessThanOrEqual(2.5e6);
  const bytes = gunzipSync(file);
  expect(createHash("sha256").update(bytes).digest("hex")).toBe(digitsSha256);
  const [{ train, test }, expected] = [unpackDigits(bytes), await loadDigits()];
  expect({ ...train, images: hash(train.images), labels: hash(train.labels) }).toEqual({
    ...expected.train,
    images: hash(expected.train.images),
    labels: hash(expected.train.labels),
  });
  expect([test.name, test.count, hash(test.images), hash(test.labels)]).toEqual([
    ...[expected.test.name, expected.test.count, hash(expected.test.images), hash(expected.test.labels)],
  ]);
});

function hash(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
