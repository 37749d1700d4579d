import { readFileSync } from 'node:fs';
import { GradswarmError } from '../../protocol/errors.js';
import type { ReadonlyVector } from '../../protocol/method.js';
import { replaceFile } from './atomic-file.js';

/**
 * Posterior draws as one NumPy file (.npy, format 1.0, little-endian float64, C order) of shape (chains, draws,
 * parameters): the bits of every draw, no dependency, and the order of axes that ArviZ expects:
 *
 *     import arviz, numpy
 *     posterior = arviz.from_dict(posterior={"theta": numpy.load("draws.npy")})    # ArviZ 0.x
 *     posterior = arviz.from_dict({"posterior": {"theta": numpy.load("draws.npy")}})  # ArviZ 1.x
 *     arviz.summary(posterior)
 */

/** draws[chain][draw] is one parameter vector. All chains have the same number of draws, all draws the same length. */
export type ChainDraws = readonly (readonly ReadonlyVector[])[];

/** More chains than a run has: a number in a file that is damaged must not be taken for one of them. */
export const MOST_CHAINS = 1 << 16;

const MAGIC = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0);
const HEADER_ALIGNMENT = 64;

function shapeOf(draws: ChainDraws): readonly [number, number, number] {
  const drawCount = draws[0]?.length ?? 0;
  const length = draws[0]?.[0]?.length ?? 0;
  for (const [c, chain] of draws.entries()) {
    if (chain.length !== drawCount)
      throw new RangeError(`chain ${c} has ${chain.length} draws, chain 0 has ${drawCount}: keep equally many of each`);
    for (const draw of chain)
      if (draw.length !== length)
        throw new RangeError(`a draw of chain ${c} has ${draw.length} numbers, the first draw has ${length}`);
  }
  return [draws.length, drawCount, length];
}

/** Magic, version, length of the header, header text padded so that the numbers start at a multiple of 64 bytes. */
function npyHeader(shape: readonly number[]): Uint8Array {
  const text = `{'descr': '<f8', 'fortran_order': False, 'shape': (${shape.join(', ')}), }`;
  const size = Math.ceil((MAGIC.length + 2 + text.length + 1) / HEADER_ALIGNMENT) * HEADER_ALIGNMENT;
  const header = new Uint8Array(size).fill(0x20);
  header.set(MAGIC);
  new DataView(header.buffer).setUint16(MAGIC.length, size - MAGIC.length - 2, true);
  header.set(new TextEncoder().encode(text), MAGIC.length + 2);
  header[size - 1] = 0x0a;
  return header;
}

/** The bytes of the file. Throws a RangeError for chains of unequal length. */
export function encodeDraws(draws: ChainDraws): Uint8Array {
  const shape = shapeOf(draws);
  const header = npyHeader(shape);
  const bytes = new Uint8Array(header.length + 8 * shape[0] * shape[1] * shape[2]);
  bytes.set(header);
  const view = new DataView(bytes.buffer, header.length);
  let offset = 0;
  for (const chain of draws)
    for (const draw of chain)
      for (let i = 0; i < draw.length; i++, offset += 8) view.setFloat64(offset, draw[i]!, true);
  return bytes;
}

function malformed(path: string, expected: string): GradswarmError {
  return new GradswarmError(
    'ERR_DATA_FORMAT',
    `${path}: expected ${expected}; only files written by a run's draws can be read back`,
  );
}

/**
 * Draws from the bytes of such a file. Throws ERR_DATA_FORMAT for anything else; `path` names the file in the message.
 */
export function decodeDraws(bytes: Uint8Array, path: string): readonly (readonly Float64Array[])[] {
  if (bytes.length < HEADER_ALIGNMENT || MAGIC.some((byte, i) => bytes[i] !== byte))
    throw malformed(path, 'an .npy file of format 1.0');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = MAGIC.length + 2 + view.getUint16(MAGIC.length, true);
  const text = new TextDecoder().decode(bytes.subarray(MAGIC.length + 2, Math.min(start, bytes.length)));
  const match = /^\{'descr': '<f8', 'fortran_order': False, 'shape': \((\d+), (\d+), (\d+)\), \}\s*$/.exec(text);
  if (!match) throw malformed(path, 'little-endian float64 of shape (chains, draws, parameters)');
  const [chainCount, drawCount, length] = match.slice(1).map(Number) as [number, number, number];
  // Of no numbers at all the header could stand for any amount of them.
  const counts = chainCount <= MOST_CHAINS && (drawCount === 0 || length > 0);
  if (!counts || bytes.length !== start + 8 * chainCount * drawCount * length)
    throw malformed(
      path,
      `${chainCount} x ${drawCount} x ${length} numbers after the header, got ${bytes.length - start} bytes`,
    );
  return Array.from({ length: chainCount }, (_, c) =>
    Array.from({ length: drawCount }, (_, n) =>
      Float64Array.from({ length }, (_, i) => view.getFloat64(start + 8 * ((c * drawCount + n) * length + i), true)),
    ),
  );
}

/** Writes the file whole or not at all. */
export function writeDraws(path: string, draws: ChainDraws): void {
  replaceFile(path, encodeDraws(draws));
}

export function readDraws(path: string): readonly (readonly Float64Array[])[] {
  return decodeDraws(readFileSync(path), path);
}

/** One parameter over all chains, as the diagnostics take it. */
export function parameterChains(draws: ChainDraws, parameter: number): readonly Float64Array[] {
  return draws.map((chain) => Float64Array.from(chain, (draw) => draw[parameter]!));
}
