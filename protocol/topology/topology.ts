import { z } from 'zod';
import { GradswarmError } from '../errors.js';
import type { ClientIndex, Links, PartyId, Rng } from '../method.js';
import { checkSettings, unknownName } from '../settings-check.js';
import { directedGraph, type Edge, type Graph, isConnected, undirectedGraph } from './graph.js';
import {
  complete,
  erdosRenyi,
  exponential,
  exponentialPeriod,
  hypercube,
  nearestSquare,
  onePeerExponential,
  path,
  randomMatching,
  ring,
  star,
  torus,
} from './graphs.js';
import { lazyWeights, type MixingMatrix, type WeightRule, weightOf, weightRules } from './mixing-matrix.js';

/** How a scenario names its graph. `weights`: 'metropolis' by default; `lazy`: mix with (I + W) / 2. */
export interface TopologySpec {
  readonly name: string;
  readonly weights?: WeightRule;
  readonly lazy?: boolean;
  readonly [setting: string]: unknown;
}

/** The graph and the mixing matrix of every round: pure functions of (seed, round). */
export interface Topology {
  readonly spec: TopologySpec;
  readonly clientCount: number;
  /** Rounds after which everything repeats: 1 for a graph that never changes, null for one that never repeats. */
  readonly period: number | null;
  graphAt(round: number): Graph;
  mixingAt(round: number): MixingMatrix;
  /** What one client sees of the round's graph. Cached with the graph. */
  linksOf(client: ClientIndex, round: number): Links;
}

interface GraphSequence {
  readonly period: number | null;
  at(round: number): Graph;
}

interface TopologyFamily {
  readonly defaults: Readonly<Record<string, unknown>>;
  readonly schema: z.ZodRawShape;
  create(settings: Record<string, unknown>, clientCount: number, rng: Rng): GraphSequence;
}

function fixed(graph: Graph): GraphSequence {
  return { period: 1, at: () => graph };
}

function plain(build: (clientCount: number) => Graph): TopologyFamily {
  return { defaults: {}, schema: {}, create: (_, clientCount) => fixed(build(clientCount)) };
}

function torusSides(settings: Record<string, unknown>, clientCount: number): readonly [number, number] {
  const { rows, columns } = settings as { rows: number | null; columns: number | null };
  const square = nearestSquare(clientCount);
  const height = rows ?? (columns === null ? square[0] : clientCount / columns);
  const width = columns ?? clientCount / height;
  if (height * width !== clientCount || !Number.isInteger(height) || !Number.isInteger(width))
    throw new GradswarmError(
      'ERR_SCENARIO',
      `topology 'torus': expected rows * columns = ${clientCount} clients, got rows ${rows} and columns ${columns}`,
    );
  if (height < 2 || width < 2)
    throw new GradswarmError(
      'ERR_SCENARIO',
      `topology 'torus': expected at least 2 rows and 2 columns, got ${height} x ${width} for ${clientCount} clients; ` +
        "a torus of one row is the topology 'ring'",
    );
  return [height, width];
}

const side = z.number().int().positive().nullable();

const families: Readonly<Record<string, TopologyFamily>> = {
  ring: plain(ring),
  path: plain(path),
  star: plain(star),
  complete: plain(complete),
  hypercube: plain(hypercube),
  exponential: plain(exponential),
  torus: {
    defaults: { rows: null, columns: null },
    schema: { rows: side, columns: side },
    create: (settings, clientCount) => fixed(torus(...torusSides(settings, clientCount))),
  },
  'one-peer-exponential': {
    defaults: {},
    schema: {},
    create(_, clientCount) {
      const period = Math.max(1, exponentialPeriod(clientCount));
      return { period, at: (round) => onePeerExponential(clientCount, round) };
    },
  },
  'erdos-renyi': {
    defaults: { probability: 0.3 },
    schema: { probability: z.number().gt(0).max(1) },
    create: (settings, clientCount, rng) => fixed(erdosRenyi(clientCount, settings.probability as number, rng)),
  },
  'edge-list': {
    defaults: { edges: [], directed: false },
    schema: { edges: z.array(z.tuple([z.number().int(), z.number().int()])), directed: z.boolean() },
    create(settings, clientCount) {
      const edges = settings.edges as Edge[];
      return fixed((settings.directed ? directedGraph : undirectedGraph)(clientCount, edges));
    },
  },
  'random-matching': {
    defaults: {},
    schema: {},
    create: (_, clientCount, rng) => ({
      period: null,
      at: (round) => randomMatching(clientCount, rng.derive('random-matching', round)),
    }),
  },
  periodic: {
    defaults: { graphs: [] },
    schema: { graphs: z.array(z.looseObject({ name: z.string() })).min(1) },
    create(settings, clientCount, rng) {
      const members = (settings.graphs as TopologySpec[]).map((spec, k) =>
        sequenceOf(spec, clientCount, rng.derive('periodic', k)),
      );
      return {
        period: commonPeriod([members.length, ...members.map(({ period }) => period)]),
        at: (round) => members[round % members.length]!.at(round),
      };
    },
  },
};

/** Least common multiple; null when one of them never repeats. */
function commonPeriod(periods: readonly (number | null)[]): number | null {
  const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));
  let common = 1;
  for (const period of periods) {
    if (period === null) return null;
    common *= period / divisor(common, period);
  }
  return common;
}

const weightDefaults = { weights: 'metropolis', lazy: false } as const;

/** Complete settings of every topology, by name. `rows` and `columns` null: the most nearly square torus. */
export const topologyDefaults: Readonly<Record<string, Readonly<Record<string, unknown>>>> = Object.fromEntries(
  Object.entries(families).map(([name, family]) => [name, { ...family.defaults, ...weightDefaults }]),
);

/** `spec` holds the graph's own settings alone: weights belong to the topology as a whole. */
function sequenceOf(spec: TopologySpec, clientCount: number, rng: Rng): GraphSequence {
  const { name, ...settings } = spec;
  const family = Object.hasOwn(families, name) ? families[name] : undefined;
  if (!family) throw unknownName('topology', name, Object.keys(families));
  const complete = { ...family.defaults, ...settings };
  return family.create(
    checkSettings(`topology '${name}'`, z.strictObject(family.schema), complete) as Record<string, unknown>,
    clientCount,
    rng,
  );
}

function withSelf(list: readonly ClientIndex[], self: ClientIndex): ClientIndex[] {
  const place = list.findIndex((other) => other > self);
  return place < 0 ? [...list, self] : [...list.slice(0, place), self, ...list.slice(place)];
}

/** One client's links by a graph and its matrix. Its two functions may be used unbound, as by `weightedSum`. */
export function linksFrom(graph: Graph, mixing: MixingMatrix, self: ClientIndex): Links {
  const inNeighbors = withSelf(graph.inNeighbors[self]!, self);
  return {
    inNeighbors,
    outNeighbors: graph.directed ? withSelf(graph.outNeighbors[self]!, self) : inNeighbors,
    weightFrom: (peer: PartyId) => (peer === 'coordinator' ? 0 : weightOf(mixing, self, peer)),
    weightTo: (peer: PartyId) => (peer === 'coordinator' ? 0 : weightOf(mixing, peer, self)),
  };
}

interface Phase {
  readonly graph: Graph;
  mixing?: MixingMatrix;
  readonly links: (Links | undefined)[];
}

/** Cached graphs, by period; all parties of one round share them. */
const KEPT_PHASES = { repeating: 64, never: 4 };

class CachedTopology implements Topology {
  private readonly phases = new Map<number, Phase>();

  constructor(
    readonly spec: TopologySpec,
    readonly clientCount: number,
    private readonly sequence: GraphSequence,
    private readonly weigh: (graph: Graph) => MixingMatrix,
  ) {}

  get period(): number | null {
    return this.sequence.period;
  }

  private phaseAt(round: number): Phase {
    const key = this.period === null ? round : round % this.period;
    let phase = this.phases.get(key);
    if (!phase) {
      if (this.phases.size >= (this.period === null ? KEPT_PHASES.never : KEPT_PHASES.repeating))
        this.phases.delete(this.phases.keys().next().value as number);
      phase = { graph: this.sequence.at(round), links: new Array(this.clientCount) };
      this.phases.set(key, phase);
    }
    return phase;
  }

  graphAt(round: number): Graph {
    return this.phaseAt(round).graph;
  }

  mixingAt(round: number): MixingMatrix {
    const phase = this.phaseAt(round);
    phase.mixing ??= this.weigh(phase.graph);
    return phase.mixing;
  }

  linksOf(client: ClientIndex, round: number): Links {
    const phase = this.phaseAt(round);
    let links = phase.links[client];
    if (!links) {
      if (!Number.isInteger(client) || client < 0 || client >= this.clientCount)
        throw new RangeError(`linksOf: expected a client from 0 to ${this.clientCount - 1}, got ${client}`);
      links = linksFrom(phase.graph, this.mixingAt(round), client);
      phase.links[client] = links;
    }
    return links;
  }
}

/** A period up to this many rounds is checked in advance for connectivity and weights. */
const CHECKED_PERIOD = KEPT_PHASES.repeating;

/**
 * The topology that a scenario names. `rng`: the run's stream for its graph, the same in every process. Throws ERR_SCENARIO
 * for an unknown name or setting, for a clientCount the graph does not exist for, for weights that do not fit the graph, and
 * for graphs that leave some clients out of reach of others over all their rounds.
 */
export function createTopology(spec: TopologySpec, clientCount: number, rng: Rng): Topology {
  if (!Number.isInteger(clientCount) || clientCount < 1)
    throw new GradswarmError('ERR_SCENARIO', `topology: expected at least one client, got ${clientCount}`);
  const { weights, lazy } = checkSettings(
    `topology '${spec.name}'`,
    z.object({ weights: z.enum(Object.keys(weightRules) as [WeightRule, ...WeightRule[]]), lazy: z.boolean() }),
    { weights: spec.weights ?? weightDefaults.weights, lazy: spec.lazy ?? weightDefaults.lazy },
  );
  const rule = weightRules[weights];
  const { weights: _weights, lazy: _lazy, ...graphSpec } = spec;
  const sequence = sequenceOf(graphSpec as TopologySpec, clientCount, rng);
  const topology = new CachedTopology(spec, clientCount, sequence, lazy ? (graph) => lazyWeights(rule(graph)) : rule);
  if (sequence.period !== null && sequence.period <= CHECKED_PERIOD) {
    const rounds = Array.from({ length: sequence.period }, (_, round) => round);
    if (!isConnected(...rounds.map((round) => topology.graphAt(round))))
      throw new GradswarmError(
        'ERR_SCENARIO',
        `topology '${spec.name}': expected every one of ${clientCount} clients to reach all others, but some cannot; ` +
          'add the missing edges',
      );
    for (const round of rounds) topology.mixingAt(round);
  }
  return topology;
}
