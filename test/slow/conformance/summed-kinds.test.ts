import { join } from 'node:path';
import { expect } from 'chai';
import { methods } from '../../../protocol/method-loader.js';
import type { ScenarioInput } from '../../../protocol/scenario/input.js';
import { localPlacement, type Placement, socketPlacement } from '../../../scenarios/check/parts/placements.js';
import { resolveTiny } from '../../../scenarios/check/parts/tiny-problems.js';
import { runTiny } from '../../../scenarios/check/parts/tiny-run.js';
import { withPlugIns } from '../../../scenarios/plug-ins/use.js';
import { LocalWorkers } from '../../../scenarios/run/local-workers.js';
import { type RemoteFleet, remoteFleet } from '../../../scenarios/run/remote-fleet.js';
import { folderWith } from '../../support/own-modules.js';
import { runInput } from '../../support/scripted-run.js';
import { smallMethod } from '../../support/small-methods.js';

const KINDS = {
  model: { from: 'coordinator', to: 'cohort', vectors: ['params'] },
  update: {
    from: 'clients',
    to: 'coordinator',
    vectors: ['delta'],
    scalars: ['weight'],
    lossy: 'any',
    summed: () => 3,
  },
} as const;

/** Of two steps a round. Client 5 posts nothing in every third round, client 3 what is beyond the bound in every fourth. */
const method = smallMethod(
  KINDS,
  async (_state, at) => {
    const [model] = await at.take('model');
    if (!model) return {};
    for (const step of [0, 1]) {
      if (at.self === 5 && at.index % 3 === 2) break;
      const delta = at.zeros();
      for (let i = 0; i < delta.length; i++) delta[i] = Math.sin((at.self + 1) * (i + 2) + model.params[i]! + step) / 3;
      if (at.self === 3 && at.index % 4 === 1) delta[1] = 3.5;
      at.post('update', 'coordinator', { delta, weight: 1 / (at.self + 1) });
    }
    return { note: [at.index] };
  },
  async ({ x }, at) => {
    at.post('model', at.cohort, { params: x });
    const next = x.slice();
    const note = [];
    for (const _ of [0, 1]) {
      const { count, sum, absent } = await at.total('update', 3);
      for (let i = 0; i < next.length; i++) next[i]! -= 0.1 * (sum.delta[i] ?? 0);
      note.push(count, sum.weight, ...absent.map(({ from, why }: { from: number; why: string }) => `${from} ${why}`));
    }
    return { x: next, note };
  },
);
methods.add(method);

const problem = {
  objective: { name: 'quadratic', dimension: 7 },
  data: 'none',
  clients: 6,
  rounds: 12,
  participation: { cohort: 5 },
} as const satisfies Partial<ScenarioInput>;
const FAULTS = [
  { fault: 'drop', kind: 'update', probability: 0.2 },
  { fault: 'corrupt', kind: 'update', probability: 0.2 },
  { fault: 'duplicate', kind: 'update', probability: 0.3 },
];

/** The run, and the bytes of single frames that came to the coordinator. */
async function run(changes: object, placement: Placement) {
  let fleet: RemoteFleet | null = null;
  const scenario = await resolveTiny(method, { ...problem, ...changes } as never);
  const done = await runTiny(scenario, method, { placement, tamper: (opened) => void (fleet = opened as RemoteFleet) });
  const rows = done.rows.map(({ wallMs: _, ...row }) => row);
  return { digest: done.digest, rows, absences: done.absences, came: fleet!.server?.router.receivedFrameBytes ?? 0 };
}

const alone = localPlacement('one process', 'checking');
const BODY = 7 * 4 + 4 + 8 + 8;

describe('a kind that declares the bound of its total', function () {
  this.timeout(240_000);

  for (const [what, changes] of [
    ['', {}],
    [' in float64', { precision: 'float64' }],
    [
      ' over links and devices that take time',
      { links: [{ bandwidthMbps: 1, latencyMs: 3, jitterMs: 2 }], devices: [{ clients: [1, 4], msPerRound: 40 }] },
    ],
    [' with messages that are lost, changed and doubled', { faults: FAULTS }],
  ] as const)
    it(`is summed where clients live${what}: state, bytes, times and absences are those of one process, for 1 to 6 workers`, async () => {
      const { came: _, ...expected } = await run(changes, alone);
      expect(expected.absences.some(({ why }) => why === 'rejected')).to.equal(true);
      for (const workers of [1, 2, 3, 6]) {
        const { came, ...got } = await run(changes, socketPlacement(`${workers}`, workers));
        expect(got, `${workers} workers`).to.deep.equal(expected);
        // Those beyond the bound, or changed, are sent by themselves.
        expect(came / BODY, `${workers} workers`).to.be.within(1, 'faults' in changes ? 45 : 6);
      }
    });

  for (const [what, changes] of [
    ['a codec', { codecs: { update: { name: 'qsgd' } } }],
    ['a deadline', { participation: { cohort: 5, deadlineMs: 50 } }],
    ['a number of answers', { participation: { cohort: 5, first: 4 } }],
    ['Byzantine clients', { faults: [{ fault: 'byzantine', kind: 'update', clients: [1], attack: 'sign-flip' }] }],
    ['a robust sum', { aggregators: { update: 'median' } }],
    ['a probe', { measure: [{ name: 'gradient-noise-scale', kind: 'update', weight: 'weight' }] }],
  ] as const)
    it(`is sent message by message under ${what}, with the bits of one process`, async () => {
      const expected = await run(changes, alone);
      const got = await run(changes, socketPlacement('2', 2));
      expect(got.digest).to.equal(expected.digest);
      expect(got.came).to.be.above(12 * 2 * 4 * 16);
    });

  it('a worker that is killed is replaced, and the run ends with the digest of one process', async () => {
    const module = `import { defineMethod, defineSettings } from 'gradswarm/method';
export default defineMethod({
  name: 'summed-mean', settings: defineSettings({}), paper: { title: 'none', url: 'none', algorithm: 'none' },
  messages: {
    model: { from: 'coordinator', to: 'cohort', vectors: ['params'] },
    update: { from: 'clients', to: 'coordinator', vectors: ['delta'], summed: () => 100 },
  },
  client: { init: () => null, async round(state, at) {
    for (const { params } of await at.take('model'))
      at.post('update', 'coordinator', { delta: await at.objective.gradient(params, Uint32Array.of(0)) });
    return state;
  } },
  coordinator: { init: ({ initialParams }) => ({ params: initialParams }), async round({ params }, at) {
    at.post('model', at.cohort, { params });
    const { sum, count } = await at.total('update', 100);
    return { params: params.map((value, i) => value - 0.1 * sum.delta[i] / count) };
  }, estimates: ({ params }) => [params] },
});
`;
    const input = {
      name: 'killed',
      use: ['./summed-mean.ts'],
      method: 'summed-mean',
      data: { name: 'gaussian-clusters', classes: 3, features: 5, examples: 200, testExamples: 50 },
      clients: 8,
      rounds: 120,
      checkpoints: { everyRounds: 50 },
    };
    const folder = folderWith({ 'summed-mean.ts': module });
    const read = (await withPlugIns(input as never, folder)) as ScenarioInput;
    const alone = await runInput(read);
    let launcher: LocalWorkers;
    let killed = false;
    const { outcome } = await runInput(
      { ...read, workers: { count: 3, heartbeatMs: 5000 } },
      {
        fleet: (...[scenario, method, problem, options]) => {
          launcher = new LocalWorkers(() => {}, { scenario, use: [join(folder, 'summed-mean.ts')], initial: null });
          return remoteFleet(scenario, method, problem, options, launcher);
        },
        watcher: {
          start: () => {},
          note: () => {},
          round: ({ round }) => {
            if (killed || round < 72) return;
            killed = true;
            process.kill(launcher.pids[1]!, 'SIGKILL');
          },
        },
      },
    );
    expect(outcome.summary).to.include({ workersLost: 1, rollbacks: 1 });
    expect(outcome.stateDigest).to.equal(alone.outcome.stateDigest);
  });
});
