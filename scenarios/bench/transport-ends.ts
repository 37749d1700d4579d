import { FrameRouter } from '../../coordinator/members/frame-router.js';
import { Membership } from '../../coordinator/members/membership.js';
import { GradswarmError } from '../../protocol/errors.js';
import { defineMethod, type PartyId } from '../../protocol/method.js';
import { PostOffice } from '../../protocol/party/post-office.js';
import { defineSettings } from '../../protocol/settings/settings.js';
import { processSockets } from '../../protocol/sockets/process-sockets.js';
import { type KindLayout, layoutsOf } from '../../protocol/wire/layout.js';
import { FrameLink } from '../../worker/frame-link.js';

const { messages } = defineMethod({
  name: 'carry',
  paper: { title: '', url: '', algorithm: '' },
  settings: defineSettings({}),
  messages: {
    down: { from: 'coordinator', to: 'cohort', vectors: ['values'] },
    up: { from: 'clients', to: 'coordinator', vectors: ['values'] },
  },
  client: { init: () => null, round: async (state) => state },
});

const MAX_BODY_BYTES = 64 << 20;
const HEARTBEAT_MS = 20_000;
const layouts = layoutsOf(messages, 'float32');
const CHANNEL = {
  clientCount: 1,
  kindCount: layouts.size,
  maxBodyBytes: MAX_BODY_BYTES,
  maxPackedBytes: MAX_BODY_BYTES,
  hold: null,
};

interface Opened {
  readonly end: TransportEnd;
  readonly url: string;
  /** Path of a Unix-domain socket; null: the system has none. */
  readonly localPath: string | null;
  readonly token: string;
}

/** One end of a frame socket as runs use it: vectors are posted here and taken there, all checks included. */
export class TransportEnd {
  private round = 0;
  private constructor(
    private readonly self: PartyId,
    private readonly office: PostOffice,
    readonly close: () => void,
  ) {
    office.register(self);
  }

  /** The coordinator's router, with room for one worker. */
  static async coordinator(): Promise<Opened> {
    const sockets = await (await processSockets()).listen({ host: '127.0.0.1', port: 0, local: 'served' });
    const options = { onLoss: 'fail', silentMs: 1e9, waitMs: 1e9, prepareMs: 1e9 } as const;
    const membership = new Membership(1, 1, options, { epoch: 1, round: 0, nowMs: 0 });
    membership.take({ type: 'join', worker: 'bench', name: 'bench', seat: null, nowMs: 0 });
    const member = membership.seat(0)!;
    const router = new FrameRouter(
      sockets,
      membership,
      layouts.values(),
      {
        ...CHANNEL,
        maxPackedValues: 1 << 20,
        keptBytes: Number.POSITIVE_INFINITY,
        hold: null,
        heartbeatMs: HEARTBEAT_MS,
      },
      {
        answer: () => {},
        alive: () => {},
        broken: () => {},
        down: () => {},
        up: () => {},
        seen: () => {},
      },
    );
    const office = new PostOffice(layouts.values(), { mode: 'fast', remote: router, shuffle: null });
    router.connect(office);
    router.admit();
    const end = new TransportEnd('coordinator', office, () => {
      router.close();
      void sockets.close();
    });
    const url = `ws://127.0.0.1:${sockets.address.port}`;
    return { end, url, localPath: sockets.localPath ?? null, token: member.token };
  }

  /** The worker's link, hosting client 0. `localLink`: over this Unix-domain socket; null: over the port. */
  static async worker(
    url: string,
    localLink: string | null,
    token: string,
    onLost: (error: GradswarmError) => void,
  ): Promise<TransportEnd> {
    const link = await FrameLink.open({
      ...CHANNEL,
      localLink,
      hold: null,
      coordinatorUrl: url,
      assign: {
        worker: 'worker-0',
        generation: 1,
        epoch: 1,
        token,
        scenario: {},
        clients: [0],
        workers: [{ worker: 'worker-0', clients: [0] }],
      },
      layouts: layouts.values(),
      peers: null,
      maxPackedValues: 1 << 20,
      trust: { ca: null },
      heartbeatMs: HEARTBEAT_MS,
      peerDownMs: HEARTBEAT_MS,
      onPacked: () => {},
      onBreach: onLost,
      onClosed: () => {},
      note: () => {},
    });
    const office = new PostOffice(layouts.values(), { mode: 'fast', remote: link, shuffle: null });
    link.connect(office);
    return new TransportEnd(0, office, () => void link.close());
  }

  /** Posts `count` vectors of these values in round `round`; with room in the send queue, as a run does. */
  post(values: Float32Array, count: number, round: number): void {
    const layout = this.layout(this.self === 'coordinator' ? 'down' : 'up');
    const to: PartyId = this.self === 'coordinator' ? 0 : 'coordinator';
    for (let step = 0; step < count; step++)
      this.office.post({
        kindIndex: layout.index,
        round,
        attempt: 0,
        step,
        from: this.self,
        to,
        arrivesAtMs: 0,
        lost: null,
        messages: [layout.encode({ values }, null)],
      });
  }

  /** Waits for `count` vectors of round `round` and reads the last number of each. */
  async take(count: number, round: number): Promise<number> {
    const layout = this.layout(this.self === 'coordinator' ? 'up' : 'down');
    const from: PartyId = this.self === 'coordinator' ? 0 : 'coordinator';
    const mailbox = this.office.open(this.self, round, 0);
    let sum = 0;
    for (let step = 0; step < count; step++) {
      await mailbox.ready(layout.index, step, [from]);
      const frame = mailbox.arrival(layout.index, step, from);
      if (frame === null || typeof frame === 'string')
        throw new GradswarmError('ERR_WORKER_LOST', `bench: vector ${step} of ${count} did not arrive: ${frame}`);
      const values = layout.decode(frame.messages[0]!, from, null).values as Float32Array;
      sum += values.at(-1)!;
      // As federated averaging does, once it has added a vector to its sum.
      frame.release?.();
    }
    this.office.close(mailbox);
    return sum;
  }

  /** A round that neither end has used. */
  nextRound(): number {
    return this.round++;
  }

  private layout(kind: 'down' | 'up'): KindLayout {
    return layouts.get(kind)!;
  }
}
