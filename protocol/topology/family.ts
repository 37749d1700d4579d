import type { ClientIndex, Rng } from '../method.js';
import { extension } from '../settings/extension.js';
import { NamedModules, readSpec } from '../settings/named-modules.js';
import type { Settings } from '../settings/settings.js';
import type { Graph } from './graph.js';

/** The graphs of all rounds. */
export interface GraphSequence {
  /** Rounds after which everything repeats: 1 for a graph that never changes, null for one that never repeats. */
  readonly period: number | null;
  /**
   * Clients and their edge servers: a party sends to others only, not to itself, and the coordinator joins the parts of the graph. Left
   * out: peers.
   */
  readonly isTiered?: boolean;
  at(round: number): Graph;
}

/** The default export of every file of `named/`; the file name is the topology's name. */
export interface TopologyFamily<S extends object = object> {
  readonly name: string;
  /** What it is, in a line. */
  readonly summary: string;
  /** Of the graph alone: weights belong to the topology as a whole. */
  readonly settings: Settings<S>;
  /** How many of the last clients are edge servers, which hold no data. Left out: none. */
  edgeServers?(settings: S): number;
  /** Throws ERR_SCENARIO for a clientCount that the graph does not exist for. */
  create(settings: S, clientCount: number, rng: Rng): GraphSequence;
}

/** A topology that scenarios can name. The same value, marked as a topology. */
export function defineTopology<S extends object>(family: TopologyFamily<S>): TopologyFamily<S> {
  return extension('topology', family);
}

/** The topologies that are loaded. */
// biome-ignore lint/suspicious/noExplicitAny: every topology has its own type of settings.
export const topologies = new NamedModules<TopologyFamily<any>>('topology', 'a topology', [
  new URL('./named/', import.meta.url),
]);

/** A graph that never changes. */
export function fixed(graph: Graph): GraphSequence {
  return { period: 1, at: () => graph };
}

/** The edge servers of a spec's graph, loaded before: the last clients of the run. Throws ERR_SCENARIO. */
export function edgeServersOf(
  spec: { readonly name: string; readonly [setting: string]: unknown } | null,
  clientCount: number,
): readonly ClientIndex[] {
  if (!spec) return [];
  const { weights: _, lazy: __, ...graphSpec } = spec;
  const { family, settings } = readSpec(topologies, graphSpec);
  const count = family.edgeServers?.(settings) ?? 0;
  return Array.from({ length: count }, (_, i) => clientCount - count + i);
}

/** The graphs that a spec names, loaded before; its settings are the graph's own alone. Throws ERR_SCENARIO. */
export function sequenceOf(
  spec: { readonly name: string; readonly [setting: string]: unknown },
  clientCount: number,
  rng: Rng,
): GraphSequence {
  const { family, settings } = readSpec(topologies, spec);
  return family.create(settings, clientCount, rng);
}
