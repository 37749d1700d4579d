import { expect } from 'chai';
import { openAsWorker } from '../../../scenarios/run/join.js';
import { openProblem } from '../../../worker/problem.js';
import { resolved } from '../../support/scripted-run.js';

describe('a problem that a worker process opens before it has its orders', () => {
  const outlook = async () => ({ seat: 0, scenario: await scenario(), use: [], initial: null });
  const scenario = () =>
    resolved({
      name: 'early',
      method: { name: 'fedavg', batchSize: 8 },
      objective: 'softmax-regression',
      data: { name: 'gaussian-clusters', partition: 'iid' },
      clients: 2,
      rounds: 1,
    });
  const orders = { url: 'ws://127.0.0.1:1', token: 'token', localLink: null, device: null };

  it("has the data's fingerprint of the orders, or its own where they have none", async () => {
    const data = 'a'.repeat(64);
    const own = (await openProblem(await scenario())).fingerprint;
    const known = await openAsWorker(await outlook(), Promise.resolve({ ...orders, data }));
    expect(known!.fingerprint).to.deep.equal({ ...own, data });
    const unknown = await openAsWorker(await outlook(), Promise.resolve({ ...orders, data: null }));
    expect(unknown!.fingerprint).to.deep.equal(own);
  });

  it('is none where the orders name another device, or it cannot be opened', async () => {
    const elsewhere = { ...orders, device: 'wasm', data: null };
    expect(await openAsWorker(await outlook(), Promise.resolve(elsewhere))).to.equal(null);
    const missing = { ...(await outlook()), initial: '/no/such/file.npz' };
    expect(await openAsWorker(missing, Promise.resolve({ ...orders, data: null }))).to.equal(null);
  });
});
