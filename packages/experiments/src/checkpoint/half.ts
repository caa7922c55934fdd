/** Numbers in half precision, 16 bits as in IEEE 754: for tensors that take less room. Node.js 20 has no array of them. */

/** From 2^15 on, the nearest number may be beyond the largest one, 65504. */
const [BITS, BIAS, LARGEST_EXPONENT] = [10, 15, 31];

/** The nearest numbers of half precision, of two that are as near the even one; what is beyond the largest one is infinite. */
export function toHalf(numbers: Float32Array): Uint16Array {
  return Uint16Array.from(numbers, halfOf);
}

function halfOf(number: number): number {
  const sign = number < 0 || Object.is(number, -0) ? 0x8000 : 0;
  const size = Math.abs(number);
  if (Number.isNaN(number)) return 0x7e00;
  if (size === Number.POSITIVE_INFINITY) return sign | (LARGEST_EXPONENT << BITS);
  // Below the smallest normal number all have the same spacing.
  const exponent = Math.max(1 - BIAS, Math.floor(Math.log2(Math.max(size, Number.MIN_VALUE))));
  const units = roundToEven(size / 2 ** (exponent - BITS));
  // Units that fill the next power of two carry into the exponent by themselves, and from the largest one into infinity.
  const bits = units + ((exponent + BIAS - 1) << BITS);
  return sign | Math.min(bits, LARGEST_EXPONENT << BITS);
}

function roundToEven(number: number): number {
  const below = Math.floor(number);
  const rest = number - below;
  if (rest === 0.5) return below + (below % 2);
  return rest < 0.5 ? below : below + 1;
}

/** The same numbers in single precision. */
export function fromHalf(bits: Uint16Array): Float32Array {
  return Float32Array.from(bits, (half) => {
    const sign = half & 0x8000 ? -1 : 1;
    const exponent = (half >> BITS) & LARGEST_EXPONENT;
    const fraction = half & (2 ** BITS - 1);
    if (exponent === LARGEST_EXPONENT) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
    const units = exponent === 0 ? fraction : fraction + 2 ** BITS;
    return sign * units * 2 ** (Math.max(exponent, 1) - BIAS - BITS);
  });
}
