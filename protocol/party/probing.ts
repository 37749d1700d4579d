import type { PartyId, ReadonlyVector } from '../method.js';
import type { Probe, ProbedMessage, ProbeRound } from '../probe.js';
import type { ClientFigure } from './party-report.js';

/** All probes of a run through one attempt at a round of the coordinator. */
export class Probing {
  /** What the probes measured of single clients, once they have finished. */
  readonly clientFigures: ClientFigure[] = [];
  private readonly rounds: readonly { readonly probe: Probe; readonly round: ProbeRound<unknown> }[];

  /** `kept`: the probes' states as the last round left them; none: the run begins. `model`: the server's estimate before the round. */
  constructor(probes: readonly Probe[], kept: readonly unknown[] | undefined, model: ReadonlyVector | undefined) {
    this.rounds = probes.map((probe, i) => ({ probe, round: probe.begin(kept?.[i] ?? probe.init(), model) }));
  }

  received(kind: string, message: ProbedMessage): void {
    for (const { probe, round } of this.rounds) if (probe.kinds.includes(kind)) round.take(kind, message);
  }

  /** The probes' states for the next round. */
  finish(measure: (name: string, value: number) => void): readonly unknown[] {
    const measureClient = (client: PartyId, name: string, value: number) =>
      void this.clientFigures.push([Number(client), name, value]);
    return this.rounds.map(({ round }) => round.finish(measure, measureClient));
  }
}
