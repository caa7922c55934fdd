/**
 * What is computed by the library wherever it runs, to be compared: in Node and in a page, on each device. The functions have to
 * stand alone, because a page gets their text.
 */

import type { numpy as np } from "@jax-js/jax";
import type { Description } from "./structures.ts";

type Device = "wasm" | "webgpu";

interface Modules {
  jax: typeof import("@jax-js/jax");
  softdraw: typeof import("softdraw");
  structures: Description[];
}

/** What is computed, by name. */
export async function compute(
  { jax, softdraw, structures }: Modules,
  device: Device,
): Promise<Record<string, number[]>> {
  await jax.init("wasm", device);
  jax.defaultDevice(device);
  const { grad, numpy: np, random } = jax;
  const results: Record<string, number[]> = {};
  const put = async (name: string, x: np.Array) => {
    results[name] = [...(await x.data())];
  };
  await put("noise.gumbel", softdraw.noise.gumbel(random.key(4), [1000]));
  await put("noise.logistic", softdraw.noise.logistic(random.key(4), [1000]));
  for (const { calls, instances } of structures) {
    for (const { name, arrays, call } of calls) await put(name, await call(...arrays()));
    for (const { name, event, value = event, verbs } of instances) {
      // The engine's normal numbers differ by the device.
      const waves = (frequency: number, shape: number[]) =>
        np.array(
          Float32Array.from({ length: shape.reduce((a, b) => a * b, 50) }, (_, i) => 2 * Math.sin(frequency * i)),
          { shape: [50, ...shape] },
        );
      const logits = () => waves(1.7, event);
      await put(`draws of ${name}`, await verbs.sample(random.key(2), logits()));
      const soft = (l: np.Array) =>
        verbs.relax ? verbs.relax(random.key(3), l, { temperature: 0.5 }) : verbs.softMode(l, { temperature: 0.5 });
      const loss = (l: np.Array) => soft(l).mul(waves(0.3, value)).sum();
      await put(`gradient of ${name}`, grad(loss)(logits()));
    }
  }
  return results;
}

/** What verbs make of three rows of logits, the second with no law. */
export async function computeSpoilt(
  { jax, softdraw, structures }: Modules,
  device: Device,
): Promise<Record<string, number[]>> {
  await jax.init("wasm", device);
  jax.defaultDevice(device);
  const { numpy: np, random } = jax;
  const results: Record<string, number[]> = {};
  for (const { instances } of structures) {
    for (const { name, event, verbs, hopeless, ignored, onHost, absolute, ...functions } of instances) {
      const size = event.reduce((a, b) => a * b, 1);
      const plain = Array.from({ length: size }, (_, i) => Math.sin(i + 1));
      const first = plain.findIndex((_, i) => !ignored?.includes(i));
      const spoilt = {
        NaN: plain.map((x, i) => (i === first ? Number.NaN : x)),
        ...(absolute ? {} : { Infinity: plain.map((x, i) => (i === first ? Number.POSITIVE_INFINITY : x)) }),
        ...(hopeless.length === 0
          ? {}
          : { hopeless: plain.map((x, i) => (hopeless.includes(i) ? Number.NEGATIVE_INFINITY : x)) }),
      };
      const called: Record<string, (l: np.Array) => np.Array> = {
        ...functions.differentiable,
        ...functions.differentiableIfPossible,
        softMode: (l) => verbs.softMode(l),
      };
      if (verbs.relax) called.relax = (l) => verbs.relax!(random.key(1), l);
      if (!onHost) {
        called.sample = (l) => verbs.sample(random.key(1), l) as np.Array;
        called.mode = (l) => verbs.mode(l) as np.Array;
        const value = () => verbs.mode(np.array(plain, { shape: event })) as np.Array;
        if (verbs.perturbGiven) called.perturbGiven = (l) => verbs.perturbGiven!(random.key(1), value(), l);
        if (verbs.relaxGiven) called.relaxGiven = (l) => verbs.relaxGiven!(random.key(1), value(), l);
      }
      for (const [kind, row] of Object.entries(spoilt)) {
        for (const [verb, f] of Object.entries(called)) {
          const rows = np.array([plain, row, plain].flat(), { shape: [3, ...event] });
          results[`${name}.${verb} of ${kind}`] = [...(await f(rows).data())];
        }
      }
    }
  }
  const order = softdraw.subset.sampleOrdered(random.key(1), np.array([0, Number.NaN, 1]), 2);
  results["subset.sampleOrdered of NaN"] = [...(await order.data())].map((index) =>
    index === -1 ? Number.NaN : index,
  );
  return results;
}
