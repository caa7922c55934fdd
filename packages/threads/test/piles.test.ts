import { afterEach, expect, test, vi } from "vitest";
import { watchPiles } from "../src/piles.ts";
import type { Kernel } from "../src/placement.js";

/** A turn of the event loop. */
const turn = () => new Promise((resolve) => setTimeout(resolve));

const onPile = vi.fn<(steps: number) => void>();
afterEach(() => onPile.mockClear());

function steps(kernels: readonly Kernel[]) {
  let place = 0;
  return {
    /** Computes so many steps, each kernel once a step, every output at a place of its own. */
    compute(count: number): void {
      for (let step = 0; step < count; step++) for (const kernel of kernels) kernel(8, place++, 0, 4);
    },
    /** As a loop does that reads what every step returns: the memory of a step is used again by the next but one. */
    computeAndRead(count: number): void {
      for (let step = 0; step < count; step++) {
        kernels.forEach((kernel, i) => void kernel(8, (step % 2) * kernels.length + i, 0, 4));
      }
    },
  };
}

const kernelsOf = (count: number) => {
  const { watched } = watchPiles(onPile);
  return Array.from({ length: count }, () => watched(vi.fn()));
};

test("a kernel is called with what came", () => {
  const kernel = vi.fn();
  watchPiles(onPile).watched(kernel)(8, 16, 0, 4);
  expect(kernel.mock.calls).toEqual([[8, 16, 0, 4]]);
});

test("many steps that are computed at once are told, and only the first time", async () => {
  const { compute } = steps(kernelsOf(12));
  for (const count of [100, 200]) {
    compute(count);
    await turn();
  }
  expect(onPile.mock.calls).toEqual([[100]]);
});

test("what precedes the loop, and what comes several times a step, hides nothing", async () => {
  const { watched } = watchPiles(onPile);
  const kernels = (length: number) => Array.from({ length }, () => watched(vi.fn()));
  const [before, own, often] = [kernels(30), kernels(12), kernels(2)];
  const loop = [...own, ...often, ...often, ...often];
  steps([...before, ...Array.from({ length: 70 }, () => loop).flat()]).compute(1);
  await turn();
  expect(onPile.mock.calls).toEqual([[70]]);
});

test("steps that are awaited are none that pile up", async () => {
  const { compute } = steps(kernelsOf(12));
  for (let step = 0; step < 200; step++) {
    compute(1);
    await turn();
  }
  expect(onPile).not.toHaveBeenCalled();
});

test("nor are steps whose results are read without awaiting", async () => {
  steps(kernelsOf(12)).computeAndRead(200);
  await turn();
  expect(onPile).not.toHaveBeenCalled();
});

test("nor is one step that iterates: it repeats a few of its kernels", async () => {
  const kernels = kernelsOf(30);
  const iteration = kernels.slice(0, 8);
  steps([...kernels, ...Array.from({ length: 1000 }, () => iteration).flat()]).compute(1);
  await turn();
  expect(onPile).not.toHaveBeenCalled();
});

test("nor is one step with a recurrence of many kernels, which goes on behind it", async () => {
  const kernels = kernelsOf(40);
  const recurrence = Array.from({ length: 69 }, () => kernels.slice(10, 25)).flat();
  steps([...kernels.slice(0, 10), ...recurrence, ...kernels.slice(25)]).compute(1);
  await turn();
  expect(onPile).not.toHaveBeenCalled();
});

test("a loop that is looked at in the end is one all the same", async () => {
  const kernels = kernelsOf(20);
  steps([...Array.from({ length: 70 }, () => kernels.slice(0, 12)).flat(), ...kernels.slice(12)]).compute(1);
  await turn();
  expect(onPile.mock.calls).toEqual([[70]]);
});

test("nor are a few steps", async () => {
  steps(kernelsOf(12)).compute(60);
  await turn();
  expect(onPile).not.toHaveBeenCalled();
});
