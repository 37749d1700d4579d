import { expect } from 'chai';
import { tokensOf } from './javascript-tokens.js';
import { applied, mutantsOf } from './mutants.js';

const texts = (source: string) => tokensOf(source).map(({ text }) => text);
const changed = (source: string) => mutantsOf(source).map((mutant) => [mutant.operator, applied(source, mutant)]);

const NESTED = ['$', '{a + `$', "{'}'}`}"].join('');

describe('mutation', () => {
  it('splits a source into its parts; quotes, templates, regular expressions and comments are no code', () => {
    expect(
      texts(`a >>> 2 /* - */ ** 1_0n; // x + y\nb = '1 + 2' ?? \`${NESTED}\`; c = d / 2 / e; f(/[/+]-/g)`),
    ).to.deep.equal(
      ['a', '>>>', '2', '**', '1_0n', ';', 'b', '=', "'1 + 2'", '??', `\`${NESTED}\``, ';'].concat([
        'c',
        '=',
        'd',
        '/',
        '2',
        '/',
        'e',
        ';',
        'f',
        '(',
        '/[/+]-/g',
        ')',
      ]),
    );
    expect(texts('x1e = 1.5e-3 + .5 - 0xff')).to.deep.equal(['x1e', '=', '1.5e-3', '+', '.5', '-', '0xff']);
  });

  it('makes one change at a time: arithmetic, comparison, boundary, logic, constants', () => {
    expect(changed('const y = a - 2;')).to.deep.equal([
      ['arithmetic', 'const y = a + 2;'],
      ['constant', 'const y = a - 3;'],
    ]);
    expect(changed('return a < b && c === 1;')).to.deep.equal([
      ['comparison', 'return a >= b && c === 1;'],
      ['boundary', 'return a <= b && c === 1;'],
      ['logic', 'return a < b || c === 1;'],
      ['comparison', 'return a < b && c !== 1;'],
      ['constant', 'return a < b && c === 0;'],
    ]);
    expect(changed('const y = -a;'), 'a sign is no subtraction').to.deep.equal([]);
    expect(changed("const y = 'n ' + a;"), 'text is not added up').to.deep.equal([]);
  });

  it('drops a call or an assignment that stands on a line of its own', () => {
    expect(
      changed('    sum.add(a);\n    x = y;\n    return x;').filter(([operator]) => operator === 'dropped statement'),
    ).to.deep.equal([
      ['dropped statement', '    ;\n    x = y;\n    return x;'],
      ['dropped statement', '    sum.add(a);\n    ;\n    return x;'],
    ]);
  });

  it('leaves imports, defaults of settings, names and what is thrown as they are', () => {
    for (const source of [
      "import { a } from './b-1.js';",
      "    decay: decay(0.99, 'a factor'),",
      '    buffer;',
      'const defaults = {\n    rate: 0.5,\n};',
      '    requireCount(a, 1);',
      '    throw new Error(1 + 1);',
      '    fraction: number.default(0.5),',
    ])
      expect(changed(source), source).to.deep.equal([]);
  });
});
