/** Damage to inputs, the same for the same seed. */

export interface Chance {
  /** A whole number from 0 to below `count`. */
  below(count: number): number;
  pick<T>(values: readonly T[]): T;
}

/** Marsaglia, "Xorshift RNGs", 2003, of 32 bits: good enough to choose what to damage. */
export function chance(seed: number): Chance {
  let state = Math.imul(seed + 1, 0x9e3779b1) | 1;
  const below = (count: number) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % count;
  };
  return { below, pick: (values) => values[below(values.length)]! };
}

/** Bytes with one to four changes: flipped bits, numbers at the edge of their range, a piece lost, doubled or moved, an early end. */
export function damaged(bytes: Uint8Array, { below, pick }: Chance): Uint8Array {
  let result = Uint8Array.from(bytes);
  for (let changes = 1 + below(4); changes > 0 && result.length > 0; changes--) {
    const at = below(result.length);
    const piece = result.subarray(at, at + 1 + below(16));
    const [before, after] = [result.subarray(0, at), result.subarray(at + piece.length)];
    switch (below(6)) {
      case 0:
        result[at]! ^= 1 << below(8);
        break;
      case 1:
        result[at] = pick([0, 1, 0x7f, 0x80, 0xff]);
        break;
      case 2:
        result = joined(before, after);
        break;
      case 3:
        result = joined(before, piece, piece, after);
        break;
      case 4:
        result = joined(before, new Uint8Array(piece.length).fill(0xff), after);
        break;
      case 5:
        result = Uint8Array.from(before);
    }
  }
  return result;
}

function joined(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}
