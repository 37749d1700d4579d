import { GradswarmError } from '../errors.js';
import type { Packed } from '../wire/control-messages.js';
import { allFinite } from '../wire/finite.js';
import { bodyBytes, type Frame } from '../wire/frame.js';
import type { KindLayout } from '../wire/layout.js';
import type { PartialSum, SummedFrame } from '../wire/summed-frame.js';

/** Memory of a frame that waits to be read, about. */
const FRAME_BYTES = 512;

type SumMessage = Extract<Packed, { type: 'sum' }>;

/** The record of a frame that is summed in place of being sent. */
export function summedFrame(frame: Frame): SummedFrame & { readonly from: number } {
  const { from, arrivesAtMs } = frame;
  return { from: from as number, arrivesAtMs, bodyBytes: bodyBytes(frame) };
}

/** The sum that a worker sent. Throws ERR_PROTOCOL for one that is not of this kind, or not finite. */
export function partialSum(message: SumMessage, layout: KindLayout, parameterCount: number): PartialSum {
  const { kind, round, attempt, step, frames, sums } = message;
  const lengths = [...layout.vectors.map(() => parameterCount), ...layout.scalars.map(() => 1)];
  const got = sums.map(({ byteLength }) => byteLength / 8);
  if (!layout.kind.summed || got.length !== lengths.length || got.some((length, i) => length !== lengths[i]))
    throw new GradswarmError(
      'ERR_PROTOCOL',
      `kind '${layout.name}': expected a sum only where it declares a bound, and of ${lengths.join(', ')} numbers, got ${got.join(', ')}`,
    );
  const values = sums.map((bytes) => new Float64Array(bytes.slice().buffer));
  if (!values.every(allFinite) || new Set(frames.map(({ from }) => from)).size !== frames.length)
    throw new GradswarmError('ERR_PROTOCOL', `kind '${layout.name}': expected a finite sum of one frame a sender`);
  return { kindIndex: kind, round, attempt, step, frames, sums: values };
}

/** The frames that the sum stands for, as their receiver's mailbox takes them: without messages. The first has the memory of the sum. */
export function framesOf(sum: PartialSum): readonly Frame[] {
  const { kindIndex, round, attempt, step, frames, sums } = sum;
  const bytes = sums.reduce((total, { byteLength }) => total + byteLength, 0);
  return frames.map(({ from, arrivesAtMs }, i) => ({
    ...{ kindIndex, round, attempt, step, from, to: 'coordinator' as const, arrivesAtMs },
    ...{ lost: null, messages: [], receivedBytes: FRAME_BYTES + (i === 0 ? bytes : 0), summed: sum },
  }));
}
