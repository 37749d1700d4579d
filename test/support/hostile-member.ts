import { io, type Socket } from 'socket.io-client';
import { WebSocket } from 'ws';
import type { Scenario } from '../../protocol/scenario/scenario.js';
import { provenQuery } from '../../protocol/sockets/admission.js';
import { fetchChallenge } from '../../protocol/sockets/challenge.js';
import type { Assign, Hello } from '../../protocol/wire/control-messages.js';
import { FRAME_HEADER_BYTES, MESSAGE_TYPE } from '../../protocol/wire/frame.js';
import { PROTOCOL_VERSION } from '../../protocol/wire/limits.js';
import { pack, unpack } from '../../protocol/wire/packing.js';
import type { WorkerLauncher } from '../../scenarios/run/worker-launcher.js';
import { openProblem } from '../../worker/problem.js';

/** What a hostile member can reach once the coordinator has taken it in. */
export interface Seat {
  readonly assign: Assign;
  readonly control: Socket;
  readonly frames: WebSocket;
}

/** A worker that joins as it should and then does as it likes. */
export class HostileMember implements WorkerLauncher {
  private control: Socket | null = null;
  private frames: WebSocket | null = null;

  /** `begun`: at the first round. `parameterCount`: the length of its model, as it declares it. */
  constructor(
    private readonly begun: (seat: Seat) => void,
    private readonly parameterCount: number,
  ) {}

  start(_count: number, url: string, _device: string | null, token: string): void {
    void this.join(url, token);
  }

  private async join(url: string, token: string): Promise<void> {
    const { query } = provenQuery(token, 'worker', await fetchChallenge(url, { ca: null }));
    const control = io(url.replace(/^ws/, 'http'), {
      query,
      transports: ['websocket'],
      reconnection: false,
      forceNew: true,
    });
    this.control = control;
    let seat: Seat | null = null;
    control.on('assign', async (data: Uint8Array, answer: (reply: unknown) => void) => {
      const assign = unpack(data) as Assign;
      const frames = new WebSocket(`${url}/frames?token=${assign.token}`);
      frames.on('error', () => {});
      await new Promise((resolve) => frames.once('open', resolve));
      this.frames = frames;
      const { fingerprint: read } = await openProblem(assign.scenario as unknown as Scenario);
      seat = { assign, control, frames };
      answer(
        pack({ device: 'plain loops', deterministic: true, parameterCount: this.parameterCount, peer: null, read }),
      );
    });
    control.on('waits', (_data, answer: (reply: unknown) => void) =>
      answer(pack({ waits: ['its first model'], computing: false })),
    );
    control.on('introduce', (_data, answer: (reply: unknown) => void) => answer(pack({ unreachable: [] })));
    control.once('begin', () => this.begun(seat!));
    control.on('stop', (_data, answer: (reply: unknown) => void) => answer(pack({})));
    control.on('connect', () => {
      const hello: Hello = { version: PROTOCOL_VERSION, name: 'hostile', pid: 1, process: 'hostile', seat: null };
      control.emit('hello', pack(hello), () => {});
    });
  }

  async stop(): Promise<void> {
    this.control?.disconnect();
    this.frames?.terminate();
  }
}

/** A frame of these header fields with this body, its checksum as given. */
export function frameBytes(
  header: { kind?: number; round?: number; step?: number; from?: number; to?: number; count?: number; bytes?: number },
  body: Uint8Array,
  checksum: number,
): Uint8Array {
  const message = new Uint8Array(FRAME_HEADER_BYTES + body.byteLength);
  const view = new DataView(message.buffer);
  const { kind = 0, round = 0, step = 0, from = 0, to = -1, count = 1, bytes = body.byteLength } = header;
  view.setUint8(0, MESSAGE_TYPE.frame);
  view.setUint16(2, kind, true);
  view.setUint32(4, round, true);
  view.setUint32(8, step, true);
  view.setInt32(16, from, true);
  view.setInt32(20, to, true);
  view.setUint32(32, count, true);
  view.setUint32(36, bytes, true);
  view.setUint32(40, checksum, true);
  message.set(body, FRAME_HEADER_BYTES);
  return message;
}
