import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ScenarioInput } from '../../../../protocol/scenario/input.js';
import { withInitial } from '../../../../scenarios/run/initial.js';
import { replayRun, resumeRun } from '../../../../scenarios/run/runtime.js';
import { decodeNpz, encodeNpz } from '../../../../worker/arrays/npz.js';
import { decodeSafetensors } from '../../../../worker/arrays/safetensors.js';
import { locateInitial } from '../../../../worker/initial-file.js';
import { runInput, temporaryFolder } from '../../../support/scripted-run.js';

const input: ScenarioInput = {
  name: 'model',
  method: { name: 'fedavg', batchSize: 10 },
  data: { name: 'gaussian-clusters', examples: 200, testExamples: 50, noiseStddev: 3, partition: 'iid' },
  clients: 4,
  rounds: 6,
  seed: 3,
  saveModel: ['npz', 'safetensors'],
};

const never = () => ({ directory: null, listen: null, signal: new AbortController().signal });
const manifestOf = (path: string) => JSON.parse(readFileSync(join(path, 'manifest.json'), 'utf8'));
const modelOf = (path: string, name = 'model') => decodeNpz(readFileSync(join(path, `${name}.npz`)), name);

/** Columns that no clock is in. */
function rowsOf(path: string): readonly string[] {
  const [header, ...rows] = readFileSync(join(path, 'metrics.csv'), 'utf8').trim().split('\n');
  const wall = header!.split(',').indexOf('wallMs');
  return rows.map((row) =>
    row
      .split(',')
      .filter((_, i) => i < wall)
      .join(','),
  );
}

const messageOf = (run: Promise<unknown>) =>
  run.then(
    () => 'nothing was thrown',
    (error: Error) => error.message,
  );

describe('a model in and out', function () {
  this.timeout(240_000);

  it('is written at the end, the same numbers in both formats, and begins another run in any placement, resumed and replayed too', async () => {
    const first = await runInput(input);
    const npz = modelOf(first.path);
    expect([...npz.keys()]).to.deep.equal(['linear/weights', 'linear/bias']);
    const tensors = decodeSafetensors(readFileSync(join(first.path, 'model.safetensors')), 'model');
    expect([...tensors.values()]).to.deep.equal([...npz.values()]);

    const next = withInitial({ ...input, initial: './model.npz', seed: 4 }, first.path);
    const alone = await runInput({ ...next, checkpoints: { everyRounds: 2 } });
    const { initial, read } = manifestOf(alone.path);
    expect(initial).to.deep.equal(next.initial);
    expect(read.initialParameters).to.not.equal(manifestOf(first.path).read.initialParameters);
    const workers = await runInput({ ...next, workers: { count: 2 } });
    expect(workers.outcome.stateDigest).to.equal(alone.outcome.stateDigest);
    expect(manifestOf(workers.path).read).to.deep.equal(read);

    const controller = new AbortController();
    let path = '';
    const watcher = {
      start: (_name: string, _rounds: number, folder: string) => {
        path = folder;
      },
      note: () => {},
      round: ({ round }: { round: number }) => {
        if (round === 3) controller.abort();
      },
    };
    expect(await messageOf(runInput(next, { signal: controller.signal, watcher }))).to.match(/ERR_STOPPED/);
    expect((await resumeRun(path, never())).stateDigest).to.equal(alone.outcome.stateDigest);
    const replayed = await replayRun(alone.path, { ...never(), directory: join(temporaryFolder(), 'again') });
    expect(replayed.verdict.valid).to.equal(true);

    renameSync(join(first.path, 'model.npz'), join(first.path, 'moved.npz'));
    writeFileSync(join(first.path, 'model.npz'), 'another file');
    const once = () => replayRun(alone.path, { ...never(), directory: join(temporaryFolder(), 'moved') });
    expect(await messageOf(once())).to.match(/ERR_DATA_MISSING: initial: .*got another one.*--initial names the place/);
    locateInitial('moved.npz', first.path);
    expect((await once()).verdict.valid).to.equal(true);
  });

  it('that does not fit, or is another file than was recorded, is refused by tensor, shape or SHA-256', async () => {
    const folder = temporaryFolder();
    const write = (arrays: Parameters<typeof encodeNpz>[0]) => {
      writeFileSync(join(folder, 'model.npz'), encodeNpz(arrays));
      return messageOf(runInput(withInitial({ ...input, initial: './model.npz' }, folder)));
    };
    const good = new Map(modelOf((await runInput(input)).path));
    const { shape, values } = good.get('linear/weights')!;
    expect(await write(new Map([...good, ['linear/weight', good.get('linear/bias')!]]))).to.match(
      /got 'linear\/weight'.*nearest.*linear\/weights/,
    );
    expect(await write(new Map([['linear/weights', { shape, values }]]))).to.match(
      /the tensor 'linear\/bias', got linear\/weights/,
    );
    expect(await write(new Map([...good, ['linear/weights', { shape: [...shape].reverse(), values }]]))).to.match(
      /'linear\/weights' of shape \(\d+, \d+\), got/,
    );
    expect(
      await write(
        new Map([...good, ['linear/bias', { shape: [shape[1]!], values: new Float32Array(shape[1]!).fill(NaN) }]]),
      ),
    ).to.match(/finite numbers in 'linear\/bias', got NaN at 0/);
    const huge = { shape: [shape[1]!], values: new Float64Array(shape[1]!).fill(1e300) };
    expect(await write(new Map([...good, ['linear/bias', huge]]))).to.match(
      /numbers within 3\.4e38 in 'linear\/bias', got 1e\+300 at 0; or set precision: 'float64'/,
    );
    const located = withInitial({ ...input, initial: './model.npz' }, folder);
    writeFileSync(join(folder, 'model.npz'), encodeNpz(good));
    expect(await messageOf(runInput(located))).to.match(/ERR_DATA_MISSING: initial: expected .* got another one/);
    expect(() => withInitial({ ...input, initial: './none.npz' }, folder)).to.throw(/there is none/);
  });

  it('continues for more rounds: equal in bits to a run that had them from the beginning, twice over and replayed', async () => {
    const checkpoints = { everyRounds: 4 } as const;
    const undisturbed = await runInput({ ...input, rounds: 13, checkpoints });
    const { path } = await runInput({ ...input, checkpoints });
    await resumeRun(path, { ...never(), rounds: 9 });
    const outcome = await resumeRun(path, { ...never(), rounds: 13 });
    expect(outcome.stateDigest).to.equal(undisturbed.outcome.stateDigest);
    expect(rowsOf(path)).to.deep.equal(rowsOf(undisturbed.path));
    expect(readFileSync(join(path, 'model.npz'))).to.deep.equal(readFileSync(join(undisturbed.path, 'model.npz')));
    expect(outcome.summary.rounds).to.equal(13);
    expect(manifestOf(path).extended.map(({ rounds }: { rounds: number }) => rounds)).to.deep.equal([6, 9]);
    const replayed = await replayRun(path, { ...never(), directory: join(temporaryFolder(), 'again') });
    expect(replayed.verdict.valid).to.equal(true);
    expect(await messageOf(resumeRun(path, { ...never(), rounds: 13 }))).to.match(/more than the 13 rounds/);
  });

  it('does not continue where the method depends on the number of rounds, and says why', async () => {
    const cosine = { name: 'cosine', rate: 0.1, steps: 6 };
    const scheduled = await runInput({
      ...input,
      method: { name: 'sgd', batchSize: 10, optimizer: { name: 'sgd', learningRate: cosine } },
    });
    expect(await messageOf(resumeRun(scheduled.path, { ...never(), rounds: 8 }))).to.match(
      /ERR_CHECKPOINT: .*method\.optimizer\.learningRate: expected no schedule over all 6 rounds/,
    );
    const calibrated = await runInput({ ...input, method: { name: 'dp-gd', rounds: 6, calibration: 'exact' } });
    expect(await messageOf(resumeRun(calibrated.path, { ...never(), rounds: 8 }))).to.match(
      /ERR_CHECKPOINT: .*the noise is made for method\.rounds 6/,
    );
    expect(manifestOf(calibrated.path).finishedAt).to.be.a('string');
  });

  it('stops early on a value, a figure of the rounds so far or no improvement, and resumes and replays to the same round', async () => {
    const full = await runInput({ ...input, rounds: 12 });
    const accuracies = full.record.rows.map(({ accuracy }) => accuracy!);
    const bytes = full.record.rows.map(({ bytesUp, bytesDown }) => bytesUp + bytesDown);
    const stopped = async (rule: NonNullable<ScenarioInput['stopWhen']>[number]) => {
      const { record, path } = await runInput({
        ...input,
        rounds: 12,
        stopWhen: [rule],
        checkpoints: { everyRounds: 2 },
      });
      expect(record.summary.ended).to.equal('early');
      const again = await replayRun(path, { ...never(), directory: join(temporaryFolder(), 'again') });
      expect(again.verdict.valid).to.equal(true);
      expect(await messageOf(resumeRun(path, { ...never(), rounds: 20 }))).to.match(/one that ended after \d+ of 12/);
      return record.rows.length;
    };
    const target = accuracies[3]!;
    expect(await stopped({ of: 'accuracy', above: target })).to.equal(accuracies.findIndex((a) => a >= target) + 1);
    expect(await stopped({ of: 'totalBytes', above: bytes[0]! + bytes[1]! + 1 })).to.equal(3);
    expect(await stopped({ of: 'loss', patience: 2, minDelta: 1e6 })).to.equal(3);
    expect(await stopped({ of: 'wallMs', above: 0 })).to.equal(1);
  });

  it('keeps the best round, also over a resumption, in the form that the run was evaluated in', async () => {
    const best = { ...input, rounds: 8, keepBest: { of: 'accuracy' }, checkpoints: { everyRounds: 1 } } as const;
    const { record, path } = await runInput(best);
    const accuracies = record.rows.map(({ accuracy }) => accuracy!);
    const round = accuracies.indexOf(Math.max(...accuracies)) + 1;
    expect(record.summary).to.include({ bestRound: round, best: accuracies[round - 1] });
    const until = await runInput({ ...input, rounds: round });
    expect([...modelOf(path, 'best').values()]).to.deep.equal([...modelOf(until.path).values()]);

    const worst = await runInput({ ...best, keepBest: { of: 'accuracy', mode: 'min' } });
    expect(worst.record.summary.best).to.equal(Math.min(...accuracies));
    const longer = await runInput({ ...best, rounds: 8 });
    await resumeRun(longer.path, { ...never(), rounds: 12 });
    const whole = await runInput({ ...best, rounds: 12 });
    expect(readFileSync(join(longer.path, 'best.npz'))).to.deep.equal(readFileSync(join(whole.path, 'best.npz')));
  });

  it('of peers is the mean that is evaluated', async () => {
    const { path } = await runInput({ ...input, method: { name: 'dgd' }, topology: 'ring', keepBest: { of: 'loss' } });
    expect([...modelOf(path).keys()]).to.deep.equal(['linear/weights', 'linear/bias']);
    expect([...modelOf(path, 'best').keys()]).to.deep.equal(['linear/weights', 'linear/bias']);
  });

  it('rules that name no series, or ask for nothing, are refused before the run', async () => {
    const refused = (changes: Partial<ScenarioInput>) => messageOf(runInput({ ...input, ...changes }));
    expect(await refused({ stopWhen: [{ of: 'acuracy', above: 1 }] })).to.match(/stopWhen\.0\.of: .*accuracy/);
    expect(await refused({ stopWhen: [{ of: 'loss' }] })).to.match(/stopWhen\.0: expected below, above or patience/);
    expect(await refused({ stopWhen: [{ of: 'totalBytes', patience: 3 }] })).to.match(/stopWhen\.0\.of: /);
    expect(await refused({ keepBest: { of: 'finalLoss' } })).to.match(/keepBest\.of: /);
  });
});
