import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { type Case, equal, Failed, NotApplicable, NotReached, required } from '../../../scenarios/conformance/case.js';
import { chaptersOf, chosen, SUBJECTS } from '../../../scenarios/conformance/chapters.js';
import { countsOf, judge, type Result } from '../../../scenarios/conformance/judge.js';
import { junitOf, textOf, totalOf } from '../../../scenarios/conformance/print.js';

const docs = (page: string): string =>
  readFileSync(fileURLToPath(new URL(`../../../../docs/${page}`, import.meta.url)), 'utf8');

/** Is there such a heading, or a paragraph that begins with these words in bold? */
function hasSection(section: string): boolean {
  const [heading, page] = section.split(': ').reverse() as [string, string | undefined];
  const lines = docs(page ?? 'protocol.md').split('\n');
  return lines.some(
    (line) =>
      line.replace(/^#+ /, '') === heading || line.startsWith(`**${heading}**`) || line.startsWith(`**${heading}.**`),
  );
}

const made = (id: string, run: () => Promise<void>): Case<null> => ({
  id,
  title: `case ${id}`,
  section: 'Joining',
  run,
});
const cases: readonly Case<null>[] = [
  made('1.1.1', async () => {}),
  made('1.1.2', async () => equal(new Uint8Array([1, 255]), new Uint8Array([1, 254]), 'the bytes & "more"')),
  made('1.2.1', async () => {
    throw new NotApplicable('no peers');
  }),
  made('1.2.2', async () => {
    throw new NotReached('no hello');
  }),
  made('1.2.3', () => required('a hello', 'workers greet', Promise.reject(new NotReached('none within 5 ms')))),
  made('1.10.1', async () => {
    throw new TypeError('a mistake of the kit');
  }),
];

async function judged(): Promise<readonly Result[]> {
  return judge(cases, { open: async () => null, close: async () => {} }, 3, () => {});
}

describe('the conformance kit', () => {
  for (const subject of SUBJECTS)
    it(`has cases for a ${subject} with ids that rise, and sections that the text has`, async () => {
      const chapters = await chaptersOf<never>(subject);
      const all = chapters.flatMap(({ cases }) => cases);
      const ids = all.map(({ id }) => id);
      const sorted = [...ids].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
      expect(ids).to.deep.equal(sorted);
      expect(new Set(ids).size).to.equal(ids.length);
      expect(ids.filter((id) => !/^\d+\.\d+\.\d+$/.test(id))).to.deep.equal([]);
      expect(
        all.filter(({ section }) => !hasSection(section)).map(({ id, section }) => `${id} ${section}`),
      ).to.deep.equal([]);
      expect(all.filter(({ title }) => /[.A-Z]$|^[A-Z][a-z]/.test(title)).map(({ title }) => title)).to.deep.equal([]);
    });

  it('gives each verdict its cause, and takes a mistake of its own for inconclusive', async () => {
    const results = await judged();
    expect(results.map(({ verdict }) => verdict)).to.deep.equal([
      'pass',
      'fail',
      'not applicable',
      'inconclusive',
      'fail',
      'inconclusive',
    ]);
    expect(results[1]).to.include({ expected: '01fe', got: '01ff' });
    expect(results[4]).to.include({ expected: 'a hello', got: 'none within 5 ms', why: 'workers greet' });
    expect(results[5]!.reason).to.include('a mistake of the kit');
    expect(countsOf(results)).to.deep.equal({ pass: 1, fail: 2, 'not applicable': 1, inconclusive: 2 });
    expect(totalOf(results)).to.equal('1 passed, 2 failed, 1 not applicable, 2 inconclusive');
  });

  it('prints what was expected, what came and why; XML is escaped', async () => {
    const results = await judged();
    expect(
      textOf(results[1]!)
        .split('\n')
        .map((line) => line.trim()),
    ).to.deep.equal([
      '1.1.2   fail           case 1.1.2',
      'expected  01fe',
      'got       01ff',
      'why       the bytes & "more" (Joining)',
    ]);
    expect(junitOf('worker', results)).to.include(
      '<failure message="the bytes &amp; &quot;more&quot;">expected 01fe\ngot 01ff</failure>',
    );
  });

  it('finds cases by their id, its beginning, or words', () => {
    const ids = (...patterns: string[]) => chosen([{ title: '', cases }], patterns).map(({ id }) => id);
    expect(ids('1.1')).to.deep.equal(['1.1.1', '1.1.2']);
    expect(ids('1.2.2', '1.10.1')).to.deep.equal(['1.2.2', '1.10.1']);
    expect(ids('case 1.2.*')).to.deep.equal(['1.2.1', '1.2.2', '1.2.3']);
    expect(ids('1.3')).to.deep.equal([]);
  });

  it('takes an integer and a float of the same value for equal, and no text for a number', () => {
    equal({ b: 2n, a: [1] }, { a: [1], b: 2 }, '');
    expect(() => equal('1', 1, '')).to.throw(Failed);
  });
});
