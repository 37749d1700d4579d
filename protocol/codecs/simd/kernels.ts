/**
 * The module built from kernels.c (the command is written there), and its buffers. Every loop in it has a plain twin that
 * gives the same bits, so whether an engine has SIMD changes the time and nothing else.
 */
const MODULE = [
  'AGFzbQEAAAABGwVgAAF/YAF/AX9gAX8AYAN/fX0AYAN/f38BfwMNDAAAAAAAAQIDAgQEAQQFAXABAQEFAwEABAYIAX8BQYCpDAsHmQENBm1lbW',
  '9yeQIAB2lucHV0QXQAAAhvdXRwdXRBdAABCHNlY29uZEF0AAIHY29pbnNBdAADBnN1bXNBdAAEC3JvdW5kVG9CZjE2AAUJcGFja1NpZ25zAAYL',
  'c3ByZWFkU2lnbnMABwlmaWxsQ29pbnMACAxxdWFudGl6ZUludDgACQdjb2xsZWN0AAoMYW55Tm90RmluaXRlAAsKuRUMCABBgIiAgAALCABBgI',
  'iEgAALCABBgIiIgAALCABBgIiMgAALCABBwIiMgAALvwIDAXsDfwR7AkACQCAAQQFODQD9DAAAAAAAAAAAAAAAAAAAAAAhAQwBC0EAIQL9DAAA',
  'AAAAAAAAAAAAAAAAAAAhAUGAiISAACEDQYCIgIAAIQQDQCADIAT9AAQAIgUgBUEQ/a0B/QwBAAAAAQAAAAEAAAABAAAAIgb9Tv2uAf0M/38AAP',
  '9/AAD/fwAA/38AACIH/a4BIARBEGr9AAQAIgggCEEQ/a0BIAb9Tv2uASAH/a4B/Q0CAwYHCgsODxITFhcaGx4f/QsEACABIAX9DP///3////9/',
  '////f////38iBv1OIAggBv1O/bkB/bkBIQEgBEEgaiEEIANBEGohAyACQQhqIgIgAEgNAAsLIAH9GwAiBCAB/RsBIgMgBCADSxsiBCAB/RsCIg',
  'MgAf0bAyICIAMgAksbIgMgBCADSxsLlgMDBHsDfwR7QQD9AATwiIyAACEBQQD9AATgiIyAACECQQD9AATQiIyAACEDQQD9AATAiIyAACEEAkAg',
  'AEEBSA0AQYCIgIAAIQVBgIiEgAAhBkEAIQcDQCAGIAVBEGr9AAQAIgj9pAFBBHQgBf0ABAAiCf2kAXIgBUEgav0ABAAiCv2kAUEIdHIgBUEwav',
  '0ABAAiC/2kAUEMdHI7AQAgBCAJ/eABIgn9X/3wASAK/eABIgr9X/3wASEEIAIgCP3gASII/V/98AEgC/3gASIL/V/98AEhAiADIAkgCf0NCAkK',
  'CwwNDg8ICQoLDA0OD/1f/fABIAogCv0NCAkKCwwNDg8ICQoLDA0OD/1f/fABIQMgASAIIAj9DQgJCgsMDQ4PCAkKCwwNDg/9X/3wASALIAv9DQ',
  'gJCgsMDQ4PCAkKCwwNDg/9X/3wASEBIAZBAmohBiAFQcAAaiEFIAdBEGoiByAASA0ACwtBACAB/QsE8IiMgABBACAC/QsE4IiMgABBACAD/QsE',
  '0IiMgABBACAE/QsEwIiMgAALtwEDAnsDfwJ7AkAgAEEBSA0AIAL9EyEDIAH9EyEEQQAhBUGAiICAACEGQYCIhIAAIQcDQCAHQRBqIAMgBCAGLQ',
  'AA/REiCP0MEAAAACAAAABAAAAAgAAAAP1O/QwAAAAAAAAAAAAAAAAAAAAAIgn9OP1S/QsEACAHIAMgBCAI/QwBAAAAAgAAAAQAAAAIAAAA/U4g',
  'Cf04/VL9CwQAIAdBIGohByAGQQFqIQYgBUEIaiIFIABIDQALCwvxAQMEewJ/AntBAP0ABLCIjIAAIQFBAP0ABKCIjIAAIQJBAP0ABJCIjIAAIQ',
  'NBAP0ABICIjIAAIQQCQCAAQQFIDQBBgIiEgAAhBUEAIQYDQCAFIAQgAf2uASIHQQf9qwEgB0EZ/a0B/VAgBP2uAf0LBAAgBCAC/VEiCCADQQn9',
  'qwH9USECIAEgA/1RIgdBC/2rASAHQRX9rQH9UCEBIAVBEGohBSAEIAf9USEEIAggA/1RIQMgBkEEaiIGIABIDQALC0EAIAH9CwSwiIyAAEEAIA',
  'L9CwSgiIyAAEEAIAP9CwSQiIyAAEEAIAT9CwSAiIyAAAu2BgkEewF/AXsGfwF7A38BfAF/BXtBAP0ABLCIjIAAIQNBAP0ABKCIjIAAIQRBAP0A',
  'BJCIjIAAIQVBAP0ABICIjIAAIQYCQAJAIABBAU4NAEEAIQcMAQtEAAAAAADAX0BEAAAAAAAQYEAgAhv9FCEIIAFBAnQhCSABIAAgASAAShtBf2',
  'ogAW4hCkEAIQdBgIiAgAAhCyABQQFIIQxBACEAQQAhDQNAIAAgAWohDv0MAAAAAAAAAAAAAAAAAAAAACEPAkAgDA0AIAshECAAIREDQCAPIBD9',
  'AAIA/Qz///9/////f////3////9//U79uQEhDyAQQRBqIRAgEUEEaiIRIA5IDQALCyANQQJ0QYCIiIAAaiAP/RsAIhAgD/0bASIRIBAgEUsbIh',
  'AgD/0bAiIRIA/9GwMiEiARIBJLGyIRIBAgEUsbIhI2AgACQAJAIBINAEQAAAAAAAAAACETDAELRAAAAAAAwF9AIBK+u6MhEwsgEiAHSyEUAkAg',
  'DA0AIBP9FCEVIAshEANAIBD9AAIAIQ8CQAJAIAINAEGAfyER/QwAAAAAAAAAAAAAAAAAAAAAIhYhFwwBCyAGIAT9USIYIAVBCf2rAf1RIQQgBi',
  'AD/a4BIhZBB/2rASAWQRn9rQH9UCAG/a4BIhf9/wH9DAAAAAAAAPA9AAAAAAAA8D0iGf3yASEWIBcgF/0NCAkKCwwNDg8ICQoLDA0OD/3/ASAZ',
  '/fIBIRcgBSAD/VEiAyAG/VEhBiAYIAX9USEFQYF/IREgA0EL/asBIANBFf2tAf1QIQMLIABBgIiEgABqIBH9ESAIIBUgD/1f/fIB/fABIBb98A',
  'H9/AEgCCAVIA8gD/0NCAkKCwwNDg8ICQoLDA0OD/1f/fIB/fABIBf98AH9/AH9DQABAgMEBQYHEBESExQVFhf9rgEiDyAP/YUBIg8gD/1l/VoC',
  'AAAgEEEQaiEQIABBBGoiACAOSA0ACwsgEiAHIBQbIQcgCyAJaiELIA0gCkYhECAOIQAgDUEBaiENIBBFDQALC0EAIAP9CwSwiIyAAEEAIAT9Cw',
  'SgiIyAAEEAIAX9CwSQiIyAAEEAIAb9CwSAiIyAACAHC8sCBQF/AXsBfwR7A38CQAJAIABBAU4NAEEAIQMMAQsgAf0RIQRBACEDQQAhBQNAAkAg',
  'BUECdCIBQZCIgIAAav0ABAD9DP///3////9/////f////38iBv1OIAT9PyIHIAFBgIiAgABq/QAEACAG/U4gBP0/Igj9UCABQaCIgIAAav0ABA',
  'AgBv1OIAT9PyIJ/VAgAUGwiICAAGr9AAQAIAb9TiAE/T8iBv1Q/VNFDQAgCCAH/YUBIAkgBv2FAf1l/WQiAUUNACABaSIKIANqIQsgA0ECdCED',
  'IApBAWohCgNAIANBgIiEgABqIAFoIAVqIgwgAmo2AgAgA0GAiIiAAGogDEECdEGAiICAAGooAgBB/////wdxNgIAIANBBGohAyABQX9qIAFxIQ',
  'EgCkF/aiIKQQFLDQALIAshAwsgBUEQaiIFIABIDQALCyADC/8CAwF7A38BewJAAkAgAEEBTg0A/QwAAAAAAAAAAAAAAAAAAAAAIQEMAQsgAEF/',
  'aiIAQQJ2QQFqIgJBA3EhAwJAAkAgAEEMTw0A/QwAAAAAAAAAAAAAAAAAAAAAIQFBACECDAELIAJB/P///wdxIQT9DAAAAAAAAAAAAAAAAAAAAA',
  'AhAUEAIQJBgIiAgAAhAANAIAEgAP0ABAD9DP///3////9/////f////38iBf1O/bkBIABBEGr9AAQAIAX9Tv25ASAAQSBq/QAEACAF/U79uQEg',
  'AEEwav0ABAAgBf1O/bkBIQEgAEHAAGohACACQRBqIQIgBEF8aiIEDQALCyADRQ0AIAJBAnRBgIiAgABqIQADQCABIAD9AAQA/Qz///9/////f/',
  '///3////9//U79uQEhASAAQRBqIQAgA0F/aiIDDQALCyAB/RsAIgAgAf0bASIDIAAgA0sbIgAgAf0bAiIDIAH9GwMiAiADIAJLGyIDIAAgA0sb',
  'Qf////sHSws=',
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
  anyNotFinite(count: number): number;
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
      anyNotFinite: exported.anyNotFinite,
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
