/**
 * The module built from kernels.c (the command is written there), and its buffers. Every loop in it has a plain twin that
 * gives the same bits, so whether an engine has SIMD changes the time and nothing else.
 */
const MODULE = [
  'AGFzbQEAAAABGwVgAAF/YAF/AX9gAX8AYAN/fX0AYAN/f38BfwMNDAAAAAAAAQIDAgQEAQQFAXABAQEFAwEABAYIAX8BQYCpDAsHngENBm1lbW',
  '9yeQIAB2lucHV0QXQAAAhvdXRwdXRBdAABCHNlY29uZEF0AAIHY29pbnNBdAADBnN1bXNBdAAEC3JvdW5kVG9CZjE2AAUJcGFja1NpZ25zAAYL',
  'c3ByZWFkU2lnbnMABwlmaWxsQ29pbnMACAxxdWFudGl6ZUludDgACQdjb2xsZWN0AAoRZ3JlYXRlc3RNYWduaXR1ZGUACwqyFQwIAEGAiICAAA',
  'sIAEGAiISAAAsIAEGAiIiAAAsIAEGAiIyAAAsIAEHAiIyAAAu/AgMBewN/BHsCQAJAIABBAU4NAP0MAAAAAAAAAAAAAAAAAAAAACEBDAELQQAh',
  'Av0MAAAAAAAAAAAAAAAAAAAAACEBQYCIhIAAIQNBgIiAgAAhBANAIAMgBP0ABAAiBSAFQRD9rQH9DAEAAAABAAAAAQAAAAEAAAAiBv1O/a4B/Q',
  'z/fwAA/38AAP9/AAD/fwAAIgf9rgEgBEEQav0ABAAiCCAIQRD9rQEgBv1O/a4BIAf9rgH9DQIDBgcKCw4PEhMWFxobHh/9CwQAIAEgBf0M////',
  'f////3////9/////fyIG/U4gCCAG/U79uQH9uQEhASAEQSBqIQQgA0EQaiEDIAJBCGoiAiAASA0ACwsgAf0bACIEIAH9GwEiAyAEIANLGyIEIA',
  'H9GwIiAyAB/RsDIgIgAyACSxsiAyAEIANLGwuWAwMEewN/BHtBAP0ABPCIjIAAIQFBAP0ABOCIjIAAIQJBAP0ABNCIjIAAIQNBAP0ABMCIjIAA',
  'IQQCQCAAQQFIDQBBgIiAgAAhBUGAiISAACEGQQAhBwNAIAYgBUEQav0ABAAiCP2kAUEEdCAF/QAEACIJ/aQBciAFQSBq/QAEACIK/aQBQQh0ci',
  'AFQTBq/QAEACIL/aQBQQx0cjsBACAEIAn94AEiCf1f/fABIAr94AEiCv1f/fABIQQgAiAI/eABIgj9X/3wASAL/eABIgv9X/3wASECIAMgCSAJ',
  '/Q0ICQoLDA0ODwgJCgsMDQ4P/V/98AEgCiAK/Q0ICQoLDA0ODwgJCgsMDQ4P/V/98AEhAyABIAggCP0NCAkKCwwNDg8ICQoLDA0OD/1f/fABIA',
  'sgC/0NCAkKCwwNDg8ICQoLDA0OD/1f/fABIQEgBkECaiEGIAVBwABqIQUgB0EQaiIHIABIDQALC0EAIAH9CwTwiIyAAEEAIAL9CwTgiIyAAEEA',
  'IAP9CwTQiIyAAEEAIAT9CwTAiIyAAAu3AQMCewN/AnsCQCAAQQFIDQAgAv0TIQMgAf0TIQRBACEFQYCIgIAAIQZBgIiEgAAhBwNAIAdBEGogAy',
  'AEIAYtAAD9ESII/QwQAAAAIAAAAEAAAACAAAAA/U79DAAAAAAAAAAAAAAAAAAAAAAiCf04/VL9CwQAIAcgAyAEIAj9DAEAAAACAAAABAAAAAgA',
  'AAD9TiAJ/Tj9Uv0LBAAgB0EgaiEHIAZBAWohBiAFQQhqIgUgAEgNAAsLC/EBAwR7An8Ce0EA/QAEsIiMgAAhAUEA/QAEoIiMgAAhAkEA/QAEkI',
  'iMgAAhA0EA/QAEgIiMgAAhBAJAIABBAUgNAEGAiISAACEFQQAhBgNAIAUgBCAB/a4BIgdBB/2rASAHQRn9rQH9UCAE/a4B/QsEACAEIAL9USII',
  'IANBCf2rAf1RIQIgASAD/VEiB0EL/asBIAdBFf2tAf1QIQEgBUEQaiEFIAQgB/1RIQQgCCAD/VEhAyAGQQRqIgYgAEgNAAsLQQAgAf0LBLCIjI',
  'AAQQAgAv0LBKCIjIAAQQAgA/0LBJCIjIAAQQAgBP0LBICIjIAAC7YGCQR7AX8BewZ/AXsDfwF8AX8Fe0EA/QAEsIiMgAAhA0EA/QAEoIiMgAAh',
  'BEEA/QAEkIiMgAAhBUEA/QAEgIiMgAAhBgJAAkAgAEEBTg0AQQAhBwwBC0QAAAAAAMBfQEQAAAAAABBgQCACG/0UIQggAUECdCEJIAEgACABIA',
  'BKG0F/aiABbiEKQQAhB0GAiICAACELIAFBAUghDEEAIQBBACENA0AgACABaiEO/QwAAAAAAAAAAAAAAAAAAAAAIQ8CQCAMDQAgCyEQIAAhEQNA',
  'IA8gEP0AAgD9DP///3////9/////f////3/9Tv25ASEPIBBBEGohECARQQRqIhEgDkgNAAsLIA1BAnRBgIiIgABqIA/9GwAiECAP/RsBIhEgEC',
  'ARSxsiECAP/RsCIhEgD/0bAyISIBEgEksbIhEgECARSxsiEjYCAAJAAkAgEg0ARAAAAAAAAAAAIRMMAQtEAAAAAADAX0AgEr67oyETCyASIAdL',
  'IRQCQCAMDQAgE/0UIRUgCyEQA0AgEP0AAgAhDwJAAkAgAg0AQYB/IRH9DAAAAAAAAAAAAAAAAAAAAAAiFiEXDAELIAYgBP1RIhggBUEJ/asB/V',
  'EhBCAGIAP9rgEiFkEH/asBIBZBGf2tAf1QIAb9rgEiF/3/Af0MAAAAAAAA8D0AAAAAAADwPSIZ/fIBIRYgFyAX/Q0ICQoLDA0ODwgJCgsMDQ4P',
  '/f8BIBn98gEhFyAFIAP9USIDIAb9USEGIBggBf1RIQVBgX8hESADQQv9qwEgA0EV/a0B/VAhAwsgAEGAiISAAGogEf0RIAggFSAP/V/98gH98A',
  'EgFv3wAf38ASAIIBUgDyAP/Q0ICQoLDA0ODwgJCgsMDQ4P/V/98gH98AEgF/3wAf38Af0NAAECAwQFBgcQERITFBUWF/2uASIPIA/9hQEiDyAP',
  '/WX9WgIAACAQQRBqIRAgAEEEaiIAIA5IDQALCyASIAcgFBshByALIAlqIQsgDSAKRiEQIA4hACANQQFqIQ0gEEUNAAsLQQAgA/0LBLCIjIAAQQ',
  'AgBP0LBKCIjIAAQQAgBf0LBJCIjIAAQQAgBv0LBICIjIAAIAcLywIFAX8BewF/BHsDfwJAAkAgAEEBTg0AQQAhAwwBCyAB/REhBEEAIQNBACEF',
  'A0ACQCAFQQJ0IgFBkIiAgABq/QAEAP0M////f////3////9/////fyIG/U4gBP0/IgcgAUGAiICAAGr9AAQAIAb9TiAE/T8iCP1QIAFBoIiAgA',
  'Bq/QAEACAG/U4gBP0/Ign9UCABQbCIgIAAav0ABAAgBv1OIAT9PyIG/VD9U0UNACAIIAf9hQEgCSAG/YUB/WX9ZCIBRQ0AIAFpIgogA2ohCyAD',
  'QQJ0IQMgCkEBaiEKA0AgA0GAiISAAGogAWggBWoiDCACajYCACADQYCIiIAAaiAMQQJ0QYCIgIAAaigCAEH/////B3E2AgAgA0EEaiEDIAFBf2',
  'ogAXEhASAKQX9qIgpBAUsNAAsgCyEDCyAFQRBqIgUgAEgNAAsLIAML+AIDAXsDfwF7AkACQCAAQQFODQD9DAAAAAAAAAAAAAAAAAAAAAAhAQwB',
  'CyAAQX9qIgBBAnZBAWoiAkEDcSEDAkACQCAAQQxPDQD9DAAAAAAAAAAAAAAAAAAAAAAhAUEAIQIMAQsgAkH8////B3EhBP0MAAAAAAAAAAAAAA',
  'AAAAAAACEBQQAhAkGAiICAACEAA0AgASAA/QAEAP0M////f////3////9/////fyIF/U79uQEgAEEQav0ABAAgBf1O/bkBIABBIGr9AAQAIAX9',
  'Tv25ASAAQTBq/QAEACAF/U79uQEhASAAQcAAaiEAIAJBEGohAiAEQXxqIgQNAAsLIANFDQAgAkECdEGAiICAAGohAANAIAEgAP0ABAD9DP///3',
  '////9/////f////3/9Tv25ASEBIABBEGohACADQX9qIgMNAAsLIAH9GwAiACAB/RsBIgMgACADSxsiACAB/RsCIgMgAf0bAyICIAMgAksbIgMg',
  'ACADSxsL',
].join('');

/** Numbers the module takes in one call. */
export const SIMD_CHUNK = 16384;

/** Vectors shorter than this are not worth the copies in and out. */
const SHORTEST = 2048;

interface Loops {
  roundToBf16(count: number): number;
  packSigns(count: number): void;
  spreadSigns(count: number, positive: number, negative: number): void;
  quantizeInt8(count: number, block: number, random: number): number;
  fillCoins(count: number): void;
  collect(count: number, bound: number, base: number): number;
  greatestMagnitude(count: number): number;
}

export interface Kernels extends Loops {
  readonly input: Uint32Array;
  readonly inputBytes: Uint8Array;
  readonly output: Uint32Array;
  readonly outputBytes: Uint8Array;
  readonly outputHalves: Uint16Array;
  readonly outputFloats: Float32Array;
  readonly second: Uint32Array;
  readonly secondFloats: Float32Array;
  readonly coins: Uint32Array;
  readonly sums: Float64Array;
}

type Address = 'inputAt' | 'outputAt' | 'secondAt' | 'coinsAt' | 'sumsAt';

function instantiate(): Kernels | null {
  try {
    const bytes = Uint8Array.from(atob(MODULE), (letter) => letter.charCodeAt(0));
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes));
    const exported = instance.exports as unknown as Loops & { memory: WebAssembly.Memory } & Record<
        Address,
        () => number
      >;
    const { buffer } = exported.memory;
    const input = exported.inputAt();
    const output = exported.outputAt();
    const second = exported.secondAt();
    return {
      roundToBf16: exported.roundToBf16,
      packSigns: exported.packSigns,
      spreadSigns: exported.spreadSigns,
      quantizeInt8: exported.quantizeInt8,
      fillCoins: exported.fillCoins,
      collect: exported.collect,
      greatestMagnitude: exported.greatestMagnitude,
      input: new Uint32Array(buffer, input, SIMD_CHUNK),
      inputBytes: new Uint8Array(buffer, input, 4 * SIMD_CHUNK),
      output: new Uint32Array(buffer, output, SIMD_CHUNK),
      outputBytes: new Uint8Array(buffer, output, 4 * SIMD_CHUNK),
      outputHalves: new Uint16Array(buffer, output, 2 * SIMD_CHUNK),
      outputFloats: new Float32Array(buffer, output, SIMD_CHUNK),
      second: new Uint32Array(buffer, second, SIMD_CHUNK),
      secondFloats: new Float32Array(buffer, second, SIMD_CHUNK),
      coins: new Uint32Array(buffer, exported.coinsAt(), 16),
      sums: new Float64Array(buffer, exported.sumsAt(), 8),
    };
  } catch {
    // No WebAssembly, no SIMD, or forbidden by a page's policy: the plain loops do the same.
    return null;
  }
}

let kernels: Kernels | null | undefined;
let enabled = true;

/** The module for a vector of so many numbers; null where the plain loops are to be used. */
export function kernelsFor(length: number): Kernels | null {
  if (!enabled || length < SHORTEST) return null;
  if (kernels === undefined) kernels = instantiate();
  return kernels;
}

/** For tests and measurements: false makes all codecs take their plain loops. */
export function useSimd(use: boolean): void {
  enabled = use;
}
