import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { bytesText } from '../../../coordinator/report/units.js';
import { readMetrics } from '../../../coordinator/run-directory/metrics.js';
import { runInput, WITH_REPORT } from '../../support/scripted-run.js';

const CLI = fileURLToPath(new URL('../../../scenarios/cli.js', import.meta.url));

describe('the report of a hierarchy', () => {
  it('has the bytes of each tier under its name, clients without edge servers, and no spectral gap', async () => {
    const { path, outcome } = await runInput(
      {
        name: 'tiers',
        method: { name: 'hierarchical-fedavg', edgeRounds: 3, batchSize: 10 },
        topology: { name: 'hierarchy', edges: 2 },
        objective: 'softmax-regression',
        data: {
          name: 'gaussian-clusters',
          classes: 10,
          features: 20,
          examples: 60,
          testExamples: 20,
          partition: 'iid',
        },
        clients: 7,
        rounds: 2,
        faults: [{ fault: 'drop', kind: 'update', senders: [6], from: 1, probability: 1 }],
      },
      WITH_REPORT,
    );
    const page = readFileSync(join(path, 'report.html'), 'utf8');
    const number = (name: string) => new RegExp(`<b>([^<]*)</b><span>${name}</span>`).exec(page)?.[1];
    const rows = readMetrics(join(path, 'metrics.csv'));
    const total = (of: 'bytesUp' | 'bytesDown' | 'bytesPeer') => rows.reduce((sum, row) => sum + row[of], 0);
    // 210 parameters of 4 bytes, and at most 100 bytes of framing and numbers a message; of the lost one the framing.
    const messages = (count: number) => [840 * count, 940 * count] as const;
    expect(total('bytesUp'))
      .to.be.within(...messages(3))
      .and.to.be.below(940 * 3 + 60);
    // That none is for it each client below learns in a frame without a message.
    expect(total('bytesDown') - 2 * 5 * 52).to.be.within(...messages(4));
    expect(total('bytesPeer')).to.be.within(...messages(2 * 3 * 2 * 5));
    expect(number('edge servers to coordinator')).to.equal(bytesText(total('bytesUp')));
    expect(number('coordinator to edge servers')).to.equal(bytesText(total('bytesDown')));
    expect(number('clients and edge servers')).to.equal(bytesText(total('bytesPeer')));
    expect(outcome.summary).to.include({ bytesUp: total('bytesUp'), bytesPeer: total('bytesPeer') });
    expect(page).to.include('5 below 2 edge servers').and.not.to.include('client to client');
    expect(number('examples, smallest client')).to.equal('12');
    expect(page).not.to.include('spectral gap');
    expect(outcome.summary).not.to.have.property('spectralGap');
    const shown = execFileSync(process.execPath, [CLI, 'show', path], { encoding: 'utf8' });
    expect(shown)
      .to.include(`${bytesText(total('bytesPeer'))} between clients and edge servers`)
      .and.not.include('peers');
  });

  it('gradswarm show needs no module that a run used: not that of a graph of one’s own', async () => {
    const { path } = await runInput({
      name: 'own-graph',
      method: 'dgd',
      topology: 'ring',
      objective: 'linear-regression',
      data: 'linear-regression',
      clients: 4,
      rounds: 2,
    });
    const file = join(path, 'scenario.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"ring"', '"of-my-own"'));
    expect(execFileSync(process.execPath, [CLI, 'show', path], { encoding: 'utf8' })).to.match(/ between peers\n/);
  });
});
