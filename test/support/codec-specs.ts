import type { CodecFamily, CodecSpec } from '../../protocol/codecs/codec.js';
import { defaultExports } from './default-exports.js';

/** Settings beside the defaults that take other paths through a codec. */
const VARIANTS: readonly CodecSpec[] = [
  { name: 'fp16', rounding: 'stochastic' },
  { name: 'bf16', rounding: 'stochastic' },
  { name: 'int8-linear', block: 32, rounding: 'stochastic' },
  { name: 'int8-linear', block: 7 },
  { name: 'int8-dynamic', block: 10 },
  { name: 'qsgd', levels: 1, bucket: 20 },
  { name: 'qsgd', levels: 100, bucket: 33, norm: 'max', coding: 'fixed' },
  { name: 'qsgd', levels: 4, bucket: 16, coding: 'entropy' },
  { name: 'qsgd', levels: 3000, bucket: 4096, norm: 'max', coding: 'entropy' },
  { name: 'terngrad', clip: 2.5 },
  { name: 'random-k', fraction: 0.3 },
  { name: 'random-k', count: 3, scaled: false },
  { name: 'top-k', fraction: 0.2 },
  { name: 'top-k', count: 1000 },
  { name: 'top-k', fraction: 0.2, values: { name: 'bf16' } },
  { name: 'top-k', fraction: 0.2, values: { name: 'int8-linear', rounding: 'stochastic' } },
  { name: 'top-k', fraction: 0.3, values: { name: 'terngrad' } },
  { name: 'top-k', fraction: 0.3, values: { name: 'qsgd', levels: 8, coding: 'entropy' } },
  { name: 'threshold', absolute: 1 },
  { name: 'threshold', absolute: 0.5, values: { name: 'natural' } },
];

/** Every codec there is a file for, with its defaults, then the variants. */
export async function everyCodecSpec(): Promise<readonly CodecSpec[]> {
  const folder = new URL('../../protocol/codecs/', import.meta.url);
  const names: string[] = [];
  for (const [file, family] of (await defaultExports(folder)) as ReadonlyMap<string, CodecFamily>) {
    if (family.name !== file) throw new Error(`${file} holds the codec '${family.name}': the two must agree`);
    names.push(family.name);
  }
  return [...names.map((name) => ({ name })), ...VARIANTS];
}
