/**
 * In what units a kernel of the engine can be cut. Its fast loop takes so many outputs at once, and the kernel's first
 * instructions ask whether the range it is given is made of them; of any other range it computes number after number,
 * in another order.
 *
 * Upstream: the unit is known to the engine only, which passes it to no one; it is read from the kernel's code.
 */

const [GET, CONST, SUB, REM, EQZ, AND, IF, NOTHING] = [0x20, 0x41, 0x6b, 0x70, 0x45, 0x71, 0x04, 0x40];

/**
 * The unit in a module's bytes, from the first question of the kind `(end - begin) % unit == 0 && begin % unit == 0`;
 * undefined if there is none.
 */
export function unitIn(code: Uint8Array): number | undefined {
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

/** A whole number of the code (LEB128, of those that are positive), and where it ends. */
export function number(code: Uint8Array, place: number): { value: number; next: number } {
  let value = 0;
  for (let [at, shift] = [place, 0]; ; at++, shift += 7) {
    const byte = code[at] ?? 0;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return { value, next: at + 1 };
  }
}
