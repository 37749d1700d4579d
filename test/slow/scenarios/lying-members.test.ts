import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { expect } from 'chai';
import { loadMethod } from '../../../protocol/method-loader.js';
import type { ScenarioInput } from '../../../protocol/scenario/input.js';
import type { JsonObject } from '../../../protocol/scenario/scenario.js';
import type { AnyPayload } from '../../../protocol/wire/encoded-message.js';
import { joinBody } from '../../../protocol/wire/frame.js';
import { layoutsOf } from '../../../protocol/wire/layout.js';
import { SocketWorkers } from '../../../scenarios/check/parts/socket-workers.js';
import type { WorkerLauncher } from '../../../scenarios/run/worker-launcher.js';
import { openProblem } from '../../../worker/problem.js';
import { frameBytes, HostileMember } from '../../support/hostile-member.js';
import { resolved, runInput } from '../../support/scripted-run.js';
import { socketRun } from '../../support/socket-run.js';

interface Lie {
  readonly method: JsonObject & { readonly name: string };
  readonly kind: string;
  /** Of one of its clients. `size`: numbers of the model. */
  messages(size: number, client: number): readonly AnyPayload[];
  readonly sampler?: true;
}

const ones = (length: number) => new Float64Array(length).fill(1);

const LIES: Readonly<Record<string, Lie>> = {
  'a negative number of examples': {
    method: { name: 'sgd' },
    kind: 'gradient',
    messages: (size) => [{ gradient: ones(size), examples: -1e308 }],
  },
  'a sketch of one cell': {
    method: { name: 'fetchsgd', rows: 2, columns: 10 },
    kind: 'sketch',
    messages: () => [{ cells: ones(1) }],
  },
  'keys that are none': {
    method: { name: 'dp-fedavg-secure', noiseMultiplier: 0, clippingRadius: 1 },
    kind: 'keys',
    messages: () => [{ encryption: new Uint8Array(44), masking: new Uint8Array(44) }],
  },
  'more messages than one': {
    method: { name: 'consensus-monte-carlo', chains: 1, drawsPerRound: 8, burnInSteps: 2 },
    kind: 'draws',
    messages: (size) => [{ draws: ones(8 * size) }, { draws: ones(8 * size) }],
    sampler: true,
  },
  'draws that are all the same': {
    method: { name: 'consensus-monte-carlo', chains: 1, drawsPerRound: 8, burnInSteps: 2 },
    kind: 'draws',
    // Those of its other clients can be used: else it would be the settings' fault.
    messages: (size, client) => [
      { draws: ones(8 * size).map((one, i) => (client === 0 ? one : ((i * i) % 11) + client)) },
    ],
    sampler: true,
  },
  'a chain that is none': {
    method: { name: 'qlsd', chains: 2 },
    kind: 'gradient',
    messages: (size) => [{ gradient: ones(size), chain: 2 }],
    sampler: true,
  },
};

function scenarioOf({ method, sampler }: Lie): ScenarioInput {
  const problem = sampler
    ? {
        objective: { name: 'gaussian-mean', priorVariance: 10 },
        data: { name: 'gaussian-clusters', classes: 3, features: 3, examples: 24, partition: 'iid' },
      }
    : { objective: { name: 'quadratic', dimension: 3 }, data: 'none' };
  return {
    name: 'lying-member',
    method,
    ...problem,
    clients: 4,
    rounds: 3,
    seed: 4,
    precision: 'float64',
    workers: { joinTimeoutMs: 20_000 },
  } as ScenarioInput;
}

describe('a member that sends frames in order with content that no half sends', function () {
  this.timeout(60_000);

  for (const [what, lie] of Object.entries(LIES))
    it(`${what} (${lie.method.name}): it loses its seat, and the run ends in the undisturbed bits`, async () => {
      const input = scenarioOf(lie);
      const { family } = await openProblem(await resolved(input));
      const method = await loadMethod(lie.method.name);
      const layout = layoutsOf(method.messages, 'float64', family.parameterCount).get(lie.kind)!;
      const honest = new SocketWorkers();
      let takeOver = (): void => {};
      const hostile = new HostileMember(({ assign, frames }) => {
        takeOver();
        for (const from of assign.clients) {
          const payloads = lie.messages(family.parameterCount, from);
          const messages = payloads.map((payload) => layout.encode(payload, null));
          const body = joinBody({ messages } as never);
          frames.send(frameBytes({ kind: layout.index, from, count: messages.length }, body, crc32(body)));
        }
      }, family.parameterCount);
      const workers: WorkerLauncher = {
        start: (_count, url, device, token) => {
          takeOver = () => honest.start(1, url, device, token);
          hostile.start(1, url, device, token);
        },
        stop: async () => {
          await hostile.stop();
          await honest.stop();
        },
      };
      const { record, path } = await socketRun(input, 1, { workers });
      const session = readFileSync(join(path, 'session.jsonl'), 'utf8');
      expect(session).to.match(new RegExp(`"event":"lost".*message '${lie.kind}' of client 0, rejected`));
      const alone = await runInput({ ...input, workers: { count: 0 } } as ScenarioInput);
      expect(record.stateDigest)
        .to.match(/^[0-9a-f]{64}$/)
        .and.equal(alone.record.stateDigest);
    });
});
