import type { MessageKind, MessageKinds } from '../../messages.js';

/**
 * The kinds of a method whose clients have edge servers between them and the coordinator: its own cross the upper tier, and for each
 * one `edge-KIND` crosses the lower one, as between peers.
 */
export function tieredMessages(messages: MessageKinds): MessageKinds {
  const kinds = Object.entries(messages);
  const lower = ([name, kind]: [string, MessageKind]) => [edgeKind(name), { ...kind, from: 'clients', to: 'peers' }];
  const upper = ([name, kind]: [string, MessageKind]) => [name, kind.from === 'clients' ? summed(kind) : kind];
  return Object.fromEntries([...kinds.map(upper), ...kinds.map(lower)]);
}

/** The kind of the lower tier that stands for one of the method's. */
export function edgeKind(kind: string): string {
  return `edge-${kind}`;
}

/** Field of what an edge server sends up: clients whose messages are in its mean. */
export const SENDERS = 'senders';

function summed(kind: MessageKind): MessageKind {
  const { scalars = [], fits } = kind;
  return {
    ...kind,
    scalars: [...scalars, SENDERS],
    most: 1,
    fits: (message, run) =>
      Number.isSafeInteger(message[SENDERS]) &&
      message[SENDERS] >= 1 &&
      message[SENDERS] <= run.clientCount &&
      (fits?.(message, run) ?? true),
  };
}

/** What of a method decides whether it runs in tiers. */
interface TieredShape {
  readonly messages: MessageKinds;
  readonly coordinator?: unknown;
  readonly schedule?: string;
  readonly isPrivate?: boolean;
  readonly weighsBy?: unknown;
}

/** Does the method itself say what its edge servers do? */
export function hasOwnTiers({ messages, coordinator }: TieredShape): boolean {
  return coordinator !== undefined && Object.values(messages).some(({ to }) => to === 'peers');
}

/** Why no edge servers can stand between a method's clients and its coordinator; null: they can. */
export function whyNotTiered({ coordinator, schedule, isPrivate, weighsBy }: TieredShape): string | null {
  if (!coordinator) return 'it has no coordinator above edge servers';
  if (schedule) return 'it is asynchronous, and an edge server would wait for its clients';
  if (isPrivate) return 'its releases are accounted for sums at the coordinator';
  if (!weighsBy) return 'its coordinator takes more than a weighted mean of what clients send';
  return null;
}
