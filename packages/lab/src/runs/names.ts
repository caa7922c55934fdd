/** What things are called in run folders, wherever these are written: without Node, because the page writes them, too. */

export const CONFIG = "config.json";
export const METRICS = "metrics.jsonl";
export const CHECKPOINT = "checkpoint.safetensors";
export const RESULT = "result.json";

/**
 * The checkpoint's metadata entry that counts the records in `metrics.jsonl`. Records, not bytes: records hold timings,
 * whose lengths differ between two runs of the same configuration, and the checkpoints of those are to be equal.
 */
export const METRICS_RECORDS = "metrics_records";

/** What the folder of a run begins with: `<experiment>-<date>`. */
export function runPrefix(experiment: string, created: string): string {
  return `${experiment}-${created.slice(0, 10)}`;
}

/** Six characters out of 32: digits and lower-case letters without those that are easily misread. */
export function randomId(): string {
  const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
  return Array.from(crypto.getRandomValues(new Uint8Array(6)), (byte) => alphabet[byte % alphabet.length]).join("");
}
