import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { GradswarmError } from '../../protocol/errors.js';
import type { Scenario } from '../../protocol/scenario/scenario.js';
import { liveData } from '../../scenarios/live/live-data.js';
import { comparisonOf } from '../../scenarios/recorded-runs/comparison.js';
import { exportToMlflow } from '../../scenarios/recorded-runs/mlflow.js';
import { logOf } from '../../scenarios/recorded-runs/run-log.js';
import { openRun } from '../../scenarios/run/open-run.js';
import { continueRun, redrawReport, resumeRun } from '../../scenarios/run/runtime.js';
import { resolved, temporaryFolder } from '../support/scripted-run.js';

/** What an error may advise: nothing else is a way to continue. */
const WAY_ON =
  /'gradswarm resume .*' continues|run the scenario again in a new folder|name another folder|another --out|name the folder of one run|start a new run|got one without figures\.json|'gradswarm runs' lists them/;

const DAMAGES: Readonly<Record<string, ((bytes: Buffer) => Uint8Array) | null>> = {
  'cut in half': (bytes) => bytes.subarray(0, bytes.length >> 1),
  empty: () => new Uint8Array(0),
  'changed in the middle': (bytes) => Buffer.from(bytes).fill(0x7b, bytes.length >> 1, (bytes.length >> 1) + 8),
  'another document': () => Buffer.from('{}\n'),
  gone: null,
};

function stopping(rounds: number) {
  const controller = new AbortController();
  let done = 0;
  const round = () => {
    if (++done === rounds) controller.abort();
  };
  return { directory: null, listen: null, signal: controller.signal, watcher: { start() {}, note() {}, round } };
}

function filesIn(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => /\.(json|jsonl|csv|bin)$/.test(name)).sort();
}

describe('a run whose files are damaged', function () {
  this.timeout(900_000);
  let scenario: Scenario;
  let digest: string;
  const folder = temporaryFolder();
  const [stopped, whole] = [join(folder, 'stopped'), join(folder, 'whole')];

  before(async () => {
    scenario = await resolved({
      name: 'damaged',
      method: { name: 'dp-fedavg', batchSize: 10 },
      data: { name: 'gaussian-clusters', partition: 'iid' },
      clients: 4,
      rounds: 8,
      seed: 3,
      evaluation: { everyRounds: 4 },
      checkpoints: { everyRounds: 2 },
    });
    await continueRun(scenario, stopped, stopping(6)).catch(() => {});
    digest = (await continueRun(scenario, whole, stopping(100))).outcome.stateDigest;
  });

  const acts: Readonly<Record<string, (path: string) => Promise<string | null>>> = {
    serve: async (path) => (await continueRun(scenario, path, stopping(100))).outcome.stateDigest,
    resume: async (path) => (await resumeRun(path, stopping(100))).stateDigest,
    report: async (path) => ((await redrawReport(path)) ? null : ''),
    'show and compare': async (path) => {
      openRun(path);
      comparisonOf([whole, path]);
      return null;
    },
    log: async (path) => {
      for await (const { text } of logOf(path, false, new AbortController().signal))
        expect(text).not.to.match(/undefined|\[native code\]/);
      return null;
    },
    'the live page': async (path) => {
      await liveData(path, null);
      return null;
    },
    'export to MLflow': async (path) => {
      rmSync(join(folder, 'mlflow'), { recursive: true, force: true });
      exportToMlflow([path], join(folder, 'mlflow'));
      return null;
    },
  };

  for (const [state, commands] of [
    ['stopped', ['serve', 'resume', 'report']],
    ['whole', ['serve', 'report', 'show and compare', 'log', 'the live page', 'export to MLflow']],
  ] as const)
    for (const command of commands)
      it(`${state}: ${command} continues with the undisturbed digest, or says in one sentence what can be done`, async () => {
        const source = state === 'stopped' ? stopped : whole;
        for (const file of filesIn(source))
          for (const [how, damage] of Object.entries(DAMAGES)) {
            const path = join(folder, 'damaged');
            rmSync(path, { recursive: true, force: true });
            cpSync(source, path, { recursive: true });
            if (damage) writeFileSync(join(path, file), damage(readFileSync(join(path, file))));
            else rmSync(join(path, file));
            const where = `${file}, ${how}`;
            try {
              const ended = await acts[command]!(path);
              if (ended !== null) expect(ended, where).to.equal(digest);
            } catch (error) {
              expect(error, `${where}: ${(error as Error).stack}`).to.be.instanceOf(GradswarmError);
              expect((error as Error).message, where).to.match(WAY_ON);
            }
            expect(existsSync(join(path, 'lock')), where).to.equal(false);
          }
      });
});
