/**
 * Both sides of one secure sum, phase by phase, over keys, masks and shares; the method sends the messages.
 * Bonawitz et al., CCS 2017, in its honest-but-curious form: rounds 0 (keys), 1 (shares), 2 (masked input), 4 (unmasking).
 */

import { GradswarmError } from '../../errors.js';
import type { ClientIndex, Secrets } from '../../method.js';
import {
  addResidues,
  type MaskSettings,
  maskResidues,
  type PairSecret,
  planUnmasking,
  ShareGuard,
  type UnmaskingPlan,
  unmaskSum,
} from './secure-aggregation.js';
import { combineShares, SECRET_BYTES, SHARE_BYTES, splitSecret } from './shamir.js';

type KeyPair = Awaited<ReturnType<Secrets['keyPair']>>;

export interface SumSettings {
  /** Names run and round: a mask used twice hides nothing. */
  readonly context: string;
  /** Residues are modulo 2^bits. */
  readonly bits: number;
  /** Shares that rebuild a secret, and clients that must answer. */
  readonly threshold: number;
  readonly secrets: Secrets;
}

/** What a client sends in round 0. */
export interface PublicKeys {
  readonly client: ClientIndex;
  /** For the shares that travel through the coordinator. */
  readonly encryption: Uint8Array;
  /** For the pairwise masks. */
  readonly masking: Uint8Array;
}

/** Both shares that a client has for another one. */
export const SEALED_BYTES = 2 * SHARE_BYTES;

function refuse(reason: string): never {
  throw new GradswarmError('ERR_PRIVACY', `secure sum: ${reason}`);
}

/** The key itself is the last 32 bytes of its encoding; what stands before it is the same for all keys. */
const keyOf = (privateKey: Uint8Array) => privateKey.slice(-SECRET_BYTES);

function xor(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((byte, i) => byte ^ b[i]!);
}

export class SecureSumClient {
  private roster: readonly PublicKeys[] = [];
  private ownSeed = new Uint8Array(SECRET_BYTES) as Uint8Array;
  private readonly held = new Map<ClientIndex, { readonly maskingKey: Uint8Array; readonly ownSeed: Uint8Array }>();
  private readonly guard = new ShareGuard();
  /** Secrets that seal the shares, by the other client: both directions use one. */
  private readonly sealing = new Map<ClientIndex, Uint8Array>();

  private constructor(
    private readonly self: ClientIndex,
    private readonly settings: SumSettings,
    private readonly encryption: KeyPair,
    private readonly masking: KeyPair,
  ) {}

  static async begin(self: ClientIndex, settings: SumSettings): Promise<SecureSumClient> {
    const { secrets } = settings;
    return new SecureSumClient(self, settings, await secrets.keyPair(), await secrets.keyPair());
  }

  /** Round 0. */
  get publicKeys(): PublicKeys {
    return { client: this.self, encryption: this.encryption.publicKey, masking: this.masking.publicKey };
  }

  /** Round 1: for each client of the roster its two shares, which only it can read. */
  async sealedShares(roster: readonly PublicKeys[]): Promise<ReadonlyMap<ClientIndex, Uint8Array>> {
    const { threshold, secrets } = this.settings;
    if (new Set(roster.map(({ masking }) => masking.join())).size < roster.length)
      refuse('two clients of the roster have the same key');
    this.roster = roster;
    this.ownSeed = await secrets.bytes(SECRET_BYTES);
    const keyShares = await splitSecret(keyOf(this.masking.privateKey), threshold, roster.length);
    const seedShares = await splitSecret(this.ownSeed, threshold, roster.length);
    const sealed = new Map<ClientIndex, Uint8Array>();
    for (const [i, { client, encryption }] of roster.entries()) {
      const plain = new Uint8Array(SEALED_BYTES);
      plain.set(keyShares[i]!, 0);
      plain.set(seedShares[i]!, SHARE_BYTES);
      if (client === this.self) this.keep(client, plain);
      else sealed.set(client, xor(plain, await this.stream(encryption, this.self, client)));
    }
    return sealed;
  }

  /** Round 2: the residues under all masks. `received`: sealed shares by the client that made them. */
  async masked(residues: Uint32Array, received: ReadonlyMap<ClientIndex, Uint8Array>): Promise<Uint32Array> {
    const pairs: PairSecret[] = [];
    for (const { client, encryption, masking } of this.roster) {
      const sealed = received.get(client);
      if (client === this.self || !sealed) continue;
      if (sealed.length !== SEALED_BYTES) refuse(`client ${client}: expected ${SEALED_BYTES} bytes of shares`);
      this.keep(client, xor(sealed, await this.stream(encryption, client, this.self)));
      const secret = await this.settings.secrets.agree(this.masking.privateKey, masking);
      pairs.push({ peer: client, secret });
    }
    if (pairs.length + 1 < this.settings.threshold)
      refuse(`${pairs.length + 1} clients shared their keys, ${this.settings.threshold} are needed`);
    return maskResidues(residues, this.self, this.ownSeed, pairs, this.settings);
  }

  /** Round 4: for each survivor the share of its own seed, for each dropped client that of its key; never both. */
  reveal({ survivors, dropped }: UnmaskingPlan): ReadonlyMap<ClientIndex, Uint8Array> {
    if (survivors.length < this.settings.threshold)
      refuse(`the coordinator names ${survivors.length} survivors, ${this.settings.threshold} are needed`);
    const shares = new Map<ClientIndex, Uint8Array>();
    const give = (clients: readonly ClientIndex[], kind: 'own-seed' | 'masking-key') => {
      for (const client of clients) {
        this.guard.release(client, kind);
        const share = this.held.get(client);
        if (share) shares.set(client, kind === 'own-seed' ? share.ownSeed : share.maskingKey);
      }
    };
    give(survivors, 'own-seed');
    give(dropped, 'masking-key');
    return shares;
  }

  private keep(client: ClientIndex, plain: Uint8Array): void {
    this.held.set(client, { maskingKey: plain.slice(0, SHARE_BYTES), ownSeed: plain.slice(SHARE_BYTES) });
  }

  /** Key stream of the shares that `from` made for `to`; both ends can compute it. */
  private async stream(peerKey: Uint8Array, from: ClientIndex, to: ClientIndex): Promise<Uint8Array> {
    const { secrets, context } = this.settings;
    const peer = from === this.self ? to : from;
    const secret = this.sealing.get(peer) ?? (await secrets.agree(this.encryption.privateKey, peerKey));
    this.sealing.set(peer, secret);
    return secrets.expand(secret, `${context}/shares/${from}/${to}`, SEALED_BYTES);
  }
}

/** The coordinator's side: adds masked vectors and unmasks only their sum. */
export class SecureSumServer {
  private sum: Uint32Array | null = null;
  private readonly answered: ClientIndex[] = [];
  private readonly shares = new Map<ClientIndex, Uint8Array[]>();

  /** `roster`: clients that shared their keys, with the keys. */
  constructor(
    private readonly roster: readonly PublicKeys[],
    private readonly settings: SumSettings,
  ) {}

  add(client: ClientIndex, masked: Uint32Array): void {
    if (this.sum) addResidues(this.sum, masked, 1, this.settings.bits);
    else this.sum = masked.slice();
    this.answered.push(client);
  }

  /** ERR_PRIVACY when too few answered: then nothing may be unmasked. */
  plan(): UnmaskingPlan {
    const shared = this.roster.map(({ client }) => client);
    return planUnmasking(shared, this.answered, this.settings.threshold);
  }

  /** Shares that one client gave, by the client whose secret they are part of. */
  take(shares: ReadonlyMap<ClientIndex, Uint8Array>): void {
    for (const [client, share] of shares) {
      const list = this.shares.get(client) ?? [];
      this.shares.set(client, list);
      list.push(share);
    }
  }

  /** The sum of the survivors' residues. ERR_PRIVACY when too few gave their shares. */
  async unmasked(): Promise<Uint32Array> {
    const { threshold, secrets } = this.settings;
    const masks: MaskSettings = this.settings;
    const rebuilt = (client: ClientIndex) => combineShares(this.shares.get(client) ?? [], threshold);
    const encoding = (await secrets.keyPair()).privateKey.slice(0, -SECRET_BYTES);
    const keys = new Map(this.roster.map(({ client, masking }) => [client, masking]));
    const privateKeys = new Map<ClientIndex, Uint8Array>();
    const privateKeyOf = async (client: ClientIndex) => {
      let key = privateKeys.get(client);
      if (!key) privateKeys.set(client, (key = Uint8Array.from([...encoding, ...(await rebuilt(client))])));
      return key;
    };
    return unmaskSum(
      this.sum!,
      this.plan(),
      {
        ownSeed: rebuilt,
        pairSecret: async (survivor, dropped) => secrets.agree(await privateKeyOf(dropped), keys.get(survivor)!),
      },
      masks,
    );
  }
}
