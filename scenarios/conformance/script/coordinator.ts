import type { ScenarioInput } from '../../../protocol/scenario/input.js';
import type { Scenario } from '../../../protocol/scenario/scenario.js';
import { NotApplicable, NotReached } from '../case.js';
import { Door, type Visit } from './door.js';
import { contentOf, type Engine, type Packet } from './engine.js';
import type { FrameSocket } from './frame-socket.js';
import { drawn, proofOf } from './proof.js';
import { ScriptedRun } from './run.js';
import { scenarioOf } from './scenario.js';
import { WorkerCommand } from './worker-command.js';

/** A worker that starts cold may take long until it knocks; once it is there it answers at once. */
const START_MS = 45_000;
const PATIENCE_MS = 15_000;
/** Data and model may take their time. */
const PREPARE_MS = 60_000;

/** A worker that has been taken in: its control connection and its hello. */
export interface Joined extends Visit {
  readonly hello: Record<string, unknown>;
}

/** Who else is in the run, and what this worker gets. */
export interface Assignment {
  readonly clients?: readonly number[];
  readonly workers?: readonly { readonly worker: string; readonly clients: readonly number[] }[];
  readonly seat?: number;
  readonly generation?: number;
  readonly epoch?: number;
  readonly token?: string;
  /** Called once its frame socket is open. */
  readonly opened?: (socket: FrameSocket, query: URLSearchParams, answered: () => boolean) => Promise<void>;
}

/** It answered an assignment with an error. */
class NotHosted extends NotReached {
  constructor(why: string) {
    super(`the worker does not host this scenario: ${why}`);
  }
}

/** A coordinator that plays a case for one worker, and that worker's process. */
export class Coordinator {
  readonly token = drawn();
  private process: WorkerCommand | null = null;

  private constructor(
    private readonly command: readonly string[],
    readonly door: Door,
  ) {}

  static async open(command: readonly string[]): Promise<Coordinator> {
    return new Coordinator(command, await Door.open());
  }

  /** Starts the command under test; `token`: another one than the run's. */
  start(token = this.token): WorkerCommand {
    return (this.process ??= new WorkerCommand(this.command, this.door.url, token));
  }

  get worker(): WorkerCommand {
    return this.start();
  }

  async close(): Promise<void> {
    await this.process?.stop();
    await this.door.close();
  }

  /** The next control connection, its session open. */
  async visit(): Promise<Visit> {
    const first = this.process === null;
    this.start();
    const visit = await this.patiently('control connection', first ? START_MS : PATIENCE_MS, (ms) =>
      this.door.visits.next('control connection', () => true, ms),
    );
    await visit.control.serve(drawn(12));
    return visit;
  }

  /** The hello of the next connection, not answered yet. */
  async hello(visit: Visit): Promise<Packet> {
    return this.patiently('hello', PATIENCE_MS, (ms) => visit.control.event('hello', ms));
  }

  /** The proof that this coordinator owes the connection. */
  proof({ knock }: Visit, token = this.token): string {
    const [role, challenge, nonce] = ['role', 'challenge', 'nonce'].map((key) => knock.query.get(key) ?? '');
    return proofOf(token, 'coordinator', role!, challenge!, nonce!);
  }

  /** A worker that has joined; `answer`: beside the proof. */
  async joined(answer: object = { seat: 0 }): Promise<Joined> {
    const visit = await this.visit();
    const hello = await this.hello(visit);
    visit.control.answer(hello.id, { ...answer, proof: this.proof(visit) });
    return { ...visit, hello: contentOf(hello) };
  }

  /** The same with an assignment that it has answered; NotApplicable where it does not host this scenario. */
  async assigned(changes: Partial<ScenarioInput> = {}, given: Assignment = {}): Promise<ScriptedRun> {
    const { control } = await this.joined();
    try {
      return await this.assign(control, await scenarioOf(changes), given);
    } catch (error) {
      // The run of all cases has to be hosted; others may be.
      if (!(error instanceof NotHosted) || Object.keys(changes).length === 0) throw error;
      throw new NotApplicable(error.message);
    }
  }

  async assign(control: Engine, scenario: Scenario, given: Assignment = {}): Promise<ScriptedRun> {
    const { seat = 0, generation = 1, epoch = 0, token = drawn(12) } = given;
    const clients = given.clients ?? [0, 2];
    const workers = given.workers ?? [
      { worker: 'worker-0', clients },
      { worker: 'worker-1', clients: others(scenario.clients, clients) },
    ];
    const assign = { worker: `worker-${seat}`, generation, epoch, token, scenario, clients, workers };
    const answer = control.asked('assign', assign, PREPARE_MS);
    answer.catch(() => {});
    const opened = this.door.frames.next('frame socket', ({ knock }) => knock.query.get('token') === token, PREPARE_MS);
    opened.catch(() => {});
    if (given.opened) {
      let answered = false;
      void answer.then(() => (answered = true)).catch(() => {});
      const { knock, socket } = await opened;
      await given.opened(socket, knock.query, () => answered);
    }
    const ready = await this.patiently('answer to assign', PREPARE_MS, () => answer);
    if (typeof ready.error === 'object' && ready.error !== null)
      throw new NotHosted(String((ready.error as { message?: unknown }).message));
    const { socket } = await opened;
    return new ScriptedRun(control, socket, ready, assign);
  }

  /** Introduced: rounds may begin. */
  async running(changes: Partial<ScenarioInput> = {}, given: Assignment = {}): Promise<ScriptedRun> {
    const run = await this.assigned(changes, given);
    await run.introduce();
    return run;
  }

  /** A step that fails at once when the process ends, with what it printed. */
  private async patiently<T>(what: string, ms: number, step: (ms: number) => Promise<T>): Promise<T> {
    const ended = this.worker.ended.then((how) => {
      throw new NotReached(`no ${what}: the worker ${how}; ${this.worker.lastWords}`);
    });
    ended.catch(() => {});
    return Promise.race([step(ms), ended]);
  }
}

function others(count: number, clients: readonly number[]): number[] {
  return Array.from({ length: count }, (_, client) => client).filter((client) => !clients.includes(client));
}
