/** Tables in the terminal. */

import Table from "cli-table3";

/** Names on the left, numbers to the right of them. */
export function table(head: string[], rows: string[][]): string {
  const colAligns = head.map((_, column) => (column === 0 ? "left" : "right") as "left" | "right");
  const drawn = new Table({ head, colAligns, style: { head: [], border: [], compact: true } });
  drawn.push(...rows);
  return drawn.toString();
}
