import { expect } from 'chai';
import { drop } from '../../../../protocol/faults/drop.js';
import type { Vector } from '../../../../protocol/method.js';
import type { Gossip } from '../../../../protocol/methods/gossip/parts/compressed-gossip.js';
import { combination, largestDifference } from '../../../support/peer-vectors.js';
import { runPeers } from '../../../support/tiny-run.js';

type PerLink = Extract<Gossip, { form: 'acknowledged' }>;
interface Peer {
  readonly x: Vector;
  readonly iterate: Gossip;
}

const codecs = { '*': { codec: { name: 'top-k', fraction: 0.4 } } };
const method = { name: 'cdproxsgt', stepSize: 0.05, links: 'acknowledged' };

describe('compressed gossip over acknowledged links', () => {
  it('while nothing is lost all copies of a peer are one replica, and every post is one encoding for all', async () => {
    const bytes: number[] = [];
    for (const links of ['plain', 'acknowledged'])
      await runPeers<Peer>(
        { method: { ...method, links }, codecs, rounds: 5 },
        {
          watch({ states, row }) {
            bytes.push(row.bytesPeer);
            for (const { iterate } of states) {
              if (iterate.form === 'plain') continue;
              for (const copy of iterate.outgoing)
                expect([...copy.value]).to.deep.equal([...iterate.outgoing[0]!.value]);
            }
          },
        },
      );
    expect(bytes.slice(5)).to.deep.equal(bytes.slice(0, 5));
  });

  it('a lost residual: the sender moves its copy, is notified of the loss in the next round and sends the same again', async () => {
    // Peer 0's messages to peer 1 are lost in round 3 (index 2) alone.
    const faults = [{ ...drop({ probability: 1, senders: [0], receivers: [1], kind: 'iterate' }), from: 2, until: 3 }];
    const seen: { out: PerLink['outgoing'][number]; held: PerLink['incoming'][number] }[] = [];
    await runPeers<Peer>(
      { method, codecs, rounds: 4, faults },
      {
        watch({ states }) {
          const links = states.map(({ iterate }) => iterate as PerLink);
          seen.push({
            out: links[0]!.outgoing.find(({ peer }) => peer === 1)!,
            held: links[1]!.incoming.find(({ peer }) => peer === 0)!,
          });
        },
      },
    );
    expect(seen.map(({ out }) => out.sequence)).to.deep.equal([1, 2, 3, 3]);
    expect(seen.map(({ held }) => held.sequence)).to.deep.equal([1, 2, 2, 3]);
    expect(largestDifference(seen[2]!.out.value, seen[2]!.held.value)).to.be.greaterThan(1e-6);
    expect([...seen[3]!.out.before!]).to.deep.equal([...seen[1]!.out.value]);
    expect([...seen[3]!.held.value]).to.deep.equal([...seen[3]!.out.value]);
  });

  it('a peer that is away for a round neither gives nor takes: the mean of x moves by its own steps alone, to 1e-13', async () => {
    const crash = { fault: 'crash', clients: [4], from: 3, until: 5 };
    await runPeers<Peer & { readonly y: Vector }>(
      { method, codecs, rounds: 10, faults: [crash] },
      {
        watch({ round, before, states }) {
          const away = (i: number) => i === 4 && (round === 4 || round === 5);
          const sum = (vectors: readonly Vector[]) => combination(...vectors.map((vector) => [1, vector] as const));
          const stepped = states.map(({ y }, i) =>
            away(i) ? before[i]!.x : combination([1, before[i]!.x], [-0.05, y]),
          );
          expect(largestDifference(sum(states.map(({ x }) => x)), sum(stepped))).to.be.lessThan(1e-13);
        },
      },
    );
  });
});
