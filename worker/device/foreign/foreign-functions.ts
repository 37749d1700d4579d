/** What of the package koffi is used. */
export interface ForeignFunctions {
  load(path: string): ForeignLibrary;
  /** The number at `offset` bytes of what a pointer points to. */
  decode(pointer: unknown, offset: number, type: string): unknown;
  /** Where the bytes of an array lie. */
  address(bytes: Uint8Array): bigint;
}

export interface ForeignLibrary {
  func(declaration: string): (...args: unknown[]) => unknown;
}

/** koffi, by its CommonJS or its ESM form. */
export function foreignFunctions(koffi: Record<string, unknown>): ForeignFunctions {
  return (koffi.default ?? koffi) as unknown as ForeignFunctions;
}
