import { expect } from 'chai';
import { fullerSection, seedSection, seedSections, trialsIn } from '../../../scenarios/report/seed-sections.js';

const trial = (expectation: string, held: number, trials: number) => ({
  expectation,
  held,
  trials,
  range: [0.5, 2] as const,
  margin: 3,
});
const written = (...trials: ReturnType<typeof trial>[]) => seedSection('one', '1000, 1100', trials);

describe('sections of scenarios at other seeds', () => {
  it('are read from a page as they were written, other sections left out', () => {
    const one = written(trial('below of x | y, value 1', 3, 4), trial('finite', 4, 4));
    const two = { ...seedSection('two', '1000', [trial('finite', 1, 1)]), name: 'two' };
    const page = ['# Verification', '', ...one.lines, '', ...two.lines, '', '<!-- seeds: end -->', '| a | 1 of 9 |'];
    const read = seedSections([...page, '## Planted errors', '| b | 2 of 9 |'].join('\n'));
    expect(read.map(({ name, lines }) => ({ name, lines }))).to.deep.equal(
      [one, two].map(({ name, lines }) => ({ name, lines })),
    );
    expect(read[0]!.rows).to.deep.equal([
      { expectation: 'below of x | y, value 1', held: 3, trials: 4 },
      { expectation: 'finite', held: 4, trials: 4 },
    ]);
    expect(trialsIn(read[0]!)).to.equal(4);
  });

  it('stay where fewer records are at hand, or none, and are left out where the expectations are other ones', () => {
    const [few, many] = [written(trial('finite', 1, 1)), written(trial('finite', 9, 9))];
    expect(fullerSection(few, many, ['finite'])).to.equal(many);
    expect(fullerSection(many, few, ['finite'])).to.equal(many);
    expect(fullerSection(undefined, many, ['finite'])).to.equal(many);
    expect(fullerSection(few, many, ['bounded'])).to.equal(few);
    expect(fullerSection(undefined, many, ['finite', 'bounded'])).to.equal(null);
  });
});
