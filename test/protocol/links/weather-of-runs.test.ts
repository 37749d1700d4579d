import { expect } from 'chai';
import { FAULT_RULES } from '../../../protocol/scenario/fault-rules.js';
import {
  always,
  at,
  availability,
  channelNoise,
  corrupt,
  crash,
  drop,
  duplicate,
  during,
  partition,
  slow,
  symmetricDrop,
} from '../../../protocol/scenario/faults.js';
import type { FaultInput, FaultRule, Link, Scenario } from '../../../protocol/scenario/scenario.js';
import { tinyRun, tinyScenario } from '../../support/tiny-run.js';

describe('x', () => {
  it('runs', async () => {
    const a = await tinyRun(tinyScenario('sgd'));
    const b = await tinyRun(tinyScenario('sgd'), { hosts: [[0, 2], [1], [3]] });
    expect(a.states).to.deep.equal(b.states);
    const c = await tinyRun(tinyScenario('dgd', { topology: { name: 'ring', weights: 'metropolis', lazy: false } }));
    const d = await tinyRun(tinyScenario('dgd', { topology: { name: 'ring', weights: 'metropolis', lazy: false } }), {
      hosts: [[0, 2], [1], [3]],
    });
    expect(c.states).to.deep.equal(d.states);
    console.log(c.rows.at(-1), a.rows.at(-1));
  });
});
