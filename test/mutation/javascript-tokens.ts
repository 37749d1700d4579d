/** A part of a compiled file. Text in quotes, templates, regular expressions and comments are one token each, or none. */
export interface Token {
  readonly kind: 'word' | 'number' | 'operator' | 'literal';
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const OPERATORS = [
  ['>>>=', '...', '===', '!==', '**=', '<<=', '>>=', '>>>', '&&=', '||=', '??='],
  ['=>', '==', '!=', '<=', '>=', '&&', '||', '??', '?.', '++', '--', '+=', '-=', '*=', '/=', '%=', '&=', '|=', '^='],
  ['**', '<<', '>>'],
].flat();
const WORD = /[\p{L}\p{N}_$#]+/uy;
const NUMBER = /0[xX][0-9a-fA-F_]+n?|\d[\d_]*n|(\d[\d_]*\.?[\d_]*|\.\d[\d_]*)([eE][+-]?\d+)?/y;

/** Where a `/` after this token begins a regular expression: not after a value. */
const endsValue = (token: Token | undefined): boolean =>
  token !== undefined &&
  (token.kind === 'number' ||
    token.kind === 'literal' ||
    (token.kind === 'word' && !/^(return|typeof|case|in|of|await|yield)$/.test(token.text)) ||
    /^[)\]}]$/.test(token.text));

/** Splits what the compiler wrote: no syntax error is expected in it. */
export function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const push = (kind: Token['kind'], end: number) => {
    tokens.push({ kind, text: source.slice(at, end), start: at, end });
    at = end;
  };
  while (at < source.length) {
    const char = source[at]!;
    if (/\s/.test(char)) at++;
    else if (source.startsWith('//', at)) at = indexOr(source, '\n', at);
    else if (source.startsWith('/*', at)) at = indexOr(source, '*/', at) + 2;
    else if (char === "'" || char === '"' || char === '`') push('literal', afterQuoted(source, at));
    else if (char === '/' && !endsValue(tokens.at(-1))) push('literal', afterRegularExpression(source, at));
    else if (/\d/.test(char) || (char === '.' && /\d/.test(source[at + 1] ?? '')))
      push('number', match(NUMBER, source, at));
    else if (match(WORD, source, at) > at) push('word', match(WORD, source, at));
    else push('operator', at + (OPERATORS.find((operator) => source.startsWith(operator, at))?.length ?? 1));
  }
  return tokens;
}

function indexOr(source: string, text: string, from: number): number {
  const found = source.indexOf(text, from);
  return found < 0 ? source.length : found;
}

function match(pattern: RegExp, source: string, at: number): number {
  pattern.lastIndex = at;
  return at + (pattern.exec(source)?.[0].length ?? 0);
}

function afterQuoted(source: string, start: number): number {
  const quote = source[start]!;
  let at = start + 1;
  while (at < source.length && source[at] !== quote) {
    if (source[at] === '\\') at += 2;
    else if (quote === '`' && source.startsWith('${', at)) at = afterBraces(source, at + 2);
    else at++;
  }
  return at + 1;
}

/** From within the braces of a template to behind them. */
function afterBraces(source: string, start: number): number {
  let depth = 1;
  let at = start;
  while (at < source.length && depth > 0) {
    const char = source[at]!;
    if (char === "'" || char === '"' || char === '`') at = afterQuoted(source, at);
    else {
      if (char === '{') depth++;
      if (char === '}') depth--;
      at++;
    }
  }
  return at;
}

function afterRegularExpression(source: string, start: number): number {
  let at = start + 1;
  let inClass = false;
  while (at < source.length && (inClass || source[at] !== '/')) {
    if (source[at] === '\\') at++;
    else if (source[at] === '[') inClass = true;
    else if (source[at] === ']') inClass = false;
    at++;
  }
  return match(/[a-z]*/y, source, at + 1);
}
