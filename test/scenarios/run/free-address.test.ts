import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { resolveScenario } from '../../../protocol/scenario/resolve.js';
import { loadCatalogue } from '../../../scenarios/run/catalogue.js';
import { runScenario } from '../../../scenarios/run/runtime.js';
import { temporaryFolder } from '../../support/scripted-run.js';

describe('an address to listen at', () => {
  it('that another process has is refused before there is a run directory', async () => {
    const other = createServer();
    await once(other.listen(0, '127.0.0.1'), 'listening');
    const { port } = other.address() as AddressInfo;
    const directory = join(temporaryFolder(), 'run');
    const scenario = await resolveScenario(
      { name: 'tiny', method: 'sgd', data: 'gaussian-clusters', workers: { count: 1 } },
      await loadCatalogue(),
    );
    const run = runScenario(scenario, {
      directory,
      listen: { host: '127.0.0.1', port },
      signal: new AbortController().signal,
    });
    const message = await run.then(
      () => 'it ran',
      (error: Error) => error.message,
    );
    other.close();
    expect(message).to.match(/^ERR_USAGE: --listen: .*EADDRINUSE/);
    expect(existsSync(directory)).to.equal(false);
  });
});
