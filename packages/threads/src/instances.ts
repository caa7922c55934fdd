/** The engine's kernels, called as well as can be. */

import { type Kernel, wellPlaced } from "./placement.js";

/** What is called in place of a kernel. */
export type Improvement = (kernel: Kernel, module: WebAssembly.Module, memory: WebAssembly.Memory) => Kernel;

/**
 * Has the engine use one instance of each kernel, and from a good place of the stack. It makes a new one for every call,
 * which takes 2 microseconds, as long as many a kernel, and is for nothing: a kernel keeps nothing between two calls.
 * Modules that are no kernels are instantiated as ever.
 */
export function keepInstances(improved: Improvement = (kernel) => kernel): void {
  const kept = new WeakMap<WebAssembly.Module, { memory: unknown; exports: { kernel: Kernel } }>();
  WebAssembly.Instance = new Proxy(WebAssembly.Instance, {
    construct(Instance, [module, imports]: [WebAssembly.Module, WebAssembly.Imports | undefined]) {
      const memory = imports?.env?.memory as WebAssembly.Memory;
      const known = kept.get(module);
      if (known !== undefined && known.memory === memory) return known;
      const instance = new Instance(module, imports);
      if (!isKernel(module)) return instance;
      const placed = wellPlaced(instance.exports.kernel as Kernel);
      const kernel = { memory, exports: { kernel: improved(placed, module, memory) } };
      kept.set(module, kernel);
      return kernel;
    },
  });
}

/** Whether all that goes in is a memory, and all that comes out a function that is named as the engine's kernels are. */
function isKernel(module: WebAssembly.Module): boolean {
  const [imports, exports] = [WebAssembly.Module.imports(module), WebAssembly.Module.exports(module)];
  return imports.length === 1 && imports[0]!.kind === "memory" && exports.length === 1 && exports[0]!.name === "kernel";
}
