import { expect } from 'chai';
import type { Scenario } from '../../../protocol/scenario/scenario.js';
import { startLine } from '../../../scenarios/run/start-line.js';

const of = (data: string, workers: number) =>
  ({
    rounds: 30,
    clients: 20,
    data: { name: data },
    objective: { name: 'mlp' },
    method: { name: 'fedavg' },
    workers: { count: workers },
  }) as unknown as Scenario;

describe('the line before the first row', () => {
  it('has what is read and built, the workers, the rounds and about how long all takes', () => {
    expect(startLine('quick-start', of('mnist', 2), 1, 20)).to.equal(
      'quick-start: reads mnist, builds mlp, 2 workers, fedavg of 20 clients, then 30 rounds; about 20 s in all',
    );
  });

  it('of a sweep is about its first run; no time where it is not known, and no data where there is none', () => {
    expect(startLine('alpha', of('none', 0), 9, null)).to.equal(
      'alpha: builds mlp, fedavg of 20 clients, then 30 rounds of the first of 9 runs',
    );
  });
});
