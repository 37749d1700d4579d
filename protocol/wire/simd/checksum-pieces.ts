import { openModule } from '../../numerics/simd/open-module.js';
import module from './checksum.wasm.js';

/** The module that `npm run build` makes of assembly/checksum.ts. A table, as ../checksum.ts and Node's zlib have it, finds the same. */

/** Fewer are not worth the copy to the module. */
const FEWEST_BYTES = 12 << 10;
/** What the module changes in a call is a multiple of this. */
const STEP_BYTES = 128;
/** Of a register that the body has set to 0 already: a checksum is the complement of its register. */
const NO_REGISTER = 0xffffffff;

interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly input: WebAssembly.Global<'i32'>;
  readonly piece: WebAssembly.Global<'i32'>;
  readonly span: WebAssembly.Global<'i32'>;
  begin(): void;
  fold(bytes: number): void;
  next(bytes: number): void;
  end(bytes: number): void;
}

type Loaded = Pick<Exports, 'begin' | 'fold' | 'next' | 'end'> & {
  /** Of the module. */
  readonly input: Uint8Array;
  /** Its first four bytes. */
  readonly head: DataView;
  readonly spanBytes: number;
};

let loaded: Loaded | null | undefined;

function instantiate(): Loaded | null {
  const kernels = openModule<Exports>(module);
  if (kernels === null) return null;
  const { memory, input, piece, span, begin, fold, next, end } = kernels;
  const { buffer } = memory;
  return {
    begin,
    fold,
    next,
    end,
    input: new Uint8Array(buffer, input.value, piece.value),
    head: new DataView(buffer, input.value, 4),
    spanBytes: span.value,
  };
}

/** CRC-32, continued from that of the bytes before; `table` takes that of short bodies and of the last 5 kB of each, or all of it without SIMD. */
export function foldedCrc32(
  bytes: Uint8Array,
  previous: number,
  table: (bytes: Uint8Array, previous: number) => number,
): number {
  const { byteLength } = bytes;
  if (byteLength < FEWEST_BYTES) return table(bytes, previous);
  if (loaded === undefined) loaded = instantiate();
  if (loaded === null) return table(bytes, previous);
  const { input, head, spanBytes, begin, fold, next, end } = loaded;
  begin();
  for (let from = 0; ; ) {
    const left = byteLength - from;
    const isLast = left <= input.byteLength;
    // The last one is never shorter than what the table takes.
    const changed = Math.min(input.byteLength, left - spanBytes);
    const whole = changed - (changed % STEP_BYTES);
    const piece = bytes.subarray(from, from + (isLast ? left : whole));
    input.set(piece);
    // The register before the first byte adds to the first four.
    if (from === 0) head.setUint32(0, head.getUint32(0, true) ^ ~previous, true);
    fold(whole);
    if (isLast) {
      end(whole);
      return table(input.subarray(whole, left), NO_REGISTER);
    }
    next(whole);
    from += whole;
  }
}
