import { type Token, tokensOf } from './javascript-tokens.js';

/** One change of a compiled file. */
export interface Mutant {
  readonly operator: 'arithmetic' | 'comparison' | 'boundary' | 'logic' | 'constant' | 'dropped statement';
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

const ARITHMETIC: Readonly<Record<string, string>> = {
  '+': '-',
  '-': '+',
  '*': '/',
  '/': '*',
  '%': '*',
  '**': '*',
  '+=': '-=',
  '-=': '+=',
  '*=': '/=',
  '/=': '*=',
};
const COMPARISON: Readonly<Record<string, string>> = {
  '<': '>=',
  '<=': '>',
  '>': '<=',
  '>=': '<',
  '===': '!==',
  '!==': '===',
};
const BOUNDARY: Readonly<Record<string, string>> = { '<': '<=', '<=': '<', '>': '>=', '>=': '>' };
const LOGIC: Readonly<Record<string, string>> = { '&&': '||', '||': '&&' };

/**
 * Lines left out: what a method declares, the defaults of settings (a scenario writes them out) and the checks
 * of settings, whose messages are tested where scenarios are resolved, and declarations of members. A dropped statement is a call or an assignment on a line of its own.
 */
const LEFT_OUT =
  /^\s*(import|export \{|\w+: (count|integer|number|positive|atLeastZero|fraction|probability|decay|text|real|choice|oneOf|flag|schedule|optimizer|list)\(|\}\)\.and\(|#?\w+;$|title:|url:|algorithm:|reconstruction:|name:|summary:|error:)|\.default\(|require[A-Z]\w*\(|throw /;
const STATEMENT =
  /^\s+(?!(return|const|let|throw|if|for|while|else|break|continue|case|default|do|await using)\b)[\w$.[\]!#]+.*;$/;

/** Every change of the fixed list that the file admits, in order of place. */
export function mutantsOf(source: string): Mutant[] {
  const lines = lineRanges(source).filter(({ text }) => !LEFT_OUT.test(text));
  const tokens = tokensOf(source);
  const defaults = defaultsRange(source);
  const inside = (start: number) =>
    lines.some((line) => start >= line.start && start < line.end) && !(start >= defaults[0] && start < defaults[1]);
  const found: Mutant[] = tokens.flatMap((token, i) => ofToken(token, tokens[i - 1], tokens[i + 1]));
  for (const { text, start, end } of lines) {
    if (!STATEMENT.test(text) || !balanced(text)) continue;
    const indent = /^\s*/.exec(text)![0].length;
    found.push({ operator: 'dropped statement', start: start + indent, end, replacement: ';' });
  }
  return found.filter(({ start }) => inside(start)).sort((one, other) => one.start - other.start);
}

export function applied(source: string, { start, end, replacement }: Mutant): string {
  return source.slice(0, start) + replacement + source.slice(end);
}

function ofToken({ kind, text, start, end }: Token, before: Token | undefined, after: Token | undefined): Mutant[] {
  const change = (operator: Mutant['operator'], replacement: string | undefined): Mutant[] =>
    replacement === undefined ? [] : [{ operator, start, end, replacement }];
  if (kind === 'number') return before?.text === '.' ? [] : change('constant', otherNumber(text));
  if (kind !== 'operator' || before?.kind === 'literal' || after?.kind === 'literal') return [];
  const binary =
    before !== undefined && (before.kind === 'number' || /[\w$)\]]$/.test(before.text)) && before.text !== 'return';
  return [
    ...(binary ? change('arithmetic', ARITHMETIC[text]) : []),
    ...change('comparison', COMPARISON[text]),
    ...change('boundary', BOUNDARY[text]),
    ...change('logic', LOGIC[text]),
  ];
}

function otherNumber(text: string): string {
  if (text.endsWith('n')) return `${BigInt(text.replaceAll('_', '').slice(0, -1)) + 1n}n`;
  const value = Number(text.replaceAll('_', ''));
  if (value === 1) return '0';
  return String(Number.isInteger(value) ? value + 1 : value * 2);
}

function lineRanges(source: string): { text: string; start: number; end: number }[] {
  let start = 0;
  return source.split('\n').map((text) => {
    const line = { text, start, end: start + text.length };
    start = line.end + 1;
    return line;
  });
}

/** The object of default settings at the top of a method. */
function defaultsRange(source: string): readonly [number, number] {
  const found = /^const defaults = \{[\s\S]*?^\};/m.exec(source);
  return found ? [found.index, found.index + found[0].length] : [0, 0];
}

function balanced(text: string): boolean {
  let depth = 0;
  for (const { kind, text: token } of tokensOf(text)) {
    if (kind !== 'operator') continue;
    if ('([{'.includes(token)) depth++;
    if (')]}'.includes(token)) depth--;
    if (depth < 0) return false;
  }
  return depth === 0;
}
