import './loaded-rules.js';
import { faults as loaded } from '../../protocol/faults/parts/load-fault.js';
import { edgeStreamOf } from '../../protocol/links/edge-stream.js';
import { createNetwork, type ScenarioNetwork } from '../../protocol/links/network.js';
import type { Rng } from '../../protocol/method.js';
import { rootStream } from '../../protocol/numerics/random.js';
import type { Passage } from '../../protocol/party/dispatch.js';
import type { FaultInput } from '../../protocol/scenario/input.js';
import type { FaultRule, Link, Scenario } from '../../protocol/scenario/scenario.js';
import type { Frame } from '../../protocol/wire/frame.js';
import { type KindLayout, layoutsOf } from '../../protocol/wire/layout.js';
import { tinyScenario } from './tiny-run.js';

/** Frames without a run, to be judged one by one. */

const SEED = 2024;

/** One kind for each route; `seed` is never lost permanently. */
export const layouts = layoutsOf(
  {
    model: { from: 'coordinator', to: 'cohort', vectors: ['params'] },
    seed: { from: 'coordinator', to: 'cohort', vectors: ['params'], losable: 'no' },
    update: { from: 'clients', to: 'coordinator', vectors: ['delta'] },
    iterate: { from: 'clients', to: 'peers', vectors: ['x', 'y'] },
  },
  'float32',
);

export function layoutOf(kind: string): KindLayout {
  return layouts.get(kind)!;
}

/** A frame of 4 numbers a vector. */
export function frameOf(kind: string, address: Partial<Frame> & Pick<Frame, 'from' | 'to'>): Frame {
  const layout = layoutOf(kind);
  const payload = Object.fromEntries(layout.vectors.map((field) => [field, Float32Array.of(1, 2, 3, 4)]));
  return {
    kindIndex: layout.index,
    round: 0,
    attempt: 0,
    step: 0,
    arrivesAtMs: 0,
    lost: null,
    messages: [layout.encode(payload, null)],
    ...address,
  };
}

/** The rules with their defaults written out, as a resolved scenario has them. */
export function complete(...faults: readonly FaultInput[]): FaultRule[] {
  return faults.map(({ fault, ...given }, index) => ({
    fault,
    ...loaded.get(fault).settings.parse(`faults.${index}`, given),
  }));
}

export function link(changes: Partial<Link> = {}): Link {
  const open = { from: 'all', to: 'all', kind: null, direction: 'all' } as const;
  return { ...open, bandwidthMbps: null, latencyMs: 0, jitterMs: 0, retransmitMs: null, ...changes };
}

export function networkOf(faults: readonly FaultInput[], changes: Partial<Scenario> = {}): ScenarioNetwork {
  return createNetwork(tinyScenario('dgd', { seed: SEED, clients: 8, faults: complete(...faults), ...changes }));
}

/** What becomes of the frame; `bytes`: on the wire. */
export function judge(network: ScenarioNetwork, kind: string, frame: Frame, bytes = 1000): Passage | null {
  const streams: Rng = rootStream(SEED, 'float32');
  return (
    network.network?.passage(frame, layoutOf(kind), bytes, (purpose) => edgeStreamOf(streams, frame, purpose)) ?? null
  );
}
