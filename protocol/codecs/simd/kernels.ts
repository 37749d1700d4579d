/**
 * The module built from kernels.c (the command is written there), and its buffers. Every loop in it has a plain twin that
 * gives the same bits, so whether an engine has SIMD changes the time and nothing else.
 */
const MODULE = [
  'AGFzbQEAAAABIgZgAAF/YAF/AX9gAX8AYAN/fX0AYAN/f38Bf2AEf398fwADDg0AAAAAAAECAwIEBQQBBAUBcAEBAQUDAQAEBggBfwFBgKkMCw',
  'erAQ4GbWVtb3J5AgAHaW5wdXRBdAAACG91dHB1dEF0AAEIc2Vjb25kQXQAAgdjb2luc0F0AAMGc3Vtc0F0AAQLcm91bmRUb0JmMTYABQlwYWNr',
  'U2lnbnMABgtzcHJlYWRTaWducwAHCWZpbGxDb2lucwAIDHF1YW50aXplSW50OAAJCmRyYXdMZXZlbHMACgdjb2xsZWN0AAsRZ3JlYXRlc3RNYW',
  'duaXR1ZGUADArfGA0IAEGAiICAAAsIAEGAiISAAAsIAEGAiIiAAAsIAEGAiIyAAAsIAEHAiIyAAAu/AgMBewN/BHsCQAJAIABBAU4NAP0MAAAA',
  'AAAAAAAAAAAAAAAAACEBDAELQQAhAv0MAAAAAAAAAAAAAAAAAAAAACEBQYCIhIAAIQNBgIiAgAAhBANAIAMgBP0ABAAiBSAFQRD9rQH9DAEAAA',
  'ABAAAAAQAAAAEAAAAiBv1O/a4B/Qz/fwAA/38AAP9/AAD/fwAAIgf9rgEgBEEQav0ABAAiCCAIQRD9rQEgBv1O/a4BIAf9rgH9DQIDBgcKCw4P',
  'EhMWFxobHh/9CwQAIAEgBf0M////f////3////9/////fyIG/U4gCCAG/U79uQH9uQEhASAEQSBqIQQgA0EQaiEDIAJBCGoiAiAASA0ACwsgAf',
  '0bACIEIAH9GwEiAyAEIANLGyIEIAH9GwIiAyAB/RsDIgIgAyACSxsiAyAEIANLGwuWAwMEewN/BHtBAP0ABPCIjIAAIQFBAP0ABOCIjIAAIQJB',
  'AP0ABNCIjIAAIQNBAP0ABMCIjIAAIQQCQCAAQQFIDQBBgIiAgAAhBUGAiISAACEGQQAhBwNAIAYgBUEQav0ABAAiCP2kAUEEdCAF/QAEACIJ/a',
  'QBciAFQSBq/QAEACIK/aQBQQh0ciAFQTBq/QAEACIL/aQBQQx0cjsBACAEIAn94AEiCf1f/fABIAr94AEiCv1f/fABIQQgAiAI/eABIgj9X/3w',
  'ASAL/eABIgv9X/3wASECIAMgCSAJ/Q0ICQoLDA0ODwgJCgsMDQ4P/V/98AEgCiAK/Q0ICQoLDA0ODwgJCgsMDQ4P/V/98AEhAyABIAggCP0NCA',
  'kKCwwNDg8ICQoLDA0OD/1f/fABIAsgC/0NCAkKCwwNDg8ICQoLDA0OD/1f/fABIQEgBkECaiEGIAVBwABqIQUgB0EQaiIHIABIDQALC0EAIAH9',
  'CwTwiIyAAEEAIAL9CwTgiIyAAEEAIAP9CwTQiIyAAEEAIAT9CwTAiIyAAAu3AQMCewN/AnsCQCAAQQFIDQAgAv0TIQMgAf0TIQRBACEFQYCIgI',
  'AAIQZBgIiEgAAhBwNAIAdBEGogAyAEIAYtAAD9ESII/QwQAAAAIAAAAEAAAACAAAAA/U79DAAAAAAAAAAAAAAAAAAAAAAiCf04/VL9CwQAIAcg',
  'AyAEIAj9DAEAAAACAAAABAAAAAgAAAD9TiAJ/Tj9Uv0LBAAgB0EgaiEHIAZBAWohBiAFQQhqIgUgAEgNAAsLC/EBAwR7An8Ce0EA/QAEsIiMgA',
  'AhAUEA/QAEoIiMgAAhAkEA/QAEkIiMgAAhA0EA/QAEgIiMgAAhBAJAIABBAUgNAEGAiISAACEFQQAhBgNAIAUgBCAB/a4BIgdBB/2rASAHQRn9',
  'rQH9UCAE/a4B/QsEACAEIAL9USIIIANBCf2rAf1RIQIgASAD/VEiB0EL/asBIAdBFf2tAf1QIQEgBUEQaiEFIAQgB/1RIQQgCCAD/VEhAyAGQQ',
  'RqIgYgAEgNAAsLQQAgAf0LBLCIjIAAQQAgAv0LBKCIjIAAQQAgA/0LBJCIjIAAQQAgBP0LBICIjIAAC7YGCQR7AX8BewZ/AXsDfwF8AX8Fe0EA',
  '/QAEsIiMgAAhA0EA/QAEoIiMgAAhBEEA/QAEkIiMgAAhBUEA/QAEgIiMgAAhBgJAAkAgAEEBTg0AQQAhBwwBC0QAAAAAAMBfQEQAAAAAABBgQC',
  'ACG/0UIQggAUECdCEJIAEgACABIABKG0F/aiABbiEKQQAhB0GAiICAACELIAFBAUghDEEAIQBBACENA0AgACABaiEO/QwAAAAAAAAAAAAAAAAA',
  'AAAAIQ8CQCAMDQAgCyEQIAAhEQNAIA8gEP0AAgD9DP///3////9/////f////3/9Tv25ASEPIBBBEGohECARQQRqIhEgDkgNAAsLIA1BAnRBgI',
  'iIgABqIA/9GwAiECAP/RsBIhEgECARSxsiECAP/RsCIhEgD/0bAyISIBEgEksbIhEgECARSxsiEjYCAAJAAkAgEg0ARAAAAAAAAAAAIRMMAQtE',
  'AAAAAADAX0AgEr67oyETCyASIAdLIRQCQCAMDQAgE/0UIRUgCyEQA0AgEP0AAgAhDwJAAkAgAg0AQYB/IRH9DAAAAAAAAAAAAAAAAAAAAAAiFi',
  'EXDAELIAYgBP1RIhggBUEJ/asB/VEhBCAGIAP9rgEiFkEH/asBIBZBGf2tAf1QIAb9rgEiF/3/Af0MAAAAAAAA8D0AAAAAAADwPSIZ/fIBIRYg',
  'FyAX/Q0ICQoLDA0ODwgJCgsMDQ4P/f8BIBn98gEhFyAFIAP9USIDIAb9USEGIBggBf1RIQVBgX8hESADQQv9qwEgA0EV/a0B/VAhAwsgAEGAiI',
  'SAAGogEf0RIAggFSAP/V/98gH98AEgFv3wAf38ASAIIBUgDyAP/Q0ICQoLDA0ODwgJCgsMDQ4P/V/98gH98AEgF/3wAf38Af0NAAECAwQFBgcQ',
  'ERITFBUWF/2uASIPIA/9hQEiDyAP/WX9WgIAACAQQRBqIRAgAEEEaiIAIA5IDQALCyASIAcgFBshByALIAlqIQsgDSAKRiEQIA4hACANQQFqIQ',
  '0gEEUNAAsLQQAgA/0LBLCIjIAAQQAgBP0LBKCIjIAAQQAgBf0LBJCIjIAAQQAgBv0LBICIjIAAIAcLqwMDBHsBfwZ7QQD9AASwiIyAACEEQQD9',
  'AASgiIyAACEFQQD9AASQiIyAACEGQQD9AASAiIyAACEHAkAgAUEBSA0AIAEgAGohCCAD/REhCSAC/RQhCiAAQQJ0IQEDQCABQYCIhIAAaiAJIA',
  'cgBP2uASILQQf9qwEgC0EZ/a0B/VAgB/2uASIL/f8B/QwAAAAAAADwPQAAAAAAAPA9Igz98gEgCiABQYCIgIAAav0AAgAiDf3gASIO/V/98gH9',
  '8AH9/AEgCyAL/Q0ICQoLDA0ODwgJCgsMDQ4P/f8BIAz98gEgCiAOIA79DQgJCgsMDQ4PCAkKCwwNDg/9X/3yAf3wAf38Af0NAAECAwQFBgcQER',
  'ITFBUWF/22ASANQR/9rAEiC/1RIAv9sQH9CwIAIAcgBf1RIg4gBkEJ/asB/VEhBSAGIAT9USILQQv9qwEgC0EV/a0B/VAhBCABQRBqIQEgCyAH',
  '/VEhByAOIAb9USEGIABBBGoiACAISA0ACwtBACAE/QsEsIiMgABBACAF/QsEoIiMgABBACAG/QsEkIiMgABBACAH/QsEgIiMgAALywIFAX8Bew',
  'F/BHsDfwJAAkAgAEEBTg0AQQAhAwwBCyAB/REhBEEAIQNBACEFA0ACQCAFQQJ0IgFBkIiAgABq/QAEAP0M////f////3////9/////fyIG/U4g',
  'BP0/IgcgAUGAiICAAGr9AAQAIAb9TiAE/T8iCP1QIAFBoIiAgABq/QAEACAG/U4gBP0/Ign9UCABQbCIgIAAav0ABAAgBv1OIAT9PyIG/VD9U0',
  'UNACAIIAf9hQEgCSAG/YUB/WX9ZCIBRQ0AIAFpIgogA2ohCyADQQJ0IQMgCkEBaiEKA0AgA0GAiISAAGogAWggBWoiDCACajYCACADQYCIiIAA',
  'aiAMQQJ0QYCIgIAAaigCAEH/////B3E2AgAgA0EEaiEDIAFBf2ogAXEhASAKQX9qIgpBAUsNAAsgCyEDCyAFQRBqIgUgAEgNAAsLIAML+AIDAX',
  'sDfwF7AkACQCAAQQFODQD9DAAAAAAAAAAAAAAAAAAAAAAhAQwBCyAAQX9qIgBBAnZBAWoiAkEDcSEDAkACQCAAQQxPDQD9DAAAAAAAAAAAAAAA',
  'AAAAAAAhAUEAIQIMAQsgAkH8////B3EhBP0MAAAAAAAAAAAAAAAAAAAAACEBQQAhAkGAiICAACEAA0AgASAA/QAEAP0M////f////3////9///',
  '//fyIF/U79uQEgAEEQav0ABAAgBf1O/bkBIABBIGr9AAQAIAX9Tv25ASAAQTBq/QAEACAF/U79uQEhASAAQcAAaiEAIAJBEGohAiAEQXxqIgQN',
  'AAsLIANFDQAgAkECdEGAiICAAGohAANAIAEgAP0ABAD9DP///3////9/////f////3/9Tv25ASEBIABBEGohACADQX9qIgMNAAsLIAH9GwAiAC',
  'AB/RsBIgMgACADSxsiACAB/RsCIgMgAf0bAyICIAMgAksbIgMgACADSxsL',
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
  drawLevels(from: number, count: number, inverse: number, top: number): void;
  collect(count: number, bound: number, base: number): number;
  greatestMagnitude(count: number): number;
}

export interface Kernels extends Loops {
  readonly input: Uint32Array;
  readonly inputBytes: Uint8Array;
  readonly output: Uint32Array;
  readonly outputIntegers: Int32Array;
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
      drawLevels: exported.drawLevels,
      collect: exported.collect,
      greatestMagnitude: exported.greatestMagnitude,
      input: new Uint32Array(buffer, input, SIMD_CHUNK),
      inputBytes: new Uint8Array(buffer, input, 4 * SIMD_CHUNK),
      output: new Uint32Array(buffer, output, SIMD_CHUNK),
      outputIntegers: new Int32Array(buffer, output, SIMD_CHUNK),
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
