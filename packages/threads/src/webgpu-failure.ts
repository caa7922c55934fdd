/** What goes wrong on a device: it is told to whoever reads an array next. */

import type { GpuBuffer, GpuDevice, UncapturedErrorEvent } from "./dawn.ts";

export type WebgpuFailureKind = "lost" | "out-of-memory" | "refused";

/** The device can compute nothing that is right any more, in this program. */
export class WebgpuFailure extends Error {
  override readonly name = "WebgpuFailure";
  /** `lost`: the device is gone; `out-of-memory`: it has no room; `refused`: it cannot do what it was asked to. */
  readonly kind: WebgpuFailureKind;

  constructor(kind: WebgpuFailureKind, message: string) {
    super(`${WORDS[kind]}: ${message}`);
    this.kind = kind;
  }
}

const WORDS: Readonly<Record<WebgpuFailureKind, string>> = {
  lost: "the graphics card was lost",
  "out-of-memory": "the graphics card has no more memory",
  refused: "the graphics card refused what it was asked to do",
};

/**
 * Has a device's readers told of what goes wrong on it.
 *
 * Upstream: the engine prints what goes wrong on the device, and goes on: what it reads then are zeros.
 */
export function watchDevice(device: GpuDevice): void {
  let failure: WebgpuFailure | undefined;
  /** Reads that are under way: a device that is gone might never answer them. */
  const reading = new Set<(error: Error) => void>();
  const fail = (kind: WebgpuFailureKind, message: string) => {
    failure ??= new WebgpuFailure(kind, message);
    for (const reject of reading) reject(failure);
  };
  void device.lost.then(({ reason, message }) => fail("lost", message || reason));
  device.addEventListener("uncapturederror", (event) => {
    // The engine would print it, and so would Dawn, with all that follow from it.
    event.stopImmediatePropagation();
    event.preventDefault();
    fail(kindOf(event), firstLine(event.error.message));
  });
  const createBuffer = device.createBuffer.bind(device);
  device.createBuffer = (descriptor) => {
    const buffer = createBuffer(descriptor);
    const mapAsync = buffer.mapAsync.bind(buffer);
    buffer.mapAsync = (...wanted: Parameters<GpuBuffer["mapAsync"]>) =>
      new Promise<void>((resolve, reject) => {
        if (failure) return reject(failure);
        reading.add(reject);
        mapAsync(...wanted)
          .then(
            () => (failure ? reject(failure) : resolve()),
            (error) => reject(failure ?? error),
          )
          .finally(() => reading.delete(reject));
      });
    return buffer;
  };
}

function kindOf({ error }: UncapturedErrorEvent): WebgpuFailureKind {
  return error.constructor.name === "GPUOutOfMemoryError" ? "out-of-memory" : "refused";
}

function firstLine(text: string): string {
  return text.trim().split("\n")[0]!;
}
