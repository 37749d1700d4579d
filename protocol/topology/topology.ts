import { GradswarmError } from '../errors.js';
import type { ClientIndex, Links, PartyId, Rng } from '../method.js';
import { flag, oneOf } from '../settings/kinds.js';
import { defineSettings } from '../settings/settings.js';
import { edgeServersOf, type GraphSequence, sequenceOf } from './family.js';
import { type Graph, isConnected } from './graph.js';
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
  /** Clients that hold no data and stand between others and the coordinator, ascending. */
  readonly edgeServers: readonly ClientIndex[];
  graphAt(round: number): Graph;
  mixingAt(round: number): MixingMatrix;
  /** What one client sees of the round's graph. Cached with the graph. */
  linksOf(client: ClientIndex, round: number): Links;
}

/** Settings that every topology has beside its graph's own. */
export const weightSettings = {
  weights: oneOf(Object.keys(weightRules) as WeightRule[], 'metropolis', 'How the mixing weights are formed'),
  lazy: flag(false, 'Mix with (I + W) / 2'),
};
const weightsOf = defineSettings(weightSettings);

function withSelf(list: readonly ClientIndex[], self: ClientIndex): ClientIndex[] {
  const place = list.findIndex((other) => other > self);
  return place < 0 ? [...list, self] : [...list.slice(0, place), self, ...list.slice(place)];
}

/** One client's links by a graph and its matrix. Its two functions may be used unbound, as by `weightedSum`. */
function linksFrom(graph: Graph, mixing: MixingMatrix, self: ClientIndex, isTiered: boolean): Links {
  const inNeighbors = isTiered ? graph.inNeighbors[self]! : withSelf(graph.inNeighbors[self]!, self);
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

  readonly edgeServers: readonly ClientIndex[];

  constructor(
    readonly spec: TopologySpec,
    readonly clientCount: number,
    private readonly sequence: GraphSequence,
    private readonly weigh: (graph: Graph) => MixingMatrix,
  ) {
    this.edgeServers = edgeServersOf(spec, clientCount);
  }

  get period(): number | null {
    return this.sequence.period;
  }

  private phaseAt(round: number): Phase {
    const key = this.period === null ? round : round % this.period;
    let phase = this.phases.get(key);
    if (!phase) {
      if (this.phases.size >= (this.period === null ? KEPT_PHASES.never : KEPT_PHASES.repeating))
        this.phases.delete(this.phases.keys().next().value as number);
      const graph = this.sequence.at(round);
      if (graph.nodeCount !== this.clientCount)
        throw new GradswarmError(
          'ERR_SCENARIO',
          `topology: expected a graph of ${this.clientCount} clients, got one of ${graph.nodeCount}`,
        );
      phase = { graph, links: new Array(this.clientCount) };
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
      links = linksFrom(phase.graph, this.mixingAt(round), client, this.sequence.isTiered ?? false);
      phase.links[client] = links;
    }
    return links;
  }
}

/** A period up to this many rounds is checked in advance for connectivity and weights. */
const CHECKED_PERIOD = KEPT_PHASES.repeating;

/**
 * The topology that a scenario names, whose file was loaded before. `rng`: the run's stream for its graph, the same in every process. Throws ERR_SCENARIO
 * for an unknown name or setting, for a clientCount the graph does not exist for, for weights that do not fit the graph, and
 * for graphs that leave some clients unreachable from others over all their rounds.
 */
export function createTopology(spec: TopologySpec, clientCount: number, rng: Rng): Topology {
  if (!Number.isInteger(clientCount) || clientCount < 1)
    throw new GradswarmError('ERR_SCENARIO', `topology: expected at least one client, got ${clientCount}`);
  const { weights: askedWeights, lazy: askedLazy, ...graphSpec } = spec;
  const { weights, lazy } = weightsOf.parse('topology', { weights: askedWeights, lazy: askedLazy });
  const rule = weightRules[weights];
  const sequence = sequenceOf(graphSpec, clientCount, rng);
  const topology = new CachedTopology(spec, clientCount, sequence, lazy ? (graph) => lazyWeights(rule(graph)) : rule);
  if (sequence.period !== null && sequence.period <= CHECKED_PERIOD) {
    const rounds = Array.from({ length: sequence.period }, (_, round) => round);
    if (!sequence.isTiered && !isConnected(...rounds.map((round) => topology.graphAt(round))))
      throw new GradswarmError(
        'ERR_SCENARIO',
        `topology: expected every one of ${clientCount} clients to reach all others, but some cannot; ` +
          'add the missing edges',
      );
    for (const round of rounds) topology.mixingAt(round);
  }
  return topology;
}
