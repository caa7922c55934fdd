/** Which field of a configuration sets which symbol of the experiment's formula. */

const SYMBOLS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  vae: { temperature: "temperature", classes: "size" },
  dknn: { temperature: "temperature", k: "size" },
  jigsaw: { temperature: "temperature", pieces: "size" },
  sort: { temperature: "temperature", n: "size" },
};

const EXPLANATION: Readonly<Record<string, string>> = { temperature: "temperature", k: "size" };

export function symbolOf(experiment: string, field: string): string | undefined {
  return (SYMBOLS[experiment] ?? EXPLANATION)[field];
}
