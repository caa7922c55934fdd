/** The token that a sequence has most of; of several, the one that comes first. */
export function mostFrequent(tokens: readonly number[]): number {
  const count = (token: number) => tokens.filter((other) => other === token).length;
  return tokens.reduce((best, token) => (count(token) > count(best) ? token : best));
}
