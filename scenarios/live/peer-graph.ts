import { join } from 'node:path';
import { rootStream } from '../../protocol/numerics/random.js';
import type { DeliveryEntry } from '../../protocol/party/delivery-log.js';
import type { MetricsRow } from '../../protocol/scenario/expectation.js';
import type { Scenario } from '../../protocol/scenario/scenario.js';
import { topologies } from '../../protocol/topology/family.js';
import { linkCount } from '../../protocol/topology/graph.js';
import { createTopology, type TopologySpec } from '../../protocol/topology/topology.js';
import { lastLines } from './last-lines.js';

/** With more, a card of the page is too small for the links. */
const MOST_CLIENTS = 64;

/** Who sends to whom in a round, among clients. */
export interface PeerGraph {
  readonly clients: number;
  readonly round: number;
  readonly edges: readonly PeerEdge[];
  /** Bytes that a directed link carried in that round: the mean over all. */
  readonly bytesPerLink: number;
}

export interface PeerEdge {
  readonly from: number;
  readonly to: number;
  /** Messages that did not arrive, in the rounds that the end of deliveries.jsonl holds; `last`: the round of the last one. */
  readonly absences: number;
  readonly last: number | null;
}

/** Of the run's last round; null: clients send nothing to one another, or there are too many to draw. */
export async function peerGraph(
  scenario: Scenario,
  path: string,
  last: MetricsRow | undefined,
): Promise<PeerGraph | null> {
  const { topology: spec, clients, seed, precision } = scenario;
  if (!spec || clients > MOST_CLIENTS) return null;
  await topologies.loadSpec(spec);
  const rng = rootStream(seed, precision).derive('topology');
  const round = last?.round ?? 1;
  const graph = createTopology(spec as TopologySpec, clients, rng).graphAt(round);
  const absent = absencesByEdge(lastLines<DeliveryEntry>(join(path, 'deliveries.jsonl'), 'delivery'));
  const edges = graph.outNeighbors.flatMap((list, from) =>
    list.map((to) => ({ from, to, ...(absent.get(`${from} ${to}`) ?? { absences: 0, last: null }) })),
  );
  return { clients, round, edges, bytesPerLink: (last?.bytesPeer ?? 0) / (linkCount(graph) || 1) };
}

function absencesByEdge(entries: readonly DeliveryEntry[]): Map<string, { absences: number; last: number }> {
  const byEdge = new Map<string, { absences: number; last: number }>();
  for (const { round, absences } of entries)
    for (const { from, to } of absences) {
      const edge = `${from} ${to}`;
      byEdge.set(edge, { absences: (byEdge.get(edge)?.absences ?? 0) + 1, last: round });
    }
  return byEdge;
}
