/** A kernel as the engine's are: given a place and a range, it adds 1 to every whole number of the range. */

const text = (name: string) => [name.length, ...new TextEncoder().encode(name)];
const section = (id: number, content: readonly number[]) => [id, content.length, ...content];

// A loop over the range, with the address of each number in a local variable.
const body = [
  ...[0x01, 0x01, 0x7f, 0x02, 0x40, 0x03, 0x40, 0x20, 0x01, 0x20, 0x02, 0x4f, 0x0d, 0x01],
  ...[0x20, 0x00, 0x20, 0x01, 0x41, 0x02, 0x74, 0x6a, 0x22, 0x03, 0x20, 0x03, 0x28, 0x02, 0x00],
  ...[0x41, 0x01, 0x6a, 0x36, 0x02, 0x00, 0x20, 0x01, 0x41, 0x01, 0x6a, 0x21, 0x01, 0x0c, 0x00],
  ...[0x0b, 0x0b, 0x0b],
];

const bytes = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...section(1, [1, 0x60, 3, 0x7f, 0x7f, 0x7f, 0]),
  ...section(2, [1, ...text("env"), ...text("memory"), 2, 3, 1, 1]),
  ...section(3, [1, 0]),
  ...section(7, [1, ...text("kernel"), 0, 0]),
  ...section(10, [1, body.length, ...body]),
);

/** Of one page, which threads share. */
export const sharedMemory = () => new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });

export const countingModule = () => new WebAssembly.Module(bytes);

/** A place beyond the memory: there the kernel fails. */
export const NOWHERE = 2 ** 20;
