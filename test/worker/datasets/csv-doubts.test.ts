import '../../support/loaded-rules.js';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { rootStream } from '../../../protocol/numerics/random.js';
import type { Dataset } from '../../../worker/datasets/dataset.js';
import { canonicalNumber, isInfinite, isMissing } from '../../../worker/datasets/tables/cells.js';
import { loadDataset } from '../../support/load-dataset.js';
import { refuses } from './refusal.js';

/** `rows` rows of a standard normal and a class in 0, 1, after the header. */
function table(rows: number, cell: (row: number) => string, header = 'x,b,y'): string {
  const draws = rootStream(5, 'float64').normal(rows);
  return [header, ...Array.from({ length: rows }, (_, i) => `${draws[i]},${cell(i)},${i % 2}`)].join('\n');
}

describe('a CSV file is never guessed in silence', () => {
  let folder = '';
  let path = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'gradswarm-csv-'));
    path = join(folder, 'table.csv');
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  const load = (text: string, settings: object = {}, seed = 1): Dataset => {
    writeFileSync(path, text);
    return loadDataset({ name: 'csv-table', path, ...settings }, rootStream(seed, 'float32'));
  };

  it('says what it decided: header, target and classes, groups, one-hot, rows left out, constant columns, scaling, split', () => {
    const text = 'x,colour,owner,k,y\n1,red,a,7,no\n2,blue,b,7,yes\n3,red,a,7,no\nNA,red,b,7,yes\n5,blue,a,7,no\n';
    const settings = { categorical: 'one-hot', missing: 'drop', groupColumn: 'owner', testShare: 0.25 };
    expect(load(text, settings).decisions).to.deep.equal([
      'header: line 1 (texts above columns of numbers)',
      'left out: 1 of 5 rows with missing values (lines 5)',
      "target: 'y', 2 classes (no, yes)",
      "groups: 'owner', 2 of them",
      'features: 2 number columns (x, k)',
      "one-hot: 'colour' as 2 columns (blue, red)",
      'constant, and so without effect: k',
      'scaled: number columns to mean 0 and standard deviation 1 of the 3 training rows',
      'split: 3 rows to train, 1 to test, by the seed',
    ]);
  });

  it('quotes a cell without its power over the terminal', () => {
    const sneaky = table(20, (row) => (row === 3 ? '\u001b[2J\u0000red' : '1.5'));
    refuses(() => load(sneaky), 'ERR_DATA_FORMAT', /expected a number, got '\ufffd\[2J\ufffdred'/);
  });

  describe('header', () => {
    it('a number among names above numbers is refused with the setting that decides', () => {
      const text = '0,1,label\n1.5,2,0\n3,4,1\n5,6,0\n';
      refuses(() => load(text), 'ERR_DATA_FORMAT', /line 1: 'label'/, /'0' is a number/, /set header: 'yes'.*'no'/);
      expect(load(text, { header: 'yes', testShare: 0.34 }).classNames).to.deep.equal(['0', '1']);
    });

    it('column numbers 0, 1, 2 above numbers are refused, other numbers are a row', () => {
      refuses(() => load('0,1,2\n4,5,1\n6,7,0\n'), 'ERR_DATA_FORMAT', /line 1: 0, 1, 2 counts the columns/);
      const { train, test } = load('0,1,1\n4,5,1\n6,7,0\n', { testShare: 0.34 });
      expect(train.count + test.count).to.equal(3);
    });

    it('numbers that count on by a step are refused as well, and so are numbers of another kind than those below', () => {
      const rows = Array.from({ length: 12 }, (_, i) => `${i * 0.37 + 0.11},${i * 7},${i % 2}`).join('\n');
      for (const first of ['1,2,3', '2019,2020,2021', '10,20,30'])
        refuses(
          () => load(`${first}\n${rows}`),
          'ERR_DATA_FORMAT',
          /line 1: .* counts the columns/,
          /set header: 'yes'/,
        );
      refuses(() => load(`4,7,1\n${rows}`), 'ERR_DATA_FORMAT', /line 1: '4' is of another kind/);
      refuses(() => load(`0.5,7,3\n${rows}`), 'ERR_DATA_FORMAT', /line 1: '3' is of another kind/);
      const { train, test } = load(`0.5,100,1\n${rows}`);
      expect(train.count + test.count).to.equal(13);
      expect(load(`1,2,3\n${rows}`, { header: 'no' }).classNames).to.deep.equal(['0', '1', '3']);
    });

    it('texts above texts are a header unless one is further down', () => {
      const text = 'colour,size,label\nred,small,a\nblue,large,b\nred,large,a\n';
      expect(load(text, { categorical: 'one-hot', testShare: 0.34 }).classNames).to.deep.equal(['a', 'b']);
      refuses(
        () => load('red,small,a\nblue,large,b\nred,large,a\n', { categorical: 'one-hot' }),
        'ERR_DATA_FORMAT',
        /line 1: no column holds numbers, and 'red' is further down/,
      );
    });

    it('a column without a name is refused', () => {
      refuses(() => load(',x,y\n0,1.5,0\n1,2.5,1\n', { header: 'yes' }), 'ERR_DATA_FORMAT', /line 1/, /column 1 of 3/);
    });
  });

  describe('target', () => {
    it('forty different real numbers are no classes, and are targets of a regression', () => {
      const draws = rootStream(6, 'float64').normal(80);
      const text = `a,y\n${Array.from({ length: 40 }, (_, i) => `${draws[i]},${draws[40 + i]}`).join('\n')}\n`;
      refuses(() => load(text), 'ERR_DATA_FORMAT', /column 'y'/, /40 different values/, /set task: 'regression'/);
      expect(load(text, { task: 'regression' }).train.targets.length).to.equal(32);
    });

    it('thirty whole numbers in ninety rows are no classes, ten are; names of each row are no classes', () => {
      const rows = (count: number) =>
        `x,y\n${Array.from({ length: 90 }, (_, i) => `${i / 7},${i % count}`).join('\n')}\n`;
      refuses(() => load(rows(30)), 'ERR_DATA_FORMAT', /30 different values in 90 rows/);
      expect(load(rows(10)).classCount).to.equal(10);
      const named = `x,y\n${Array.from({ length: 30 }, (_, i) => `${i},name-${i}`).join('\n')}\n`;
      refuses(() => load(named), 'ERR_DATA_FORMAT', /30 different values in 30 rows/);
    });

    it('one class in every row is refused', () => {
      refuses(() => load('x,y\n1,a\n2,a\n3,a\n'), 'ERR_DATA_FORMAT', /at least 2 classes, got 'a' in every row/);
    });

    it('1 and 1.0, or Yes and yes, are refused by line and become one class or two by the setting', () => {
      const numbers = 'x,y\n1,1\n2,1.0\n3,0\n4,0\n';
      refuses(
        () => load(numbers),
        'ERR_DATA_FORMAT',
        /line 3, column 'y': '1\.0' and '1' of line 2/,
        /spelling: 'merge'/,
      );
      expect(load(numbers, { spelling: 'merge' }).classNames).to.deep.equal(['0', '1']);
      expect(load(numbers, { spelling: 'exact' }).classCount).to.equal(3);
      const texts = 'x,y\n1,Yes\n2,no\n3,yes\n4,no\n';
      refuses(() => load(texts), 'ERR_DATA_FORMAT', /line 4, column 'y': 'yes' and 'Yes' of line 2/);
      const merged = load(texts, { spelling: 'merge', testShare: 0.25, standardise: false });
      expect(merged.classNames).to.deep.equal(['Yes', 'no']);
    });

    it('groups and one-hot categories are spelt one way too', () => {
      const text = 'x,site,y\n1,A,0\n2,a,1\n3,B,0\n4,B,1\n';
      refuses(() => load(text, { groupColumn: 'site' }), 'ERR_DATA_FORMAT', /line 3, column 'site'/);
      refuses(() => load(text, { categorical: 'one-hot' }), 'ERR_DATA_FORMAT', /line 3, column 'site'/);
    });
  });

  describe('text', () => {
    const rows = 'x,y\n1,a\n2,b\n3,a\n4,b\n';
    const write = (...bytes: number[]) => {
      writeFileSync(path, Buffer.concat([Buffer.from(rows), Buffer.from([0x35, 0x2c, ...bytes, 0x0a])]));
      return () => loadDataset({ name: 'csv-table', path }, rootStream(1, 'float32'));
    };

    it('in another encoding is refused with its line, not read as one class for all its letters', () => {
      // Of ISO 8859-1: é and ü. Both would be read as U+FFFD.
      for (const byte of [0xe9, 0xfc])
        refuses(write(byte), 'ERR_DATA_FORMAT', /line 6: expected text in UTF-8, got bytes of another encoding/);
    });

    it('that holds the sign for unknown characters itself is taken as it is', () => {
      expect(write(0xef, 0xbf, 0xbd)().classNames).to.deep.equal(['a', 'b', '\uFFFD']);
    });

    it('between other signs is refused with the setting of the delimiter', () => {
      const semicolons = rows.replaceAll(',', ';');
      refuses(
        () => load(semicolons, { target: 'y' }),
        'ERR_DATA_FORMAT',
        /columns: x;y; line 1 holds ';': set delimiter/,
      );
      refuses(
        () => load('x;y\n0,5;a\n', {}),
        'ERR_DATA_FORMAT',
        /line 2: expected 1 values as in line 1, got 2; set delimiter/,
      );
    });
  });

  describe('numbers', () => {
    it('a column that is constant in the training rows alone is refused, and left unscaled by the setting', () => {
      const text = table(60, (i) => (i === 41 ? '14.63' : '14.62'));
      const seeds = Array.from({ length: 40 }, (_, seed) => seed);
      const refused = seeds.filter((seed) => {
        try {
          load(text, {}, seed);
          return false;
        } catch (error) {
          expect((error as Error).message).to.match(/line 43, column 'b': '14\.63' differs from 14\.62/);
          return true;
        }
      });
      // Row 41 is a test row with probability 0.2: 8 of 40 expected, standard deviation 2.5.
      expect(refused.length).to.be.within(1, 20);
      const { train, test } = load(text, { constant: 'zero' }, refused[0]);
      for (const value of [...train.features, ...test.features]) expect(Math.abs(value)).to.be.below(10);
    });

    it('a constant column with a rounding error of its mean stays 0 in every row', () => {
      const { train, test } = load(table(61, () => '14.62'));
      const seconds = [train, test].flatMap(({ features, count }) =>
        Array.from({ length: count }, (_, i) => features[2 * i + 1]),
      );
      expect(new Set(seconds)).to.deep.equal(new Set([0]));
    });

    it('a column that is constant up to rounding is refused, and 0 in every row by the setting', () => {
      const odd = { sums: ['0.3', '0.30000000000000004'], nanoseconds: ['1700000000000000512', '1700000000000001024'] };
      for (const [name, [first, second]] of Object.entries(odd)) {
        const text = table(60, (i) => (i % 2 ? second! : first!));
        refuses(
          () => load(text),
          'ERR_DATA_FORMAT',
          new RegExp(`line \\d+, column 'b': '${first}' and '${second}'|'${second}' and '${first}'`),
          /differ by less than 1e-12 of their size.*set constant: 'zero'/,
        );
        const { train, test, decisions } = load(text, { constant: 'zero' });
        const seconds = [train, test].flatMap(({ features, count }) =>
          Array.from({ length: count }, (_, i) => features[2 * i + 1]),
        );
        expect(new Set(seconds), name).to.deep.equal(new Set([0]));
        expect(decisions).to.include('constant, and so without effect: b');
      }
    });

    it('every word for a missing value is one, never a category', () => {
      for (const word of ['NA', 'NaN', 'null', 'None', '?', 'n/a']) {
        expect(isMissing(word), word).to.equal(true);
        const text = `x,c,y\n1,red,0\n2,${word},1\n3,blue,0\n4,red,1\n`;
        refuses(
          () => load(text, { categorical: 'one-hot' }),
          'ERR_DATA_FORMAT',
          /line 3, column 'c'/,
          /missing: 'drop'/,
        );
      }
      expect(isMissing('nap')).to.equal(false);
    });

    it('an infinite number is refused whatever the setting', () => {
      for (const word of ['inf', '-Infinity', '1e999']) {
        expect(isInfinite(word), word).to.equal(true);
        refuses(() => load(`x,y\n1,0\n${word},1\n3,0\n`, { missing: 'drop' }), 'ERR_DATA_FORMAT', /line 3, column 'x'/);
      }
    });

    it('numbers that 32 bits cannot represent or distinguish are refused', () => {
      const huge = table(20, (i) => `${i}e40`);
      refuses(() => load(huge, { standardise: false }), 'ERR_DATA_FORMAT', /line 3, column 'b'/, /within 3\.4e38/);
      const identifiers = table(20, (i) => `${9_000_000_000 + i}`);
      refuses(
        () => load(identifiers, { standardise: false }),
        'ERR_DATA_FORMAT',
        /column 'b'/,
        /same number in 32 bits/,
      );
      expect(load(identifiers).featureShape).to.deep.equal([2]);
    });

    it('of one value that leaves no digits to the others its own line is named, and no setting that is set already', () => {
      const outlier = table(20, (i) => (i === 9 ? '1e39' : `${i}.5`));
      refuses(() => load(outlier), 'ERR_DATA_FORMAT', /'1e39' of line 11; correct that value/);
      expect(() => load(outlier)).to.not.throw(/standardise/);
    });

    it('a text among numbers is a mistake even where categories are allowed', () => {
      const text = table(20, (i) => (i === 11 ? '1,5' : `${i}`).replace(',', ';'));
      refuses(() => load(text, { categorical: 'one-hot' }), 'ERR_DATA_FORMAT', /line 13, column 'b'/, /19 of 20 rows/);
    });

    it('a number has one canonical form however it is written, and digits beyond a double count', () => {
      for (const text of ['1', '1.0', '+1', '01', '1e0', '0.1e1', '10e-1'])
        expect(canonicalNumber(text)).to.equal('1e0');
      for (const text of ['0', '-0', '0.00', '.0e5']) expect(canonicalNumber(text)).to.equal('0e0');
      expect(canonicalNumber('-120')).to.equal('-12e1');
      expect(canonicalNumber('12345678901234567890')).to.not.equal(canonicalNumber('12345678901234567891'));
    });
  });

  it('a share that leaves nothing to test or to train is refused with the shares that do', () => {
    const text = table(10, (i) => `${i}`);
    refuses(
      () => load(text, { testShare: 0.01 }),
      'ERR_DATA_FORMAT',
      /testShare/,
      /0\.01 of 10 rows/,
      /0\.05 and 0\.95/,
    );
    refuses(() => load(text, { testShare: 0 }), 'ERR_DATA_FORMAT', /0 of 10 rows/);
    refuses(() => load(text, { testShare: 1 }), 'ERR_DATA_FORMAT', /1 of 10 rows/);
    expect(load(text, { testShare: 0.05 }).test.count).to.equal(1);
  });

  describe('the line of the fault', () => {
    it('a quote that is never closed: the line that opens it', () => {
      const lines = Array.from({ length: 300 }, (_, i) => `${i},a,${i % 2}`);
      lines[5] = '5,"a,1';
      refuses(() => load(`x,c,y\n${lines.join('\n')}\n`), 'ERR_DATA_FORMAT', /line 7: a quote is opened/);
    });

    it('a row of another length, after empty lines and quoted line breaks', () => {
      refuses(() => load('a,b\n1,2\n\n"3",4\n5\n'), 'ERR_DATA_FORMAT', /line 5: expected 2 values as in line 1, got 1/);
      refuses(() => load('a,b\n"x\ny",2\n3,4,5\n'), 'ERR_DATA_FORMAT', /line 4: expected 2 values/);
    });

    it('a value after a quoted line break and an empty line', () => {
      const text = 'c,x,y\n"a\nb",1,0\n\nc,oops,1\na,3,0\n';
      refuses(() => load(text, { target: 'y' }), 'ERR_DATA_FORMAT', /line 2, column 'c'|line 5, column 'x'/);
    });

    it('another delimiter is named', () => {
      refuses(() => load('a;b;y\n1;2;0\n3;4;1\n'), 'ERR_DATA_FORMAT', /set delimiter/);
    });
  });
});
