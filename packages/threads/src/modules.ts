/** Which WebAssembly modules are kernels of the engine, and what their code says of them. */

import {
  CODE_SECTION,
  type CodeFacts,
  codeFacts,
  codeOf,
  type FunctionCode,
  IMPORT_SECTION,
  type Section,
  sectionsOf,
} from "./sections.ts";
import { unitIn } from "./units.ts";

export interface KernelFacts {
  /** The kernel's outputs can be cut between multiples of this; undefined if the code names none. */
  readonly unit: number | undefined;
  /** Undefined if it has instructions that are not known. */
  readonly code: CodeFacts | undefined;
  /** Whether the last piece may end where no unit does: at the end of all outputs. */
  readonly isOpen?: boolean;
  /** Of an engine's kernel: by what it computes, another may take its place. */
  readonly source?: KernelSource | undefined;
}

export interface KernelSource {
  /** The content of the section of imports. */
  readonly imports: Uint8Array;
  readonly kernel: FunctionCode;
  /** All functions of the module, which call each other by their places. */
  readonly functions: readonly FunctionCode[];
}

const facts = new WeakMap<WebAssembly.Module, KernelFacts>();

/** Has what is to be known of a kernel found for every module that is compiled from now on. */
export function recordKernels(): void {
  const { compile, Module } = WebAssembly;
  const compileOnce = shared((source) => compile(source).then((module) => recorded(module, source)));
  WebAssembly.compile = async (source: BufferSource) => compileOnce(source);
  WebAssembly.Module = new Proxy(Module, {
    construct: (Module, [source]: [BufferSource]) => recorded(new Module(source), source),
  });
}

interface Compiling {
  readonly bytes: Uint8Array;
  readonly module: Promise<WebAssembly.Module>;
}

/**
 * Compiles what is being compiled already only once: then all calls of a kernel are of one module.
 *
 * Upstream: the engine compiles a kernel anew for each of its calls that wait when it is compiled first.
 */
function shared(compile: (source: BufferSource) => Promise<WebAssembly.Module>): typeof compile {
  const underWay = new Set<Compiling>();
  return (source) => {
    const bytes = bytesOf(source);
    for (const one of underWay) if (isEqual(one.bytes, bytes)) return one.module;
    const compiling: Compiling = { bytes, module: compile(source).finally(() => underWay.delete(compiling)) };
    underWay.add(compiling);
    return compiling.module;
  };
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** Undefined for a module that is no kernel as the engine's are, or was compiled before `recordKernels`. */
export function kernelFacts(module: WebAssembly.Module): KernelFacts | undefined {
  return facts.get(module);
}

/** The module itself, after its facts have been recorded if it is a kernel. */
function recorded(module: WebAssembly.Module, code: BufferSource): WebAssembly.Module {
  if (!takesMemoryAndGivesKernel(module)) return module;
  const bytes = bytesOf(code);
  const sections = sectionsOf(bytes);
  if (!sections.every(({ id }) => STATELESS.has(id))) return module;
  const source = sourceIn(sections);
  facts.set(module, { unit: unitIn(bytes), code: codeFacts(source.functions), source });
  return module;
}

/** Records what is known of a kernel that is not the engine's, but takes the place of one. */
export function recordOwn(module: WebAssembly.Module, unit: number): void {
  facts.set(module, { unit, code: { hasVectors: true, storedBytes: 4 }, isOpen: true });
}

function sourceIn(sections: readonly Section[]): KernelSource {
  const { functions, exported } = codeOf(sections);
  const imports = sections.find(({ id }) => id === IMPORT_SECTION)!.content;
  return { imports, kernel: functions[exported]!, functions };
}

/** Whether it imports a memory and nothing else, and exports a function named as the engine's kernels are. */
function takesMemoryAndGivesKernel(module: WebAssembly.Module): boolean {
  const [imports, exports] = [WebAssembly.Module.imports(module), WebAssembly.Module.exports(module)];
  return (
    imports.length === 1 &&
    imports[0]!.module === "env" &&
    imports[0]!.name === "memory" &&
    imports[0]!.kind === "memory" &&
    exports.length === 1 &&
    exports[0]!.name === "kernel" &&
    exports[0]!.kind === "function"
  );
}

/**
 * Custom sections, types, imports, functions, exports, code. Without globals and tables an instance keeps nothing from
 * one call to the next but what is in the memory, so one instance is as good as many.
 */
const STATELESS = new Set([0, 1, 2, 3, 7, CODE_SECTION]);

function bytesOf(source: BufferSource): Uint8Array {
  if (!ArrayBuffer.isView(source)) return new Uint8Array(source);
  return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
}
