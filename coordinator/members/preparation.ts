import type { z } from 'zod';
import type { Scenario } from '../../protocol/scenario/scenario.js';
import type { Assign } from '../../protocol/wire/control-messages.js';
import * as control from '../../protocol/wire/control-messages.js';
import type { ControlServer } from './control-server.js';
import type { FrameRouter } from './frame-router.js';
import type { Member, Membership } from './membership.js';
import { PeerKeys } from './peer-keys.js';
import type { SeatEvent, WithoutTime } from './seats.js';
import { withoutPaths } from './used-modules.js';

interface PreparationOptions {
  readonly scenario: Scenario;
  readonly parameterCount: number;
  /** Names of what a worker read that is not what this process read. */
  readonly differences: (read: control.Ready['read']) => readonly string[];
  readonly observer: {
    joined(member: Member, epoch: number, ready: control.Ready): void;
    note(text: string): void;
  };
}

/** Assigns each holder of a seat its part in one epoch, and waits until they are connected with each other. */
export class Preparation {
  /** Where workers listen for each other. */
  readonly peers: { worker: string; url: string; links?: true }[] = [];
  /** Other ones in each epoch. */
  private readonly keys = new PeerKeys();

  constructor(
    private readonly epoch: number,
    private readonly membership: Membership,
    private readonly control: ControlServer,
    private readonly router: FrameRouter,
    private readonly options: PreparationOptions,
    private readonly take: (event: WithoutTime<SeatEvent>) => void,
  ) {}

  async run(): Promise<void> {
    const { membership, options, epoch } = this;
    this.router.admit();
    const members = membership.present();
    const readies = await Promise.all(
      members.map(async (member) => {
        const ready = await this.asked(member, 'assign', this.assignment(member), control.ready);
        if (ready && this.isFit(member, ready)) options.observer.joined(member, epoch, ready);
        return ready;
      }),
    );
    if (this.isOver) return;
    for (const [i, ready] of readies.entries())
      if (ready?.peer) {
        const { id, worker } = members[i]!;
        const host = ready.peer.host ?? this.control.addressOf(worker);
        const links = this.router.linkOf(members[i]!) === null ? {} : ({ links: true } as const);
        this.peers.push({ worker: id, url: `${ready.peer.tls ? 'wss' : 'ws'}://${host}:${ready.peer.port}`, ...links });
      }
    const answers = await Promise.all(
      members.map((member) => this.asked(member, 'introduce', this.introduction(member), control.introduced)),
    );
    for (const [i, answer] of answers.entries()) {
      const { id, worker, generation } = members[i]!;
      if (this.isOver || !answer) return;
      if (answer.unreachable.length > 0)
        options.observer.note(
          `${id} cannot reach ${answer.unreachable.join(', ')}; their frames go through the coordinator`,
        );
      this.take({ type: 'ready', worker, epoch, generation });
    }
  }

  private get isOver(): boolean {
    const { epoch, phase } = this.membership.state;
    return epoch !== this.epoch || phase !== 'preparing';
  }

  /** The member's answer; null: there is none, or the epoch is over. */
  private async asked<S extends z.ZodType>(
    member: Member,
    event: string,
    message: unknown,
    schema: S,
  ): Promise<z.output<S> | null> {
    const { computeMs } = this.options.scenario.workers;
    try {
      const answer = await this.control.ask(
        member,
        event,
        message,
        schema,
        computeMs,
        `workers.computeMs = ${computeMs}`,
      );
      return this.isOver ? null : answer;
    } catch (error) {
      if (!this.isOver && !member.lost)
        this.take({ type: 'broke', worker: member.worker, why: (error as Error).message });
      return null;
    }
  }

  private assignment(member: Member): Assign {
    return {
      worker: member.id,
      generation: member.generation,
      epoch: this.epoch,
      token: member.token,
      scenario: withoutPaths(this.options.scenario) as unknown as Record<string, unknown>,
      clients: [...member.clients],
      workers: this.membership.sharesById().map(({ worker, clients }) => ({ worker, clients: [...clients] })),
    };
  }

  private introduction(member: Member): control.Introduction {
    const links = this.router.linkOf(member) !== null;
    return {
      peers: links ? this.peers : this.peers.map(({ worker, url }) => ({ worker, url })),
      keys: this.keys.of(member, this.membership.present()),
    };
  }

  private isFit(member: Member, { parameterCount, read }: control.Ready): boolean {
    const { parameterCount: expected, differences, observer } = this.options;
    const different = differences(read);
    if (parameterCount === expected && different.length === 0) return true;
    const why =
      parameterCount === expected
        ? `${different.join(' and ')} that it read differ from the coordinator's; give both the same files and the same version`
        : `expected a model of ${expected} parameters, got ${parameterCount}; its data or version differs`;
    observer.note(`${member.id} (${member.name}) is refused: ${why}`);
    this.take({ type: 'unfit', worker: member.worker, why });
    return false;
  }
}
