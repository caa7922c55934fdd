/** Which files are pictures by their names. */

export function isPictureName(name: string): boolean {
  return /\.(png|jpe?g|webp)$/i.test(name);
}
