import { GradswarmError } from '../errors.js';
import type { ClientIndex, MessageKind, PartyId } from '../method.js';
import type { KindLayout } from '../wire/layout.js';
import type { RoundPlan } from '../wire/seal.js';
import { linksIn } from './links-in.js';
import { COORDINATOR_ONLY } from './receivers.js';
import type { RoundHost } from './round-host.js';

/** One step of a kind of message: the steps of each kind are numbered in a round, from 0. */
interface KindStep {
  readonly layout: KindLayout;
  readonly step: number;
}

/** What a party may send and take in a round: which kinds, to and from whom, and the step that each has reached. */
export class KindSteps {
  /** Steps posted of each kind, by kind index. */
  readonly posted: number[];
  private readonly taken: number[];

  constructor(
    private readonly host: Pick<RoundHost, 'layouts' | 'linksOf' | 'method'>,
    private readonly party: PartyId,
    private readonly plan: Pick<RoundPlan, 'index' | 'cohort' | 'ready'>,
  ) {
    this.posted = new Array(host.layouts.size).fill(0);
    this.taken = new Array(host.layouts.size).fill(0);
  }

  /** The possible senders of a kind to this party, ascending. */
  senders({ from, to }: MessageKind): readonly PartyId[] {
    if (to === 'peers') return linksIn(this.host, this.party as ClientIndex, this.plan).inNeighbors;
    return from === 'coordinator' ? COORDINATOR_ONLY : this.plan.cohort;
  }

  /** The possible receivers of a kind from this party, ascending. */
  receivers({ to }: MessageKind): readonly PartyId[] {
    if (to === 'peers') return linksIn(this.host, this.party as ClientIndex, this.plan).outNeighbors;
    return to === 'coordinator' ? COORDINATOR_ONLY : this.plan.cohort;
  }

  /** The next step of a kind to post; counted. Throws ERR_PAYLOAD where this side does not send it. */
  outgoing(kind: string): KindStep {
    const layout = this.declared(kind);
    const sender = this.party === 'coordinator' ? 'coordinator' : 'clients';
    if (layout.kind.from !== sender) throw this.misuse(`cannot send '${kind}': only the other side may`);
    return { layout, step: this.posted[layout.index]!++ };
  }

  /** The next step of a kind to take; not counted. Throws ERR_PAYLOAD where this side does not receive it. */
  peek(kind: string): KindStep {
    const layout = this.declared(kind);
    if ((this.party === 'coordinator') !== (layout.kind.to === 'coordinator'))
      throw this.misuse(`cannot receive '${kind}': it is not addressed to this side`);
    return { layout, step: this.taken[layout.index]! };
  }

  /** As `peek`, and counted. */
  incoming(kind: string): KindStep {
    const next = this.peek(kind);
    this.taken[next.layout.index] = next.step + 1;
    return next;
  }

  misuse(what: string): GradswarmError {
    const who = this.party === 'coordinator' ? 'the coordinator half' : `client ${this.party}`;
    return new GradswarmError('ERR_PAYLOAD', `round ${this.plan.index}: ${who} of '${this.host.method.name}' ${what}`);
  }

  /** The receivers of one post. Throws ERR_PAYLOAD where one is named twice. */
  distinct(kind: string, named: readonly PartyId[]): ReadonlySet<PartyId> {
    const receivers = new Set(named);
    if (receivers.size === named.length) return receivers;
    throw this.misuse(`posted '${kind}' to the same receiver twice; use postEach`);
  }

  unknownReceiver({ name }: KindLayout, possible: readonly PartyId[]): GradswarmError {
    return this.misuse(`'${name}': expected one of ${possible.length} possible receivers, got another party`);
  }

  private declared(kind: string): KindLayout {
    const layout = this.host.layouts.get(kind);
    if (!layout) throw this.misuse(`expected a kind of message that the method declares, got '${kind}'`);
    return layout;
  }
}
