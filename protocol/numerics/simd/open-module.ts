/**
 * The module of `npm run build` in this base64 text, compiled. Null where it was not built, or the engine has no WebAssembly or no SIMD, or
 * a page's policy forbids it: plain loops do the same then.
 */
export function compileModule(base64: string): WebAssembly.Module | null {
  if (base64 === '') return null;
  try {
    return new WebAssembly.Module(Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)));
  } catch {
    return null;
  }
}

/** What such a module exports, with a memory of its own. Null where there is none, or no address space left for it. */
export function openModule<Exports>(base64: string): Exports | null {
  try {
    const compiled = compileModule(base64);
    return compiled && (new WebAssembly.Instance(compiled).exports as unknown as Exports);
  } catch {
    return null;
  }
}
