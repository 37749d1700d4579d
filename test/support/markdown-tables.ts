/** A table of a page, by the text of its first heading cell. */
export interface MarkdownTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const cells = (line: string): string[] =>
  line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim().replaceAll('\\|', '|'));

/** All tables of a page in Markdown, in order. */
export function tablesOf(page: string): readonly MarkdownTable[] {
  const tables: MarkdownTable[] = [];
  const lines = page.split('\n');
  for (let at = 0; at < lines.length; at++) {
    if (!/^\|[\s|:-]+\|$/.test(lines[at]!)) continue;
    const rows: string[][] = [];
    for (let row = at + 1; lines[row]?.startsWith('|'); row++) rows.push(cells(lines[row]!));
    tables.push({ head: cells(lines[at - 1]!), rows });
  }
  return tables;
}

/** What stands between backticks. */
export const codeIn = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code!);

const SUPERSCRIPTS: Readonly<Record<string, string>> = Object.fromEntries(
  [...'⁰¹²³⁴⁵⁶⁷⁸⁹'].map((sign, i) => [sign, `${i}`]),
);

/** A formula as the pages write it, with these values for its words. */
export function resultOf(formula: string, words: Readonly<Record<string, number>>): number {
  let text = formula.replaceAll('`', '');
  for (const [word, value] of Object.entries(words).sort(([a], [b]) => b.length - a.length))
    text = text.replaceAll(new RegExp(`(?<![A-Za-z])${word}(?![A-Za-z])`, 'g'), `(${value})`);
  text = text
    .replace(
      /(\d+)([⁰¹²³⁴⁵⁶⁷⁸⁹]+)/g,
      (_, base, power) => `(${base} ** ${[...power].map((sign) => SUPERSCRIPTS[sign]).join('')})`,
    )
    .replaceAll('×', '*')
    .replaceAll('−', '-')
    .replaceAll(' mod ', ' % ')
    .replace(/(\d) ⌊/g, '$1 * ⌊')
    .replaceAll('⌊', 'Math.floor(')
    .replaceAll('⌋', ')');
  return new Function(`return ${text};`)() as number;
}
