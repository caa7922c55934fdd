/** Engines that are made up: as small as can be, and each unlike the real one in one way. */

const text = (name: string) => [name.length, ...new TextEncoder().encode(name)];
const section = (id: number, ...content: readonly number[]) => [id, content.length, ...content];
const I32 = 0x7f;
const GET = (local: number) => [0x20, local];
const SET = (local: number) => [0x21, local];
const CONST = (value: number) => [0x41, value];
const [ADD, SUB, SHIFT, REM, EQZ, AND] = [0x6a, 0x6b, 0x74, 0x70, 0x45, 0x71] as const;

/** What a kernel is unlike the engine's in. */
export interface KernelOddity {
  /** It takes the range before the pointers. */
  readonly takesRangeFirst?: boolean;
  /** Its last argument is a count, not an end. */
  readonly takesCount?: boolean;
  readonly returnsNumber?: boolean;
  readonly hasGlobal?: boolean;
  readonly isExportedTwice?: boolean;
  readonly isNamed?: string;
  /** It has an instruction for several numbers at once. */
  readonly hasVectors?: boolean;
  /** It asks whether its range comes in units of so many. */
  readonly unit?: number;
}

/** The bytes of a kernel that gives `input[i] + 1` for the `i` of a range. */
export function addingKernel(odd: KernelOddity = {}): Uint8Array<ArrayBuffer> {
  const [begin, end, input, output] = odd.takesRangeFirst ? [0, 1, 2, 3] : [2, 3, 0, 1];
  const address = (pointer: number) => [...GET(pointer), ...GET(begin!), ...CONST(2), SHIFT, ADD];
  const unit = CONST(odd.unit ?? 1);
  const question = [...GET(end!), ...GET(begin!), SUB, ...unit, REM, EQZ, ...GET(begin!), ...unit, REM, EQZ, AND];
  const body = [
    0x00,
    ...(odd.hasVectors ? [0xfd, 0x0c, ...Array.from({ length: 16 }, () => 0), 0x1a] : []),
    ...(odd.unit ? [...question, 0x04, 0x40, 0x0b] : []),
    ...(odd.takesCount ? [...GET(begin!), ...GET(end!), ADD, ...SET(end!)] : []),
    ...[0x02, 0x40, 0x03, 0x40, ...GET(begin!), ...GET(end!), 0x4f, 0x0d, 0x01],
    ...[...address(output!), ...address(input!), 0x28, 0x02, 0x00, ...CONST(1), ADD, 0x36, 0x02, 0x00],
    ...[...GET(begin!), ...CONST(1), ADD, ...SET(begin!), 0x0c, 0x00, 0x0b, 0x0b],
    ...(odd.returnsNumber ? CONST(7) : []),
    0x0b,
  ];
  const results = odd.returnsNumber ? [1, I32] : [0];
  const [name, other] = [odd.isNamed ?? "kernel", "another"];
  const exported = odd.isExportedTwice ? [2, ...text(name), 0, 0, ...text(other), 0, 0] : [1, ...text(name), 0, 0];
  return Uint8Array.of(
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, 1, 0x60, 4, I32, I32, I32, I32, ...results),
    ...section(2, 1, ...text("env"), ...text("memory"), 2, 3, 0, 0x80, 0x80, 0x04),
    ...section(3, 1, 0),
    ...(odd.hasGlobal ? section(6, 1, I32, 1, ...CONST(0), 0x0b) : []),
    ...section(7, ...exported),
    ...section(10, 1, body.length, ...body),
  );
}

export interface EngineOddity {
  readonly kernel?: KernelOddity;
  readonly sharesNoMemory?: boolean;
  /** It asks only before it makes its memory whether there are workers. */
  readonly asksOnce?: boolean;
  /** It has computed something before it is given anything. */
  readonly memory?: WebAssembly.Memory;
}

/** The numbers that are computed with, some thousands: enough for several pieces, and more than are looked at. */
export const numbers = Int32Array.from({ length: 16 * 1024 }, (_, i) => 3 * i);

const [INPUT, OUTPUT] = [64, 64 + 4 * numbers.length];

const WORKER = `
  let memory;
  self.onmessage = ({ data }) => {
    if (data.memory) memory = data.memory;
    else new WebAssembly.Instance(data.module, { env: { memory } }).exports.kernel(...data.args);
    postMessage("done");
  };
`;

/** An engine that works as jax-js 0.1.25 does, but for what is odd. It is made where that would be imported. */
export function madeUpEngine(odd: EngineOddity = {}) {
  const hasWorkers = () => typeof SharedArrayBuffer !== "undefined" && typeof Worker !== "undefined";
  const memory =
    odd.memory ?? new WebAssembly.Memory({ initial: 0, maximum: 65536, shared: hasWorkers() && !odd.sharesNoMemory });
  const isShared = memory.buffer instanceof SharedArrayBuffer;
  const hasPool = isShared && (odd.asksOnce || hasWorkers());
  memory.grow(4);
  new Int32Array(memory.buffer, INPUT, numbers.length).set(numbers);
  const bytes = addingKernel(odd.kernel);
  if (!isShared) unshare(bytes);
  let module: WebAssembly.Module | undefined;

  function computeHere(module: WebAssembly.Module): unknown {
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    const [pointers, range] = [
      [INPUT, OUTPUT],
      [0, numbers.length],
    ];
    const args = odd.kernel?.takesRangeFirst ? [...range, ...pointers] : [...pointers, ...range];
    return (exports[odd.kernel?.isNamed ?? "kernel"] as (...args: number[]) => unknown)(...args);
  }

  async function computeThere(module: WebAssembly.Module): Promise<void> {
    const url = URL.createObjectURL(new Blob([WORKER]));
    const worker = new Worker(url, { type: "module" });
    const send = (message: unknown) =>
      new Promise<void>((resolve, reject) => {
        worker.onmessage = () => resolve();
        worker.onerror = ({ message }) => reject(new Error(message));
        worker.postMessage(message);
      });
    await send({ memory });
    await send({ module, args: [INPUT, OUTPUT, 0, numbers.length] });
    worker.terminate();
  }

  return {
    memory,
    /** Every number, raised by 1. */
    async compute(): Promise<Int32Array> {
      module ??= await WebAssembly.compile(bytes);
      const results = new Int32Array(memory.buffer, OUTPUT, numbers.length);
      results.fill(-1);
      if (hasPool) await computeThere(module);
      else computeHere(module);
      return Int32Array.from(results);
    },
    hasPool,
  };
}

/** Makes a kernel take memory that is not shared: 1 says that there is a maximum, 3 that it is shared, too. */
function unshare(bytes: Uint8Array): void {
  const limits = [2, 3, 0, 0x80, 0x80, 0x04];
  const at = bytes.findIndex((_, i) => limits.every((byte, j) => bytes[i + j] === byte));
  bytes[at + 1] = 1;
}
