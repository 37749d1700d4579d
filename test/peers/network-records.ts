import { rootStream } from '../../protocol/numerics/random.js';
import { denseRows } from '../../protocol/topology/mixing-matrix.js';

import { createTopology, type TopologySpec } from '../../protocol/topology/topology.js';
import { spectralGap } from '../../scenarios/report/spectrum.js';
import { loadAllRules } from '../../scenarios/run/catalogue.js';
import type { PeerRecord } from './peer-record.js';
import { type Passed, recordedRun } from './recorded-run.js';

const PEERS = 8;
const DIMENSION = 5;
const schedule = (rate: number) => ({ name: 'inverse-power', rate, offset: 41 });
const SCHEDULES = { stepSize: schedule(2), mixing: schedule(20), aggregationWeight: schedule(20) };
const wave = (a: number, b: number) => Math.sin(1 + 12.9898 * a + 78.233 * b);
const range = <T>(length: number, make: (i: number) => T) => Array.from({ length }, (_, i) => make(i));

const MATRICES = range(PEERS, (c) =>
  range(DIMENSION, (i) => range(DIMENSION, (j) => (i === j ? 1.2 + 0.6 * wave(c, i) : 0.1 * wave(c, i * j + i + j)))),
);
const CENTRES = range(PEERS, (c) => range(DIMENSION, (j) => 2 * wave(c + 0.5, j)));

/** noise[name][receiver][sender]: what arrived less what was sent. */
function noiseOf(posted: readonly Passed[], taken: readonly Passed[], round: number) {
  const sent = new Map(posted.filter((one) => one.round === round).map(({ from, fields }) => [from, fields]));
  const nothing = () => range(PEERS, () => range(PEERS, () => range(DIMENSION, () => 0)));
  const noise = { x: nothing(), s: nothing() };
  for (const { from, to, fields } of taken.filter((one) => one.round === round && one.from !== one.to))
    for (const name of ['x', 's'] as const)
      noise[name][Number(to)]![Number(from)] = (fields[name] as number[]).map(
        (value, k) => value - (sent.get(from)![name] as number[])[k]!,
      );
  return noise;
}

async function vra(
  what: string,
  topology: object | string,
  name: 'vra-dgt' | 'vra-dsgt',
  rounds: number,
): Promise<PeerRecord> {
  const stochastic = name === 'vra-dsgt';
  const quadratic = { name: 'quadratic', dimension: DIMENSION, curvature: 'full', centres: CENTRES };
  const run = await recordedRun({
    name: 'peer',
    method: { name, ...SCHEDULES, ...(stochastic ? { batchSize: 2 } : {}) },
    objective: {
      ...quadratic,
      matrices: MATRICES.map((m) => m.flat()),
      ...(stochastic ? { examples: 12, exampleSpread: 1 } : {}),
    },
    data: 'none',
    clients: PEERS,
    rounds,
    seed: 3,
    topology,
    faults: [{ fault: 'channel-noise', stddev: 0.1 }],
  } as never);
  const states = run.clients as readonly (readonly { x: Float64Array; s: Float64Array }[])[];
  const path = (part: 'x' | 's') => states.map((all) => all.map((state) => [...state[part]]));
  const asked = (round: number, which: number) =>
    range(PEERS, (client) => run.asked.filter((one) => one.round === round && one.client === client)[which]);
  const each = <T>(from: number, make: (round: number) => T) => range(rounds, (t) => (t < from ? null : make(t)));
  return {
    item: `${name.toUpperCase()} under channel noise, ${what}`,
    by: 'vra',
    limit: 1e-11,
    settings: SCHEDULES,
    mixing: denseRows(
      createTopology(
        (typeof topology === 'string' ? { name: topology } : topology) as TopologySpec,
        PEERS,
        rootStream(3, 'float64').derive('topology'),
      ).mixingAt(0),
    ).map((row) => [...row]),
    noise: range(rounds, (round) => noiseOf(run.posted, run.taken, round)),
    x: path('x'),
    s: path('s'),
    ...(stochastic
      ? {
          points: each(0, (t) => asked(t, 0).map((one) => one!.point)),
          fresh: each(0, (t) => asked(t, 0).map((one) => one!.gradient)),
          stalePoints: each(1, (t) => asked(t, 1).map((one) => one!.point)),
          stale: each(1, (t) => asked(t, 1).map((one) => one!.gradient)),
        }
      : { matrices: MATRICES, centres: CENTRES }),
  };
}

/** 1 - gap by the formula of the graph, where there is one; weights of Metropolis. */
const FORMULAS: Readonly<Record<string, (n: number) => number | null>> = {
  complete: () => 0,
  ring: (n) => Math.max(...range(n - 1, (k) => Math.abs(1 / 3 + (2 / 3) * Math.cos((2 * Math.PI * (k + 1)) / n)))),
  path: (n) => 1 / 3 + (2 / 3) * Math.cos(Math.PI / n),
  star: (n) => 1 - 1 / n,
  hypercube: (n) => (Math.log2(n) - 1) / (Math.log2(n) + 1),
  exponential: (n) => (n % 2 === 0 ? (Math.ceil(Math.log2(n)) - 1) / (Math.ceil(Math.log2(n)) + 1) : null),
};

async function mixing(
  name: string,
  clients: number,
  settings: object,
  weights: string,
  lazy: boolean,
): Promise<PeerRecord> {
  await loadAllRules();
  const spec = { name, weights, lazy, ...settings } as unknown as TopologySpec;
  const topology = createTopology(spec, clients, rootStream(4, 'float64').derive('topology'));
  const drawn = name === 'erdos-renyi' || name === 'random-matching';
  const fixedOverTime = !drawn && name !== 'one-peer-exponential';
  const matrices = range(name === 'one-peer-exponential' || name === 'random-matching' ? 5 : 1, (round) =>
    denseRows(topology.mixingAt(round)).map((row) => [...row]),
  );
  const formula = weights === 'metropolis' && !lazy ? (FORMULAS[name]?.(clients) ?? null) : null;
  return {
    item: `mixing matrix: ${name} of ${clients}, ${weights}${lazy ? ', lazy' : ''}`,
    by: 'mixing',
    limit: 1e-9,
    name: drawn ? 'drawn' : name,
    clients,
    settings,
    weights,
    lazy,
    matrices,
    gap: fixedOverTime || name === 'erdos-renyi' ? spectralGap(topology.mixingAt(0)) : null,
    formula,
  };
}

const CIRCLE_AND_CHORD = [...range(5, (i) => [i, (i + 1) % 5]), [0, 2]];

const TOPOLOGIES: readonly (readonly [string, number, object])[] = [
  ['complete', 7, {}],
  ['ring', 5, {}],
  ['ring', 16, {}],
  ['path', 8, {}],
  ['star', 9, {}],
  ['torus', 16, {}],
  ['torus', 15, { rows: 3, columns: 5 }],
  ['hypercube', 16, {}],
  ['exponential', 8, {}],
  ['exponential', 11, {}],
  ['one-peer-exponential', 12, {}],
  ['edge-list', 5, { edges: CIRCLE_AND_CHORD }],
  ['erdos-renyi', 20, { probability: 0.3 }],
  ['random-matching', 9, {}],
];

/** Methods without a coordinator, and their graphs. */
export const networkRecords: readonly (() => Promise<PeerRecord>)[] = [
  () => vra('ring', 'ring', 'vra-dgt', 400),
  () => vra('star, lazy', { name: 'star', lazy: true }, 'vra-dgt', 200),
  () => vra('ring, batches of 2', 'ring', 'vra-dsgt', 200),
  ...TOPOLOGIES.flatMap(([name, clients, settings]) => [
    () => mixing(name, clients, settings, 'metropolis', false),
    () => mixing(name, clients, settings, 'maximum-degree', true),
  ]),
  () => mixing('edge-list', 5, { directed: true, edges: CIRCLE_AND_CHORD }, 'push-sum', false),
  () => mixing('ring', 9, {}, 'uniform', false),
  () => mixing('star', 6, {}, 'push-sum', false),
  () => mixing('exponential', 11, {}, 'push-sum', true),
];
