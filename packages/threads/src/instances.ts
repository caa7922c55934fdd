/** One instance of each kernel of the engine, called as well as can be. */

import type { EngineImport } from "./engine-import.ts";
import type { Watch } from "./fallback.ts";
import { fasterKernel } from "./faster-kernels.ts";
import { kernelFacts, recordKernels } from "./modules.ts";
import { type PileWatch, watchPiles } from "./piles.ts";
import { type Kernel, wellPlaced } from "./placement.js";

/** A kernel's module and memory, and what it was first called with. */
export interface KernelUse {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly args: readonly number[];
}

/** Gives what is called in place of a kernel. */
export type Improvement = (kernel: Kernel, use: KernelUse) => Kernel;

interface Kept {
  readonly memory: unknown;
  readonly exports: { kernel: Kernel };
}

type InstanceArguments = [module: WebAssembly.Module, imports: WebAssembly.Imports | undefined];

/**
 * Has the engine use one instance of each kernel, and call it from a good place of the stack. A kernel keeps nothing
 * between two calls, so one instance is enough. Modules that are no kernels are instantiated as ever.
 *
 * Upstream: a kernel's module is instantiated anew for every call, which takes 2 microseconds. Computing a small kernel
 * takes no longer than that.
 */
export function replaceInstances(watch: Watch, engine: EngineImport, improve: Improvement = (kernel) => kernel): void {
  recordKernels();
  const piles = watchPiles();
  const kept = new WeakMap<WebAssembly.Module, Kept>();

  /** Fails with advice, if a kernel wants memory that is shared and the engine made its memory too early for that. */
  function instantiate(Instance: typeof WebAssembly.Instance, ...args: InstanceArguments): WebAssembly.Instance {
    try {
      return new Instance(...args);
    } catch (error) {
      if (engine.memory !== undefined || kernelFacts(args[0]) === undefined) throw error;
      const advice =
        "Call installThreads() before the engine is imported for the first time, with `await import(...)`.";
      watch.noteFailure("the threads were installed after the engine had made its memory, so its kernels fail");
      throw new Error(`The threads were installed after the engine had made its memory. ${advice}`, { cause: error });
    }
  }

  const replacement = new Proxy(WebAssembly.Instance, {
    construct(Instance, [module, imports]: InstanceArguments) {
      if (watch.reason !== undefined) return instantiate(Instance, module, imports);
      const memory = imports?.env?.memory as WebAssembly.Memory | undefined;
      const known = kept.get(module);
      if (known !== undefined && known.memory === memory) return known;
      const instance = instantiate(Instance, module, imports);
      if (memory === undefined) return instance;
      if (kernelFacts(module) === undefined) {
        if (memory === engine.memory) watch.stepBack(`a module of the engine ${shapeOf(module)}`);
        return instance;
      }
      const kernel: Kept = { memory, exports: { kernel: instance.exports.kernel as Kernel } };
      const improved: Improvement = (own, use) => {
        const chosen = fasterKernel(use, (faster) => instantiate(Instance, faster, imports)) ?? {
          kernel: own,
          module,
        };
        return piles.watched(improve(wellPlaced(chosen.kernel), { ...use, module: chosen.module }), module);
      };
      kernel.exports.kernel = firstCall(kernel, { module, memory }, { watch, piles, improved });
      kept.set(module, kernel);
      return kernel;
    },
  });
  WebAssembly.Instance = replacement;
  isReplaced = true;
}

/** Not told from `WebAssembly.Instance`, which another program may have wrapped since. */
let isReplaced = false;

/** Whether `replaceInstances` has been called. */
export function areReplaced(): boolean {
  return isReplaced;
}

/** Calls the kernel as it is, and has it called better from then on if that was a call as expected. */
function firstCall(
  { exports }: Kept,
  { module, memory }: Omit<KernelUse, "args">,
  { watch, piles, improved }: { readonly watch: Watch; readonly piles: PileWatch; readonly improved: Improvement },
): Kernel {
  const kernel = exports.kernel;
  const first = piles.watched(kernel, module);
  return (...args) => {
    const result: unknown = first(...args);
    const isExpected = result === undefined && args.length === kernel.length && endsInRange(args);
    if (!isExpected) watch.stepBack(`a kernel of the engine is called with (${args}), not with pointers and a range`);
    exports.kernel = isExpected ? improved(kernel, { module, memory, args }) : kernel;
    return result;
  };
}

/** Whether these are pointers of inputs and of an output that is none of them, and a range that begins at 0. */
function endsInRange(args: readonly number[]): boolean {
  const [output, begin, end] = args.slice(-3);
  const inputs = args.slice(0, -3);
  return (
    args.length >= 3 &&
    args.every((value) => Number.isInteger(value) && value >= 0) &&
    begin === 0 &&
    (end === 0 || !inputs.includes(output!))
  );
}

/** Such as "imports env.memory and exports kernel, size". */
function shapeOf(module: WebAssembly.Module): string {
  const imports = WebAssembly.Module.imports(module).map(({ module, name }) => `${module}.${name}`);
  const exports = WebAssembly.Module.exports(module).map(({ name }) => name);
  return `imports ${imports.join(", ")} and exports ${exports.join(", ") || "nothing"}, and may keep a state`;
}
