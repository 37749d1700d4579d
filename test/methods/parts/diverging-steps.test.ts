import { expect } from 'chai';
import { finite } from '../../../protocol/scenario/expectations/finite.js';
import { judge } from '../../../protocol/scenario/judge.js';
import { loadExpectations } from '../../../scenarios/run/catalogue.js';
import { tinyRun, tinyScenario } from '../../support/tiny-run.js';

const STEP = 10;
const CURVATURE = 2;

/** The setting that is a step of gradient descent; of those that scale or clip their steps there is none. */
const STEPS: Record<string, readonly string[]> = {
  stepSize: ['diana', 'ef21', 'marina'],
  learningRate: ['afl', 'demo', 'diff2', 'diff2-bvr-l-sgd', 'fetchsgd', 'powersgd', 'prospect'],
  clientLearningRate: [
    'ditto',
    'fedasync',
    'fedat',
    'fedavg',
    'fedbuff',
    'fedce',
    'feddyn',
    'fednova',
    'mifa',
    'pfedme',
    'scaffold',
  ],
  optimizer: ['agvm', 'sgd', 'vrgd'],
};

const expectations = await loadExpectations();

describe('ten times the step at which gradient descent diverges, 60 rounds on quadratics of curvature 2', () => {
  for (const [setting, names] of Object.entries(STEPS))
    for (const name of names)
      it(`${name}: ${setting} ${STEP} is not valid`, async () => {
        const value = setting === 'optimizer' ? { name: 'sgd', learningRate: STEP } : STEP;
        const clear = name.startsWith('diff2') ? { calibration: 'none' } : {};
        const { rows } = await tinyRun(
          tinyScenario(name, {
            method: { name, [setting]: value, ...clear },
            objective: {
              name: 'quadratic',
              dimension: 5,
              matrices: Array.from({ length: 4 }, () => new Array(5).fill(CURVATURE)),
              centreSpread: 2,
              initialValue: 3,
            },
            precision: 'float64',
            rounds: 60,
          }),
        );
        const record = { scenario: {} as never, rows, summary: {}, faultsFired: [], stateDigest: '' };
        const [verdict] = judge([record], [finite()], (family) => expectations.get(family)).expectations;
        expect(verdict!.holds).to.equal(false);
        expect(verdict!.detail).to.match(/the run diverges|is Infinity/);
      });
});
