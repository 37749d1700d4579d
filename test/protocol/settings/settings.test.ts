import { expect } from 'chai';
import '../../support/loaded-rules.js';
import { optimizer } from '../../../protocol/optimizers/load-optimizer.js';
import { schedule } from '../../../protocol/schedules/schedule.js';
import {
  atLeastZero,
  count,
  decay,
  either,
  flag,
  fraction,
  integer,
  list,
  number,
  oneOf,
  positive,
  probability,
  record,
  text,
} from '../../../protocol/settings/kinds.js';
import { nearest } from '../../../protocol/settings/problems.js';
import { nullable, required } from '../../../protocol/settings/setting.js';
import { defineSettings, group, type SettingsOf } from '../../../protocol/settings/settings.js';

const settings = defineSettings({
  batchSize: nullable(count(32, "Examples of each client's batch; null: the whole shard")),
  gamma: fraction(0.1, 'Smallest ratio'),
  cap: oneOf(['1', '1/gamma'], '1', 'Largest ratio'),
  radius: positive(null, 'Clipping radius; null: no clipping'),
  layers: list(count(required, 'Units'), [16, 16], 'Units of each layer'),
  optimizer: optimizer({ name: 'sgd', learningRate: 0.1 }, 'What moves the parameters'),
  stepSize: schedule(0.1, 'Step size', { above: 0 }),
});
type Example = SettingsOf<typeof settings>;

/** Lines of what is wrong. */
function problemsOf(given: object): string[] {
  try {
    settings.parse('method', given);
    return [];
  } catch (error) {
    const [first, ...lines] = (error as Error).message.split('\n');
    return lines.length === 0 ? [first!.replace('ERR_SCENARIO: ', '')] : lines.map((line) => line.trim());
  }
}

describe('settings', () => {
  it('defaults pass their own check and are completed inside as well', () => {
    const complete: Example = settings.parse('method', {});
    expect(complete).to.deep.equal({
      batchSize: 32,
      gamma: 0.1,
      cap: '1',
      radius: null,
      layers: [16, 16],
      optimizer: { name: 'sgd', learningRate: 0.1, weightDecay: 0 },
      stepSize: 0.1,
    });
    expect(settings.parse('method', complete)).to.deep.equal(complete);
  });

  it('keep what is given, null where null is allowed, a bare name as a spec', () => {
    const given = { batchSize: null, radius: 2, optimizer: 'adam', stepSize: { name: 'cosine', rate: 1, steps: 5 } };
    const complete = settings.parse('method', given);
    expect(complete.batchSize).to.equal(null);
    expect(complete.radius).to.equal(2);
    expect(complete.optimizer).to.include({ name: 'adam', beta2: 0.999 });
    expect(complete.stepSize).to.deep.equal({ name: 'cosine', rate: 1, steps: 5, finalRate: 0 });
  });

  for (const [given, ...expected] of [
    [{ batchSize: 0 }, 'method.batchSize: expected an integer of at least 1 or null, got 0'],
    [{ batchSize: '32' }, "method.batchSize: expected an integer of at least 1 or null, got '32'"],
    [{ gamma: 0 }, 'method.gamma: expected a number in (0, 1], got 0'],
    [{ gamma: Number.NaN }, 'method.gamma: expected a number in (0, 1], got NaN'],
    [{ cap: '1/gama' }, "method.cap: expected one of '1', '1/gamma', got '1/gama'; nearest is '1/gamma'"],
    [{ radius: -1 }, 'method.radius: expected a number above 0 or null, got -1'],
    [{ layers: [16, 0.5] }, 'method.layers.1: expected an integer of at least 1, got 0.5'],
    [{ layers: 16 }, 'method.layers: expected an array, each entry an integer of at least 1, got 16'],
    [{ gama: 1 }, "method.gama: expected the name of a setting, got 'gama'; nearest is 'gamma'"],
    [
      { optimizer: { name: 'adma' } },
      "method.optimizer.name: expected the name of an optimizer, got 'adma'; nearest is 'adam'",
    ],
    [
      { optimizer: { name: 'adam', lr: 0.1 } },
      'method.optimizer.lr: expected the name of a setting (learningRate, beta1, beta2, epsilon, biasCorrection, weightDecay), ' +
        "got 'lr'",
    ],
    [
      { optimizer: { name: 'adam', learningRate: { name: 'cosine', rate: 0.1, stepz: 5 } } },
      'method.optimizer.learningRate.steps: expected an integer of at least 1, got nothing',
      "method.optimizer.learningRate.stepz: expected the name of a setting, got 'stepz'; nearest is 'steps'",
    ],
    [
      { optimizer: 7 },
      'method.optimizer: expected the name of an optimizer, or an object with a name and settings, got 7',
    ],
    [
      { stepSize: 0 },
      "method.stepSize: expected a number above 0 or a schedule such as { name: 'cosine', rate: 0.1, steps: 1000 }, got 0",
    ],
    [
      { stepSize: { name: 'cosin', rate: 1 } },
      "method.stepSize.name: expected the name of a schedule, got 'cosin'; nearest is 'cosine'",
    ],
    [
      { gamma: 2, cap: 'x', layers: null },
      'method.gamma: expected a number in (0, 1], got 2',
      "method.cap: expected one of '1', '1/gamma', got 'x'",
      'method.layers: expected an array, each entry an integer of at least 1, got null',
    ],
  ] as const)
    it(`refuse ${JSON.stringify(given)} with all that is wrong`, () => {
      expect(problemsOf(given)).to.deep.equal(expected);
    });

  it('a rule over several settings is asked when each is right, and names the setting', () => {
    const ruled = defineSettings({ least: number(0, 'Lower end'), most: number(1, 'Upper end') }).and(
      ({ least, most }) => (least <= most ? null : { at: 'most', expected: `a number of at least least = ${least}` }),
    );
    expect(() => ruled.parse('x', { least: 2 })).to.throw('x.most: expected a number of at least least = 2, got 1');
    expect(() => ruled.parse('x', { least: 2, most: 'a' })).to.throw("x.most: expected a number, got 'a'");
    const more = ruled.with({ mean: number(0.5, 'Mean') });
    expect(() => more.parse('x', { least: 2 })).to.throw('least = 2');
  });

  it('groups, records, alternatives and the other kinds read what they take', () => {
    const inner = defineSettings({ rate: decay(0.9, 'Rate'), on: flag(false, 'On') });
    const all = defineSettings({
      part: group(inner, null, 'A part'),
      scales: record(positive(required, 'Factor'), {}, 'Factors by name'),
      cohort: either("'all' or an integer", [oneOf(['all'], 'all', ''), count(1, '')], 'all', 'Who'),
      share: probability(0, 'Share'),
      offset: integer(0, 'Offset', { least: -3, most: 3 }),
      floor: atLeastZero(0, 'Floor'),
      of: text(required, 'A name'),
    });
    const good = { part: { on: true }, scales: { a: 2 }, cohort: 4, share: 1, offset: -3, floor: 0, of: 'x' };
    expect(all.parse('', good)).to.deep.equal({ ...good, part: { rate: 0.9, on: true } });
    for (const [given, wrong] of [
      [{ part: { rate: 1 } }, 'part.rate: expected a number in [0, 1), got 1'],
      [{ part: 1 }, 'part: expected an object with rate, on or null, got 1'],
      [{ scales: { a: 0 } }, 'scales.a: expected a number above 0, got 0'],
      [{ cohort: 0 }, "cohort: expected 'all' or an integer, got 0"],
      [{ offset: 4 }, 'offset: expected an integer in [-3, 3], got 4'],
      [{ of: '' }, "of: expected a string that is not empty, got ''"],
      [{ of: undefined }, 'of: expected a string that is not empty, got nothing'],
    ] as const)
      expect(() => all.parse('', { ...good, ...given })).to.throw(wrong);
  });

  it('rows for the documentation hold name, what it takes, default and meaning', () => {
    expect(settings.rows()[1]).to.deep.equal({
      name: 'gamma',
      takes: 'a number in (0, 1]',
      byDefault: 0.1,
      meaning: 'Smallest ratio',
    });
  });
});

describe('nearest', () => {
  for (const [word, known, hint] of [
    ['lr', ['learningRate', 'beta1', 'beta2'], null],
    ['./opt.ts', ['momentum', 'adam'], null],
    ['finalAcuracy', ['finalLoss', 'finalAccuracy'], 'finalAccuracy'],
    ['LearningRate', ['learningRate'], 'learningRate'],
    ['sdg', ['sgd', 'dgd'], 'sgd'],
    ['fed', ['fedavg'], null],
    ['minst', ['mnist', 'none'], 'mnist'],
  ] as const)
    it(`'${word}' among ${known.join(', ')}: ${hint ?? 'none'}`, () => {
      expect(nearest(word, known)).to.equal(hint);
    });
});
