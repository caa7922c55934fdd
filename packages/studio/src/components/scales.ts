/** From numbers to places on a chart, and where to put its ticks. */

export interface Axis {
  readonly label: string;
  readonly from: number;
  readonly to: number;
  readonly logarithmic?: boolean;
}

export interface Scale {
  /** The place of a number, in pixels; a number beyond the axis is put at its end. */
  place(x: number): number;
  readonly ticks: readonly number[];
}

export function scaleOf(axis: Axis, start: number, end: number): Scale {
  const transform = axis.logarithmic ? Math.log : (x: number) => x;
  const [low, high] = [transform(axis.from), transform(axis.to)];
  return {
    place(x) {
      const share = (transform(Math.max(x, axis.logarithmic ? axis.from : -Infinity)) - low) / (high - low);
      return start + Math.min(1, Math.max(0, share)) * (end - start);
    },
    ticks: axis.logarithmic ? logarithmicTicks(axis) : linearTicks(axis),
  };
}

/** 1, 2 and 5 of every decade, or 1 alone where there are many decades. */
function logarithmicTicks({ from, to }: Axis): number[] {
  const decades = Math.log10(to / from);
  const digits = decades <= 2.5 ? [1, 2, 5] : [1];
  const every = Math.max(1, Math.ceil(decades / 7));
  const ticks: number[] = [];
  for (let exponent = Math.floor(Math.log10(from)); exponent <= Math.ceil(Math.log10(to)); exponent++) {
    if (exponent % every !== 0) continue;
    ticks.push(...digits.map((digit) => Number(`${digit}e${exponent}`)));
  }
  return ticks.filter((tick) => tick >= from * 0.999 && tick <= to * 1.001);
}

/** Some five multiples of a round number. */
function linearTicks({ from, to }: Axis): number[] {
  const rough = (to - from) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((digit) => digit * power >= rough * 0.999)!;
  const first = Math.ceil(from / step - 1e-9);
  const count = Math.floor(to / step + 1e-9) - first + 1;
  return Array.from({ length: count }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** The next round number up: an end for an axis that does not tremble with its data. */
export function roundUp(x: number): number {
  if (!(x > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(x));
  return power * [1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((digit) => digit * power >= x * 0.9999)!;
}
