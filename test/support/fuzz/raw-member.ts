import { WebSocket } from 'ws';
import { provenQuery, type Role } from '../../../protocol/sockets/admission.js';
import { fetchChallenge } from '../../../protocol/sockets/challenge.js';
import { pack } from '../../../protocol/wire/packing.js';

export interface Event {
  readonly name: string;
  readonly data: Uint8Array;
  /** Of its acknowledgement; null: it wants none. */
  readonly id: string | null;
}

/** A member that writes socket.io packets by hand, so that every packet can be a wrong one. */
export class RawMember {
  closed = false;
  onEvent: (event: Event) => void = () => {};
  private head: { readonly name: string | null; readonly id: string | null } | null = null;
  private answers = new Map<string, (data: Uint8Array) => void>();

  private constructor(readonly socket: WebSocket) {
    socket.on('error', () => {});
    socket.on('close', () => {
      this.closed = true;
    });
    socket.on('message', (data: Buffer, isBinary: boolean) => this.receive(data, isBinary));
  }

  /** Knows the token. Null: it was not let in. */
  static async join(url: string, token: string, role: Role = 'worker'): Promise<RawMember | null> {
    const { query } = provenQuery(token, role, await fetchChallenge(url, { ca: null }));
    const target = new URLSearchParams({ EIO: '4', transport: 'websocket', ...query });
    const socket = new WebSocket(`${url}/socket.io/?${target}`, { perMessageDeflate: false });
    const member = new RawMember(socket);
    await new Promise<void>((resolve) => {
      socket.once('open', resolve);
      socket.once('close', () => resolve());
    });
    if (member.closed) return null;
    const welcomed = new Promise<void>((resolve) => {
      socket.once('close', () => resolve());
      socket.on('message', (data: Buffer, isBinary: boolean) => {
        if (!isBinary && data.toString().startsWith('40')) resolve();
      });
    });
    member.text('40');
    await welcomed;
    return member.closed ? null : member;
  }

  text(packet: string): void {
    if (!this.closed) this.socket.send(packet);
  }

  binary(bytes: Uint8Array): void {
    if (!this.closed) this.socket.send(bytes);
  }

  emit(name: string, bytes: Uint8Array, id = ''): void {
    this.text(`451-${id}${JSON.stringify([name, { _placeholder: true, num: 0 }])}`);
    this.binary(bytes);
  }

  /** The answer to an event, or nothing when the connection is closed first. */
  ask(name: string, message: unknown): Promise<Uint8Array | null> {
    const id = String(this.answers.size);
    return new Promise((resolve) => {
      this.answers.set(id, resolve);
      this.socket.once('close', () => resolve(null));
      this.emit(name, pack(message), id);
    });
  }

  answer(id: string | null, bytes: Uint8Array): void {
    this.text(`461-${id}${JSON.stringify([{ _placeholder: true, num: 0 }])}`);
    this.binary(bytes);
  }

  leave(): void {
    this.socket.terminate();
  }

  private receive(data: Buffer, isBinary: boolean): void {
    if (isBinary) {
      const { head } = this;
      this.head = null;
      if (!head) return;
      if (head.name !== null) this.onEvent({ name: head.name, data: Uint8Array.from(data), id: head.id });
      else this.answers.get(head.id ?? '')?.(Uint8Array.from(data));
      return;
    }
    const packet = data.toString();
    if (packet === '2') this.text('3');
    const found = /^4([56])1-(\d*)(.*)$/s.exec(packet);
    if (!found) return;
    const [, type, id, body] = found;
    this.head = { name: type === '5' ? (JSON.parse(body!) as [string])[0] : null, id: id === '' ? null : id! };
  }
}
