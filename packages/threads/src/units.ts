/**
 * In what units a kernel of the engine can be cut. Its fast loop takes so many outputs at once, and the kernel's first
 * instructions ask whether the range it is given is made of them; of any other range it computes number after number, in
 * another order. So the unit stands in the module, and nowhere else that can be seen from here.
 */

const units = new WeakMap<WebAssembly.Module, number>();

/** Has the unit of every module found that is compiled from now on. */
export function noteUnits(): void {
  const { compile, Module } = WebAssembly;
  WebAssembly.compile = async (source: BufferSource) => noted(await compile(source), source);
  WebAssembly.Module = new Proxy(Module, {
    construct: (Module, [source]: [BufferSource]) => noted(new Module(source), source),
  });
}

/** The unit of a kernel; undefined if it has no fast loop, and so can be cut anywhere. */
export function unitOf(module: WebAssembly.Module): number | undefined {
  return units.get(module);
}

function noted(module: WebAssembly.Module, source: BufferSource): WebAssembly.Module {
  const unit = unitIn(bytesOf(source));
  if (unit !== undefined) units.set(module, unit);
  return module;
}

function bytesOf(source: BufferSource): Uint8Array {
  if (!ArrayBuffer.isView(source)) return new Uint8Array(source);
  return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
}

const [GET, CONST, SUB, REM, EQZ, AND, IF, NOTHING] = [0x20, 0x41, 0x6b, 0x70, 0x45, 0x71, 0x04, 0x40];

/** The first question of the kind `(end - begin) % unit == 0 && begin % unit == 0` in the code. */
function unitIn(code: Uint8Array): number | undefined {
  for (let at = code.indexOf(SUB!); at >= 0; at = code.indexOf(SUB!, at + 1)) {
    const unit = unitAfter(code, at);
    if (unit !== undefined) return unit;
  }
  return undefined;
}

/** The unit of the question whose subtraction is at a place, if there is one. */
function unitAfter(code: Uint8Array, place: number): number | undefined {
  if (code[place + 1] !== CONST) return undefined;
  const { value: unit, next } = number(code, place + 2);
  const constant = code.subarray(place + 1, next);
  // One byte, since the engine gives a kernel 64 arrays at most.
  const begin = code[place - 1];
  const rest = [REM, EQZ, GET, begin, ...constant, REM, EQZ, AND, IF, NOTHING];
  return rest.every((byte, i) => code[next + i] === byte) ? unit : undefined;
}

/** A whole number of the code (LEB128, of those that are positive). */
function number(code: Uint8Array, place: number): { value: number; next: number } {
  let value = 0;
  for (let [at, shift] = [place, 0]; ; at++, shift += 7) {
    const byte = code[at] ?? 0;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return { value, next: at + 1 };
  }
}
