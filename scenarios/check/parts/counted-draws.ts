import type { Rng } from '../../../protocol/method.js';
import type { Fleet } from '../../run/fleet.js';

const DRAWS = new Set(['uniform', 'below', 'normal', 'words', 'permutation', 'poisson']);

/** The same stream; `drawn` is called for every draw that uses it up. A batch of all examples uses up nothing. */
function counted(stream: Rng, drawn: () => void): Rng {
  return new Proxy(stream, {
    get(target, key) {
      if (key === 'derive') return (...path: readonly (string | number)[]) => counted(target.derive(...path), drawn);
      const value = Reflect.get(target, key, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        if (DRAWS.has(key as string)) drawn();
        if (key === 'batch' && (args[1] as number) < (args[0] as number)) drawn();
        return value.apply(target, args);
      };
    },
  });
}

/** Counts what the halves of this fleet draw, initial states and noise of releases included: each entry of the ledger is a draw. */
export function countDraws(fleet: Fleet): () => number {
  const { host } = fleet.site;
  let count = 0;
  const drawn = (): void => {
    count++;
  };
  const { streamOf, initStream } = host;
  host.streamOf = (party, round) => counted(streamOf.call(host, party, round), drawn);
  host.initStream = (party) => counted(initStream.call(host, party), drawn);
  // Privacy noise is a draw too, and each release has some: the coordinator's are charged as they are admitted, the others after the round.
  const { admit, charge } = fleet.privacy;
  fleet.privacy.admit = (party, releases, attempt) => {
    admit.call(fleet.privacy, party, releases, attempt);
    if (party === 'coordinator') drawn();
  };
  fleet.privacy.charge = (entries, round) => {
    count += entries.length;
    return charge.call(fleet.privacy, entries, round);
  };
  return () => count;
}
