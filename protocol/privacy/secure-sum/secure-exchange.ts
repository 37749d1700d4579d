/**
 * A secure sum as messages within one round: keys, shares, masked input, unmasking. A method that wants one adds
 * `SECURE_SUM_KINDS` to its kinds and calls the two halves.
 */
import { GradswarmError, MessageRefused } from '../../errors.js';
import type { ClientIndex, Mailbox, MessageKinds, Secrets } from '../../method.js';
import { checkKeys } from './public-keys.js';
import { type PublicKeys, SEALED_BYTES, SecureSumClient, SecureSumServer, type SumSettings } from './secure-sum.js';
import { SHARE_BYTES } from './shamir.js';

/** Byte strings travel joined, all of one length, in the order of the clients they belong to. */
export const SECURE_SUM_KINDS = {
  keys: { from: 'clients', to: 'coordinator', bytes: ['encryption', 'masking'], most: 1 },
  roster: { from: 'coordinator', to: 'cohort', integers: ['clients'], bytes: ['encryption', 'masking'] },
  shares: { from: 'clients', to: 'coordinator', integers: ['clients'], bytes: ['sealed'], most: 1 },
  otherShares: { from: 'coordinator', to: 'cohort', integers: ['clients'], bytes: ['sealed'] },
  masked: { from: 'clients', to: 'coordinator', integers: ['residues'], most: 1 },
  unmasking: { from: 'coordinator', to: 'cohort', integers: ['survivors', 'dropped'] },
  revealed: { from: 'clients', to: 'coordinator', integers: ['clients'], bytes: ['shares'], most: 1 },
} as const satisfies MessageKinds;

type Kinds = typeof SECURE_SUM_KINDS;
type ByClient = ReadonlyMap<ClientIndex, Uint8Array>;

export type ClientSide = Omit<Mailbox<Kinds, 'clients', 'cohort' | 'peers'>, 'undelivered'> & {
  readonly self: ClientIndex;
  readonly index: number;
  readonly secrets: Secrets;
};
export type CoordinatorSide = Omit<Mailbox<Kinds, 'coordinator', 'coordinator'>, 'undelivered'> & {
  readonly index: number;
  readonly cohort: readonly ClientIndex[];
  readonly secrets: Secrets;
  measure(name: string, value: number): void;
};

function join(byClient: ByClient): { readonly clients: Uint32Array; readonly bytes: Uint8Array } {
  const length = byClient.values().next().value?.length ?? 0;
  const bytes = new Uint8Array(length * byClient.size);
  [...byClient.values()].forEach((part, i) => {
    bytes.set(part, i * length);
  });
  return { clients: Uint32Array.from(byClient.keys()), bytes };
}

function separate(clients: ArrayLike<number>, bytes: Uint8Array): Map<ClientIndex, Uint8Array> {
  const length = bytes.length / clients.length;
  return new Map(Array.from(clients, (client, i) => [client, bytes.slice(i * length, (i + 1) * length)]));
}

function settingsOf(at: { readonly index: number; readonly secrets: Secrets }, bits: number, threshold: number) {
  // Keys are new in each round and attempt, so the round's number alone keeps masks apart.
  return { context: `round ${at.index}`, bits, threshold, secrets: at.secrets } satisfies SumSettings;
}

/** The client's part. `residues` is called once enough clients have shared their keys. */
export async function joinSecureSum(
  at: ClientSide,
  { bits, threshold }: { readonly bits: number; readonly threshold: number },
  residues: () => Uint32Array,
): Promise<void> {
  const mine = await SecureSumClient.begin(at.self, settingsOf(at, bits, threshold));
  const { encryption, masking } = mine.publicKeys;
  at.post('keys', 'coordinator', { encryption, masking });
  const [roster] = await at.take('roster');
  if (!roster) return;
  const encryptionKeys = separate(roster.clients, roster.encryption);
  const maskingKeys = separate(roster.clients, roster.masking);
  const keys = [...encryptionKeys].map(
    ([client, key]): PublicKeys => ({ client, encryption: key, masking: maskingKeys.get(client)! }),
  );
  const sealed = join(await mine.sealedShares(keys));
  at.post('shares', 'coordinator', { clients: sealed.clients, sealed: sealed.bytes });
  const [others] = await at.take('otherShares');
  if (!others) return;
  const masked = await mine.masked(residues(), separate(others.clients, others.sealed));
  at.post('masked', 'coordinator', { residues: masked });
  const [plan] = await at.take('unmasking');
  if (!plan) return;
  const given = join(mine.reveal({ survivors: [...plan.survivors], dropped: [...plan.dropped] }));
  at.post('revealed', 'coordinator', { clients: given.clients, shares: given.bytes });
}

/**
 * The coordinator's part: the sum of `length` residues of all that answered, modulo 2^bits, or null when fewer than `threshold`
 * completed the exchange: nothing is unmasked then. Measures `survivors` and `recovered`, the clients whose masks were rebuilt.
 */
export async function secureSum(
  at: CoordinatorSide,
  { bits, threshold, length }: { readonly bits: number; readonly threshold: number; readonly length: number },
): Promise<Uint32Array | null> {
  const settings = settingsOf(at, bits, threshold);
  const roster = (await at.take('keys')).map(
    ({ from, encryption, masking }): PublicKeys => ({ client: from as ClientIndex, encryption, masking }),
  );
  await checkKeys(roster, at.secrets);
  if (roster.length < threshold) return aborted(at);
  const encryption = new Map(roster.map((keys) => [keys.client, keys.encryption]));
  const masking = new Map(roster.map((keys) => [keys.client, keys.masking]));
  const { clients } = join(encryption);
  at.post('roster', [...encryption.keys()], {
    clients,
    encryption: join(encryption).bytes,
    masking: join(masking).bytes,
  });
  const sharesFrom = new Map<ClientIndex, Map<ClientIndex, Uint8Array>>();
  for (const { from, clients: receivers, sealed } of await at.take('shares')) {
    const client = from as ClientIndex;
    if (!encryption.has(client)) continue;
    const others = [...encryption.keys()].filter((other) => other !== client);
    if (!sameNumbers(receivers, others) || sealed.length !== SEALED_BYTES * others.length)
      throw new MessageRefused(client, 'shares', `${SEALED_BYTES} bytes for each other client of the roster`);
    sharesFrom.set(client, separate(receivers, sealed));
  }
  if (sharesFrom.size < threshold) return aborted(at);
  at.postEach(
    'otherShares',
    [...sharesFrom.keys()].map((to) => {
      const { clients: senders, bytes } = join(
        new Map([...sharesFrom].filter(([from]) => from !== to).map(([from, sealed]) => [from, sealed.get(to)!])),
      );
      return { to, payload: { clients: senders, sealed: bytes } };
    }),
  );
  const server = new SecureSumServer(
    roster.filter(({ client }) => sharesFrom.has(client)),
    settings,
  );
  const answered: ClientIndex[] = [];
  for (const { from, residues } of await at.take('masked')) {
    if (!sharesFrom.has(from as ClientIndex)) continue;
    if (!(residues instanceof Uint32Array) || residues.length !== length)
      throw new MessageRefused(from, 'masked', `${length} residues`);
    server.add(from as ClientIndex, residues);
    answered.push(from as ClientIndex);
  }
  if (answered.length < threshold) return aborted(at);
  const { survivors, dropped } = server.plan();
  at.post('unmasking', answered, { survivors: Uint32Array.from(survivors), dropped: Uint32Array.from(dropped) });
  const revealed = await at.take('revealed');
  if (revealed.length < threshold) return aborted(at);
  const secretsOf = [...survivors, ...dropped];
  for (const { from, clients: of, shares } of revealed) {
    if (!sameNumbers(of, secretsOf) || shares.length !== SHARE_BYTES * secretsOf.length)
      throw new MessageRefused(
        from,
        'revealed',
        `${SHARE_BYTES} bytes for each survivor, then for each client that left`,
      );
    server.take(separate(of, shares));
  }
  const sum = await unmaskedOrNull(server);
  if (!sum) return aborted(at);
  at.measure('aborted', 0);
  at.measure('survivors', survivors.length);
  at.measure('recovered', dropped.length);
  return sum;
}

/** Null: shares do not belong together. Whose are wrong cannot be seen, since a share is read by others than its maker. */
async function unmaskedOrNull(server: SecureSumServer): Promise<Uint32Array | null> {
  try {
    return await server.unmasked();
  } catch (error) {
    if (error instanceof GradswarmError && error.code === 'ERR_PRIVACY') return null;
    throw error;
  }
}

function sameNumbers(got: ArrayLike<number>, expected: readonly number[]): boolean {
  return got.length === expected.length && expected.every((number, i) => got[i] === number);
}

function aborted(at: CoordinatorSide): null {
  at.measure('aborted', 1);
  return null;
}
