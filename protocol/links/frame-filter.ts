import type { ClientIndex, PartyId } from '../method.js';
import type { ClientSelector, Direction, PartySelector } from '../scenario/scenario.js';
import type { KindLayout } from '../wire/layout.js';

/** The parties and frames that a rule or a link entry selects, as predicates. */

function selectsParty(selector: PartySelector): (party: PartyId) => boolean {
  if (selector === 'all') return () => true;
  if (selector === 'coordinator') return (party) => party === 'coordinator';
  if (selector === 'clients') return (party) => party !== 'coordinator';
  const chosen = new Set<PartyId>(selector);
  return (party) => chosen.has(party);
}

/** Is a client one of those selected? */
export function selectsClient(selector: ClientSelector): (client: ClientIndex) => boolean {
  return selectsParty(selector === 'all' ? 'clients' : selector);
}

/** Does the rule act in this round? */
export function actsIn(
  { from, until }: { readonly from: number; readonly until: number | null },
  round: number,
): boolean {
  return round >= from && (until === null || round < until);
}

function goes(direction: Direction, from: PartyId, to: PartyId): boolean {
  if (direction === 'all') return true;
  if (direction === 'down') return from === 'coordinator';
  if (direction === 'up') return to === 'coordinator';
  return from !== 'coordinator' && to !== 'coordinator';
}

interface Settings {
  readonly from: number;
  readonly until: number | null;
  readonly kind: string | null;
  readonly direction: Direction;
  readonly senders: PartySelector;
}

/** Frames of the rule's rounds that are of its kind and go its way. */
export function selectsFrames(
  settings: Settings & { readonly receivers: PartySelector },
): (frame: { readonly from: PartyId; readonly to: PartyId; readonly round: number }, layout: KindLayout) => boolean {
  const { kind, direction } = settings;
  const sends = selectsParty(settings.senders);
  const receives = selectsParty(settings.receivers);
  return ({ from, to, round }, layout) =>
    actsIn(settings, round) &&
    (kind === null || kind === layout.name) &&
    goes(direction, from, to) &&
    sends(from) &&
    receives(to);
}

/** The same for a post, whose receivers do not matter: its direction is that of its kind. */
export function selectsPosts(
  settings: Settings,
): (post: { readonly from: PartyId; readonly round: number; readonly layout: KindLayout }) => boolean {
  const { kind, direction } = settings;
  const sends = selectsParty(settings.senders);
  return ({ from, round, layout }) => {
    const way = layout.kind.from === 'coordinator' ? 'down' : layout.kind.to === 'coordinator' ? 'up' : 'peer';
    return (
      actsIn(settings, round) &&
      (kind === null || kind === layout.name) &&
      (direction === 'all' || direction === way) &&
      sends(from)
    );
  };
}
