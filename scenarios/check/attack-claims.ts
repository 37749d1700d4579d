import { meanOf } from '../../protocol/aggregators/parts/mean.js';
import type { Attack } from '../../protocol/attacks/attack.js';
import { precisionOf } from '../../protocol/numerics/vector.js';
import { type Claim, claim, ensure, ensureEqual } from './claim.js';
import { stream } from './parts/codec-inputs.js';

const LENGTH = 9;

/** The contract of an attack: a vector of its own for each attacker, the same for the same sight, and nothing changed that it sees. */
export function attackClaims(open: () => Attack): readonly Claim[] {
  return (['float32', 'float64'] as const).flatMap((precision) =>
    [
      { honest: 5, own: 2 },
      { honest: 1, own: 1 },
      { honest: 3, own: 3 },
    ].map(({ honest, own }) =>
      claim(`forges a vector for each of ${own} among ${honest} honest ones, and changes none (${precision})`, () => {
        const vectors = (count: number, seed: number) =>
          Array.from({ length: count }, (_, i) => stream(seed + i, precision).normal(LENGTH));
        const sight = () => ({
          honest: vectors(honest, 30),
          own: vectors(own, 60),
          previous: vectors(own, 90).map((vector, i) => (i % 2 === 0 ? vector : null)),
          aggregate: meanOf,
          rng: stream(5, precision),
        });
        const attack = open();
        const seen = sight();
        const forged = attack.forge(seen);
        ensureEqual(
          { honest: seen.honest, own: seen.own, previous: seen.previous },
          { honest: sight().honest, own: sight().own, previous: sight().previous },
          'what it saw, afterwards',
        );
        ensureEqual(forged.length, own, 'forged vectors');
        for (const [i, vector] of forged.entries()) {
          ensureEqual([vector.length, precisionOf(vector)], [LENGTH, precision], `length and precision of vector ${i}`);
          const shared = [...seen.honest, ...seen.own, ...seen.previous, ...forged.slice(0, i)].some(
            (other) => other?.buffer === vector.buffer,
          );
          ensure(!shared, `vector ${i}: expected an array of its own, got one that it saw or gave before`);
        }
        for (const again of [attack, open()])
          ensureEqual(again.forge(sight()), forged, 'what it forges when it sees the same again');
      }),
    ),
  );
}
