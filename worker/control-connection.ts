import { GradswarmError } from '../protocol/errors.js';
import { provenQuery } from '../protocol/sockets/admission.js';
import type { TlsTrust } from '../protocol/sockets/challenge.js';
import type { ControlSocket } from '../protocol/sockets/control-socket.js';
import { processSockets } from '../protocol/sockets/process-sockets.js';
import * as control from '../protocol/wire/control-messages.js';
import { LIMITS } from '../protocol/wire/limits.js';
import { pack, unpack } from '../protocol/wire/packing.js';

/** The answer to a hello has a handful of values. */
const ADMISSION_VALUES = 64;

const CHECK_MS = 100;

/** A check that comes later than this was delayed by this process. */
const LATE_MS = 1000;

/** Events with an answer, and those without. */
const QUESTIONS = ['assign', 'introduce', 'waits', 'stop'] as const;
const NOTICES = ['begin', 'settle', 'abort', 'collect'] as const;

/** The coordinator refuses this worker: asking again would not help. */
export class NotWanted extends GradswarmError {
  constructor(why: string) {
    super('ERR_PROTOCOL', `refused: ${why}`);
  }
}

export interface ControlHandler {
  /** What is thrown becomes the answer. */
  answer(event: (typeof QUESTIONS)[number], content: unknown): Promise<unknown>;
  /** Throws ERR_PROTOCOL. */
  receive(event: (typeof NOTICES)[number], content: unknown): void;
  /** A malformed message: there is no safe way to continue. */
  broke(error: Error): void;
  lost(error: GradswarmError): void;
}

/** One control connection to the coordinator at `url`, proven in both directions. */
export class ControlConnection {
  private opened = false;
  /** The coordinator has shown that it knows the token: nothing else that it sends is used before. */
  private proven = false;
  private closed = false;
  private seenMs = performance.now();
  private checkedMs = performance.now();
  private checks: NodeJS.Timeout | null = null;
  /** Before the hello was answered. */
  private closedEarly: (error: GradswarmError) => void = () => {};

  private constructor(
    private readonly url: string,
    private readonly socket: ControlSocket,
    private readonly handler: ControlHandler,
  ) {
    socket.listen({
      received: (event, data, answer) => {
        if (includes(QUESTIONS, event)) void this.question(event, data, answer);
        else if (includes(NOTICES, event)) this.notice(event, data);
      },
      seen: () => {
        this.seenMs = performance.now();
      },
      closed: (reason) => {
        this.lose(reason);
        this.closedEarly(lostError(url, reason));
      },
    });
  }

  /** Throws NotWanted, or ERR_WORKER_LOST where there is no coordinator. Handlers may be called before this resolves. */
  static async open(
    url: string,
    { token, trust, signal }: { readonly token: string; readonly trust: TlsTrust; readonly signal: AbortSignal },
    hello: control.Hello,
    handler: ControlHandler,
  ): Promise<{ readonly connection: ControlConnection; readonly admission: control.Admission }> {
    const { joining, socket } = await provenSocket(url, token, trust, signal);
    const connection = new ControlConnection(url, socket, handler);
    let timer: NodeJS.Timeout | undefined;
    try {
      const admission = await new Promise<control.Admission>((resolve, reject) => {
        connection.closedEarly = reject;
        const late = lostError(url, `no answer to 'hello' within ${LIMITS.handshakeMs} ms`);
        timer = setTimeout(() => reject(late), LIMITS.handshakeMs);
        // The answer is read in the turn in which it comes: an assignment may follow at once.
        socket.send('hello', pack(hello), (reply) => {
          try {
            const admission = admissionIn(reply);
            if (!joining.answers(admission.proof)) throw new NotWanted(`the coordinator at ${url} has another token`);
            connection.proven = true;
            resolve(admission);
          } catch (error) {
            reject(error as Error);
          }
        });
      });
      connection.opened = true;
      return { connection, admission };
    } catch (error) {
      connection.close();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Silence of half this time ends the connection. */
  watch(heartbeatMs: number): void {
    if (this.checks) clearInterval(this.checks);
    this.checks = setInterval(() => this.check(heartbeatMs / 2), CHECK_MS).unref();
  }

  send(event: string, content: unknown): void {
    this.socket.send(event, pack(content));
  }

  /** The worker leaves permanently. */
  goodbye(): void {
    this.socket.send('goodbye');
  }

  close(): void {
    this.closed = true;
    if (this.checks) clearInterval(this.checks);
    this.socket.close();
  }

  private check(limitMs: number): void {
    const nowMs = performance.now();
    if (nowMs - this.checkedMs > CHECK_MS + LATE_MS) this.seenMs = nowMs;
    this.checkedMs = nowMs;
    if (nowMs - this.seenMs > limitMs) this.lose(`nothing came for ${Math.round(nowMs - this.seenMs)} ms`);
  }

  private lose(reason: string): void {
    if (this.closed || !this.opened) return;
    this.close();
    this.handler.lost(lostError(this.url, reason));
  }

  private async question(
    event: (typeof QUESTIONS)[number],
    data: unknown,
    answer: ((reply: Uint8Array) => void) | null,
  ): Promise<void> {
    if (!this.proven) return this.closedEarly(this.unproven(event));
    if (!answer) {
      const what = `coordinator, '${event}': expected one binary argument and an acknowledgement, got other arguments`;
      return this.handler.broke(new GradswarmError('ERR_PROTOCOL', what));
    }
    try {
      answer(pack(await this.handler.answer(event, unpack(data, LIMITS.coordinatorValues))));
    } catch (error) {
      const code = error instanceof GradswarmError ? error.code : 'ERR_PROTOCOL';
      answer(pack({ error: { code, message: (error as Error).message } }));
    }
  }

  private unproven(event: string): GradswarmError {
    const why = `'${event}' came before the proof that it knows the token`;
    return new GradswarmError('ERR_PROTOCOL', `the coordinator at ${this.url}: ${why}`);
  }

  private notice(event: (typeof NOTICES)[number], data: unknown): void {
    if (!this.proven) return this.closedEarly(this.unproven(event));
    try {
      this.handler.receive(event, unpack(data, LIMITS.coordinatorValues));
    } catch (error) {
      this.handler.broke(error as Error);
    }
  }
}

function admissionIn(reply: unknown): control.Admission {
  return control.checked(control.admission, unpack(reply, ADMISSION_VALUES), "coordinator, answer to 'hello'");
}

function lostError(url: string, reason: string): GradswarmError {
  return new GradswarmError('ERR_WORKER_LOST', `the coordinator at ${url} was lost: ${reason}`);
}

/**
 * Throws NotWanted where the coordinator refuses the proof, of a second challenge too: the first may have been that of a coordinator
 * that was started again in between, or have expired while this process was frozen.
 */
async function provenSocket(url: string, token: string, trust: TlsTrust, signal: AbortSignal) {
  for (let again = false; ; again = true) {
    const challenge = await (await processSockets()).challenge(url, trust, signal);
    const joining = provenQuery(token, 'worker', challenge);
    try {
      return { joining, socket: await openSocket(url, joining.query, trust) };
    } catch (error) {
      if (again || !(error instanceof NotWanted)) throw error;
    }
  }
}

async function openSocket(
  url: string,
  query: Readonly<Record<string, string>>,
  trust: TlsTrust,
): Promise<ControlSocket> {
  try {
    return await (await processSockets()).openControl({ url, query, trust, openMs: LIMITS.handshakeMs });
  } catch (error) {
    const { code, message } = error as GradswarmError;
    throw code === 'ERR_PROTOCOL' ? new NotWanted(message.replace(`${code}: `, '')) : error;
  }
}

function includes<const T extends string>(names: readonly T[], name: string): name is T {
  return (names as readonly string[]).includes(name);
}
