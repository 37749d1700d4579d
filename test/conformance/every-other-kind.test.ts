import { ownClaims } from '../../scenarios/check/claims-of.js';
import type { ContractNeeds } from '../../scenarios/check/contract-needs.js';
import { builtInNames, extensionPoint } from '../../scenarios/plug-ins/extension-points.js';
import { loadAllRules } from '../../scenarios/run/catalogue.js';

/** What their small run is given, where defaults do not suit it. */
const NEEDS: Readonly<Record<string, ContractNeeds>> = {
  'topology hierarchy': { settings: { edges: 2 } },
  'topology hypercube': { run: { clients: 8 } },
  'topology periodic': { settings: { graphs: ['ring', 'star'] } },
  'topology edge-list': {
    settings: {
      edges: [
        [0, 1],
        [1, 2],
        [2, 3],
        [3, 4],
        [4, 5],
      ],
    },
  },
  'fault availability': { settings: { onToOff: 0.5, offToOn: 0.5 } },
  'fault availability-trace': { settings: { trace: { rows: [[0, 0, 0]] } } },
  'fault bandwidth-trace': { settings: { trace: { rows: [[0, 0, 0.001, 0.001]] } } },
  'fault broadcast-noise': { settings: { stddev: 0.1 } },
  'fault burst-loss': { settings: { goodToBad: 0.5, badToGood: 0.5 } },
  'fault byzantine': { settings: { clients: [0], attack: 'sign-flip' } },
  'fault channel-noise': { settings: { stddev: 0.1 } },
  'fault concept-drift': { settings: {} },
  'fault corrupt': { settings: { probability: 0.5 } },
  'fault crash': { settings: { clients: [0] } },
  'fault delay': { settings: { delayMs: 100 } },
  'fault diurnal-availability': { settings: { mean: 0.5, amplitude: 0.5, roundsPerDay: 4 } },
  'fault drop': { settings: { probability: 0.5 } },
  'fault duplicate': { settings: { probability: 0.5 } },
  'fault feature-skew': { settings: { scale: 2 } },
  'fault feature-walk': { settings: { stddev: 0.1 } },
  'fault gradient-noise': { settings: { scale: 0.1 } },
  'fault label-availability': { settings: { byLabel: [0.1, 0.5, 1] } },
  'fault label-flip': { settings: { clients: [0] } },
  'fault label-noise': { settings: { rate: 0.5 } },
  'fault partition': {
    settings: {
      groups: [
        ['coordinator', 0, 1],
        [2, 3, 4, 5],
      ],
    },
  },
  'fault probabilistic-quantiser': { settings: { step: 0.1 } },
  'fault scale': { settings: { factor: 2 } },
  'fault slow': { settings: { clients: [0], factor: 3 } },
  'fault speed-trace': { settings: { trace: { rows: [[0, 0, 0.1]] } } },
  'fault symmetric-drop': { settings: { probability: 0.5 }, run: { method: 'dgd', topology: 'ring' } },
  'expectation above': { settings: { of: 'finalAccuracy', value: 0.5 } },
  'expectation below': { settings: { of: 'finalLoss', value: 0.5 } },
  'expectation between': { settings: { of: 'finalLoss', least: 0, most: 1 } },
  'expectation reaches': { settings: { loss: 0.5 } },
  'expectation slope': { settings: { of: 'loss', least: -1 } },
  'expectation quantile': { settings: { of: 'finalLoss', share: 0.5, most: 1 } },
  'expectation critical-batch': { settings: { loss: 0.5 } },
  'expectation monotone': { settings: { of: 'finalLoss', inOrderOf: 'seed', direction: 'falling' } },
  'expectation ratio': { settings: { of: 'finalLoss', most: 2 } },
  'expectation rounds-to-match': { settings: { of: 'loss', runner: { seed: 11 }, rival: { seed: 12 }, most: 2 } },
  'expectation settles-in-order': { settings: { groups: [['loss'], ['accuracy']], below: 0.5 } },
  'probe feature-shift': { settings: { kind: 'gradient' } },
  'probe gradient-noise-scale': { settings: { kind: 'gradient' } },
  'probe gradient-weight-alignment': { settings: { kind: 'gradient' } },
  'schedule batch-scaling': { settings: { rule: 'linear', batchSize: 64, referenceBatchSize: 32, of: 0.1 } },
  'schedule constant': { settings: { rate: 0.1 } },
  'schedule inverse-power': { settings: { rate: 0.1 } },
  'schedule milestones': { settings: { rate: 0.1, divisor: 10, steps: [5, 10] } },
  'schedule polynomial': { settings: { rate: 0.1, steps: 10 } },
  'schedule step-decay': { settings: { rate: 0.1, divisor: 2, stageSteps: 5 } },
  'schedule warm-up': { settings: { steps: 5, after: 0.1 } },
  'schedule cosine': { settings: { rate: 0.1, steps: 10 } },
};

/** The kinds whose contract is short: what each of a folder's files must keep, as soon as it is there. */
const KINDS = ['memory', 'topology', 'fault', 'attack', 'selection', 'probe', 'expectation', 'schedule'] as const;

await loadAllRules();
for (const kind of KINDS) {
  const point = extensionPoint(kind)!;
  await point.loadAll(builtInNames(point));
  for (const name of point.names())
    describe(`the contract of the ${kind} ${name}`, () => {
      for (const { title, run } of ownClaims(kind, point.get(name), NEEDS[`${kind} ${name}`] ?? {})) it(title, run);
    });
}
