/** What a kernel's code says of how it writes. */

/** What a kernel writes, whole, and does not read. */
export interface WholeOutput {
  /** Its binding in the first group. */
  readonly binding: number;
  readonly bytes: number;
}

/** With this begins the code of all kernels of the engine, and hardly any other code. */
const HEADER = /^(enable f16;\n)?fn nan\(\) -> f32 \{ let bits = 0xffffffffu; return bitcast<f32>\(bits\); \}\n/;
const OUTPUT = /@group\(0\) @binding\((\d+)\) var<storage, read_write> result : array<(f32|i32|u32|f16)>;/g;
const ASSIGNMENT = /^ *result\[.*\] = .*;$/gm;
/** Where a thread ends that has no part in the output. */
const LIMIT = /^ *if \((?:\d+u? \* (?:wg_)?id\.y \+ )?(?:wg_)?id\.x >= (\d+)u?\) \{ return; \}$/m;

/**
 * Reads from a kernel's code that it writes the whole of its output, and nothing else: there is one thing that it
 * writes to, which is assigned to and not read, and as many elements are assigned to as there are threads that do not
 * end at once, times the assignments of each.
 *
 * @returns undefined of code that does not say so
 */
export function wholeOutputOf(code: string): WholeOutput | undefined {
  if (!HEADER.test(code)) return undefined;
  const [output, ...others] = code.matchAll(OUTPUT);
  const assignments = code.match(ASSIGNMENT)?.length ?? 0;
  const limit = LIMIT.exec(code);
  const uses = code.match(/\bresult\b/g)?.length;
  const isAlone = others.length === 0 && code.match(/read_write/g)?.length === 1;
  if (output === undefined || !isAlone || limit === null || uses !== assignments + 1) return undefined;
  const width = output[2] === "f16" ? 2 : 4;
  return { binding: Number(output[1]), bytes: Number(limit[1]) * assignments * width };
}
