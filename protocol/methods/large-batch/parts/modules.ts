import type { Segment } from '../../../method.js';

/** Tensors of a model that are looked at together, as ranges of its vector. */
export interface Module {
  readonly name: string;
  /** Entries start ... end - 1 of each; neighbours are joined. */
  readonly ranges: readonly { readonly start: number; readonly end: number }[];
}

/** The modules of a vector of `length` numbers, in order of first appearance. Without segments the vector is one module. */
export function modulesOf(segments: readonly Segment[], length: number): readonly Module[] {
  if (segments.length === 0) return [{ name: 'model', ranges: [{ start: 0, end: length }] }];
  const found = new Map<string, { start: number; end: number }[]>();
  for (const { module, offset, shape } of segments) {
    const end = offset + shape.reduce((product, side) => product * side, 1);
    const ranges = found.get(module) ?? [];
    found.set(module, ranges);
    const last = ranges.at(-1);
    if (last && last.end === offset) last.end = end;
    else ranges.push({ start: offset, end });
  }
  return [...found].map(([name, ranges]) => ({ name, ranges }));
}
