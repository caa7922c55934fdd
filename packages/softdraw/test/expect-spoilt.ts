import { expect } from "vitest";

/** That of results in three rows the one with no law is NaN, and that its neighbours are the same on both devices. */
export function expectSpoilt(found: Record<string, number[]>, onWasm: Record<string, number[]>): void {
  expect(Object.keys(found).length).toBeGreaterThan(50);
  for (const [name, values] of Object.entries(found)) {
    values.forEach((x, i) => {
      const expected = onWasm[name]![i]!;
      if (!Number.isNaN(x)) expect(Math.abs(x - expected), name).toBeLessThan(1e-5 * Math.max(1, Math.abs(expected)));
    });
    const isSpoilt = (i: number) =>
      name.startsWith("subset.sampleOrdered") || Math.floor((3 * i) / values.length) === 1;
    expect(values.map(Number.isNaN), name).toEqual(values.map((_, i) => isSpoilt(i)));
  }
}
