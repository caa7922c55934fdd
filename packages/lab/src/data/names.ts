/** What one's own data is called. */

import { basename, resolve } from "node:path";
import { isOwnData, ownDataName } from "@softdraw/experiments/data/types";

/** After its folder or file, and the beginning of its checksum, such as "letters-3fa91c02": other bytes have another name. */
export function ownName(path: string, checksum: string): string {
  return ownDataName(basename(resolve(path)), checksum);
}

/** What to say of a path with other data than that of a name. */
export function otherData(name: string, path: string, actual: string): string {
  const remedy = isOwnData(actual) && !isOwnData(name) ? ` (by that name, --data ${actual}, they are taken)` : "";
  return `${path}: expected the data "${name}", got files that are "${actual}" by their checksums${remedy}.`;
}
