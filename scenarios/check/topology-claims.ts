import { rootStream } from '../../protocol/numerics/random.js';
import { sequenceOf } from '../../protocol/topology/family.js';
import type { Graph } from '../../protocol/topology/graph.js';
import { type Claim, claim, ensure, ensureEqual } from './claim.js';

type Spec = { readonly name: string; readonly [setting: string]: unknown };

const ROUNDS = 12;

/** The contract of a topology: graphs of all clients, whose lists agree, the same whenever and in whatever order they are asked for. */
export function topologyClaims(spec: Spec, clientCount = 6): readonly Claim[] {
  const open = () => sequenceOf(spec, clientCount, rootStream(3, 'float64').derive('topology'));
  return [
    claim('every graph has all clients, ascending lists without repeats, and each edge at both of its ends', () => {
      const sequence = open();
      for (let round = 0; round < ROUNDS; round++) expectWhole(sequence.at(round), clientCount, `round ${round}`);
    }),
    claim('a round has the same graph whenever it is asked for, and in every process', () => {
      const [one, other] = [open(), open()];
      for (let round = 0; round < ROUNDS; round++) one.at(round);
      for (let round = ROUNDS - 1; round >= 0; round--)
        for (const again of [one, other])
          ensureEqual(
            again.at(round),
            open().at(round),
            `round ${round}, graph`,
            'at must depend on the round alone: draw from rng.derive(round), keep nothing between calls',
          );
    }),
    claim('graphs repeat after the period that it states', () => {
      const sequence = open();
      const { period } = sequence;
      if (period === null) return;
      ensure(
        Number.isInteger(period) && period >= 1,
        `period: expected an integer of at least 1, or null, got ${period}`,
      );
      for (let round = 0; round < Math.min(period, ROUNDS); round++)
        ensureEqual(
          sequence.at(round + period),
          sequence.at(round),
          `graph of round ${round + period}, period ${period}`,
        );
    }),
  ];
}

function expectWhole(
  { nodeCount, directed, inNeighbors, outNeighbors }: Graph,
  clientCount: number,
  where: string,
): void {
  ensureEqual(nodeCount, clientCount, `${where}: clients`);
  const lists = { inNeighbors, outNeighbors };
  for (const name of ['inNeighbors', 'outNeighbors'] as const) {
    ensureEqual(lists[name].length, clientCount, `${where}: lists in ${name}`);
    for (const [client, others] of lists[name].entries())
      for (const [i, other] of others.entries()) {
        const inside = Number.isInteger(other) && other >= 0 && other < clientCount && other !== client;
        ensure(
          inside,
          `${where}: ${name}[${client}]: expected other clients from 0 to ${clientCount - 1}, got ${other}`,
        );
        ensure(
          i === 0 || other > others[i - 1]!,
          `${where}: ${name}[${client}]: expected ascending clients, got ${others}`,
        );
      }
  }
  for (const [client, others] of outNeighbors.entries())
    for (const other of others)
      ensure(
        inNeighbors[other]!.includes(client),
        `${where}: expected ${client} in inNeighbors[${other}], as it sends to it`,
      );
  const count = (side: readonly (readonly number[])[]) => side.reduce((sum, list) => sum + list.length, 0);
  ensureEqual(count(inNeighbors), count(outNeighbors), `${where}: edges in inNeighbors, as in outNeighbors`);
  if (!directed) ensureEqual(inNeighbors, outNeighbors, `${where}: inNeighbors of an undirected graph`);
}
