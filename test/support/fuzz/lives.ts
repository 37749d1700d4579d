import { HostServer } from '../../../coordinator/members/host-server.js';
import type { RemoteCrew } from '../../../coordinator/members/remote-crew.js';
import { loadMethod } from '../../../protocol/method-loader.js';
import { PostOffice } from '../../../protocol/party/post-office.js';
import type { Scenario } from '../../../protocol/scenario/scenario.js';
import { layoutsOf } from '../../../protocol/wire/layout.js';
import { resolved } from '../scripted-run.js';
import { type Reach, type State, turningMember } from './turning-member.js';

const HASH = 'ab'.repeat(32);

/** A coordinator alone with one seat, and lives of a member that takes it. */
export class Lives {
  private constructor(
    private readonly scenario: Scenario,
    private readonly method: Awaited<ReturnType<typeof loadMethod>>,
  ) {}

  static async open(): Promise<Lives> {
    const scenario = await resolved({
      name: 'lives',
      method: { name: 'sgd' },
      objective: { name: 'quadratic', dimension: 4 },
      data: 'none',
      clients: 3,
      rounds: 100,
      seed: 1,
      precision: 'float64',
      workers: { count: 1, heartbeatMs: 60_000, joinTimeoutMs: 60_000, computeMs: 60_000, stallMs: 60_000 },
    });
    return new Lives(scenario, await loadMethod(scenario.method.name));
  }

  /** Leads a member to a state, lets it do its worst, and closes the coordinator. Returns whether the member kept its seat. */
  async live(state: State, worst: (reach: Reach) => void): Promise<boolean> {
    let lost = false;
    const server = await HostServer.listen({
      scenario: this.scenario,
      method: this.method,
      parameterCount: 4,
      differences: () => [],
      listen: null,
      epoch: 1,
      fromRound: 0,
      signal: new AbortController().signal,
      observer: {
        joined: () => {},
        lost: () => {
          lost = true;
        },
        abandoned: () => {},
        reopened: () => {},
        note: () => {},
      },
    });
    const layouts = layoutsOf(this.method.messages, this.scenario.precision, 4);
    const office = new PostOffice(layouts.values(), {
      mode: 'fast',
      remote: server.router,
      shuffle: null,
      keptBytes: 1 << 20,
    });
    office.register('coordinator');
    office.open('coordinator', 0, 0);
    server.connect(office);
    const crewed = server.assemble().then(
      (crew) => this.drive(crew),
      () => {},
    );
    try {
      const read = { data: HASH, partition: HASH, initialParameters: HASH };
      const ready = { device: 'x', deterministic: true, parameterCount: 4, read, peer: null };
      const member = await turningMember(server.url, server.token, state, worst, () => ready);
      const kept = !member.closed && !lost;
      // Its coordinator would wait for an answer to its goodbye.
      await member.leave();
      return kept;
    } finally {
      await server.close();
      await crewed;
    }
  }

  /** A round, and then all records: neither ends unless the member ends it. */
  private async drive(crew: RemoteCrew): Promise<void> {
    const plan = { index: 0, attempt: 0, cohort: [0, 1, 2], absent: [], forgotten: [], inclusion: 1, startMs: 0 };
    await Promise.all([crew.begin(plan).catch(() => {}), crew.records('all').catch(() => {})]);
  }
}
