/**
 * What a module of `npm run build`, given as its base64 text, exports. Null where it was not built, or the engine has no WebAssembly or no
 * SIMD, or a page's policy forbids it: plain loops do the same then.
 */
export function openModule<Exports>(base64: string): Exports | null {
  if (base64 === '') return null;
  try {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as unknown as Exports;
  } catch {
    return null;
  }
}
