import { above, faults, type SettingsIn, scenario, sweep, where } from '../../scenarios/api/scenario.js';
import type signVote from './accepted.js';

declare module '../../scenarios/api/scenario.js' {
  interface Methods {
    readonly 'of-this-test': SettingsIn<typeof signVote>;
    readonly merged: { readonly step: number };
  }
}

/** Names, settings, settings inside settings, and helpers, as an editor completes them. */
export const whole = scenario('whole', {
  method: {
    name: 'fedavg',
    localEpochs: 2,
    serverOptimizer: { name: 'adam', learningRate: { name: 'cosine', rate: 0.1, steps: 10 } },
  },
  data: { name: 'mnist', size: 14, partition: { name: 'dirichlet', alpha: 0.1 } },
  codecs: {
    update: { codec: { name: 'top-k', fraction: 0.1, values: { name: 'bf16' } }, memory: 'error-feedback' },
    '*': 'qsgd',
  },
  aggregators: { update: ['bucketing', { name: 'krum', byzantine: 1 }] },
  faults: [
    faults.during(1, 2, faults.drop({ probability: 1 })),
    { fault: 'slow', clients: [0], factor: 2 },
    { fault: 'byzantine', clients: [1], attack: 'sign-flip' },
    { fault: 'byzantine', clients: [2], attack: { name: 'scaling', factor: 3 } },
  ],
  expect: [
    above({ of: 'finalAccuracy', value: 0.5 }),
    'finite',
    { name: 'below', of: 'finalLoss', value: 1, where: { seed: 1 } },
  ],
  claims: [{ claim: 'it learns', source: 'Theorem 1', judgedBy: [above({ of: 'finalAccuracy', value: 0.1 })] }],
});

/** Names of one's own: by a path, by a type parameter, by declaration merging. */
export const own = [
  scenario({ method: { name: './mine.ts', anything: 1 }, data: '../data.ts' }),
  scenario<{ method: { mine: { readonly step: number } } }>({ method: { name: 'mine', step: 1 }, data: 'mnist' }),
  scenario({ method: { name: 'merged', step: 1 }, data: 'none', topology: { name: 'torus', rows: 2, lazy: true } }),
  scenario({
    method: 'dgd',
    data: 'none',
    topology: { name: 'periodic', graphs: ['ring', { name: 'torus', rows: 2 }] },
    codecs: { model: { codec: { name: './mine.ts', anything: 1 }, memory: './memory.ts' }, '*': './mine.ts' },
  }),
];

export const swept = [
  sweep('narrowed', {
    base: whole,
    over: { seed: [1, 2] },
    expect: [
      where({ seed: 1 }, above({ of: 'finalAccuracy', value: 0.5 })),
      where({ seed: 1 }, 'finite'),
      where({ seed: 2 }, { name: 'below', of: 'finalLoss', value: 1 }),
    ],
    claims: [
      {
        claim: 'it learns',
        source: 'Theorem 1',
        where: { seed: 1 },
        judgedBy: [where({ seed: 2 }, { name: './mine.ts', anything: 1 })],
      },
    ],
  }),
  sweep('swept', { base: whole, over: { seed: [1, 2] } }),
  sweep({ sweep: 'swept', base: { method: 'sgd', data: 'mnist' }, over: { seed: [1, 2] } }),
  sweep({ base: { method: 'sgd', data: 'mnist' }, over: { seed: [1, 2] } }),
  sweep({ base: whole, over: { seed: [1, 2] } }),
];
