import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { handOver } from '../../../coordinator/members/hand-over.js';
import { archiveOf } from '../../../coordinator/run-directory/archive.js';
import { liveData } from '../../../scenarios/live/live-data.js';
import { RemoteRun } from '../../../scenarios/live/remote-run.js';
import { fetchRun } from '../../../scenarios/remote-run/fetch-run.js';
import { runInput, temporaryFolder } from '../../support/scripted-run.js';
import { socketRun } from '../../support/socket-run.js';

const input = {
  name: 'viewed',
  method: 'sgd',
  objective: { name: 'quadratic', dimension: 20 },
  data: 'none',
  clients: 5,
  rounds: 30,
  checkpoints: { everyRounds: 10 },
  seed: 4,
};
const TRUST = { ca: null };
const unexpected = (error: unknown) => {
  throw error;
};

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe('the view of a run elsewhere', () => {
  it('during the run: its folder without checkpoints and lock, its seats, and it is called running', async () => {
    let view: RemoteRun | null = null;
    await socketRun(input, 2, {
      before: async (url, token) => {
        view = await RemoteRun.open({ url, token, trust: TRUST }, unexpected);
        await until(() => view!.seats !== null);
        expect(view.seats!.seats.map(({ state }) => state)).to.deep.equal(['open', 'open']);
        expect(readdirSync(view.folder!))
          .to.include('scenario.json')
          .and.not.include('checkpoints')
          .and.not.include('lock');
        expect((await liveData(view.folder!, view.seats)).state).to.equal('running');
      },
    });
    const root = dirname(view!.folder!);
    view!.close();
    expect(existsSync(root)).to.equal(false);
  });

  it('after the run: the last copy has the verdict, and the run can still be fetched', async () => {
    const { path } = await runInput(input);
    const token = 'a token of some length';
    let listening: (port: number) => void = () => {};
    const port = new Promise<number>((resolve) => {
      listening = resolve;
    });
    const handed = handOver({
      listen: { host: '127.0.0.1', port: 0, token },
      archive: (checkpoints) => archiveOf(path, checkpoints),
      forMs: 60_000,
      signal: new AbortController().signal,
      listening: (number) => setImmediate(listening, number),
    });
    const address = { url: `ws://127.0.0.1:${await port}`, token, trust: TRUST };
    const view = await RemoteRun.open(address, unexpected);
    const first = view.folder;
    await until(() => view.folder !== first);
    expect((await liveData(view.folder!, view.seats)).verdict).to.deep.include({ valid: true });
    view.close();
    const copy = join(temporaryFolder(), 'copy');
    await fetchRun(address, copy);
    expect(await handed).to.equal(true);
    expect(readFileSync(join(copy, 'metrics.csv'), 'utf8')).to.equal(readFileSync(join(path, 'metrics.csv'), 'utf8'));
    expect(readdirSync(copy)).to.include('checkpoints');
  });

  it('closed while a copy is under way: no error of a folder that is gone is reported', async () => {
    const errors: unknown[] = [];
    await socketRun(input, 2, {
      before: async (url, token) => {
        for (let turn = 0; turn < 5; turn++) {
          const view = await RemoteRun.open({ url, token, trust: TRUST }, (error) => errors.push(error));
          for (let i = 0; i < turn; i++) await new Promise((resolve) => setImmediate(resolve));
          view.close();
        }
        await new Promise((resolve) => setTimeout(resolve, 200));
      },
    });
    expect(errors).to.deep.equal([]);
  });

  it('where there is no coordinator: refused at once', async () => {
    const error = await RemoteRun.open(
      { url: 'ws://127.0.0.1:9', token: 'x'.repeat(16), trust: TRUST },
      unexpected,
    ).catch((problem: Error) => problem.message);
    expect(error).to.match(/^ERR_WORKER_LOST: /);
  });
});
