import type { Chapter } from './case.js';
import { countsOf, type Result } from './judge.js';

/** One case in text, with everything that a failure has to say. */
export function textOf({ id, title, section, verdict, expected, got, why, reason }: Result): string {
  const lines = [`${id.padEnd(7)} ${verdict.padEnd(14)} ${title}`];
  if (verdict === 'fail')
    lines.push(`        expected  ${expected}`, `        got       ${got}`, `        why       ${why} (${section})`);
  else if (reason !== undefined) lines.push(`        ${reason}`);
  return lines.join('\n');
}

export function totalOf(results: readonly Result[]): string {
  const counts = countsOf(results);
  return `${counts.pass} passed, ${counts.fail} failed, ${counts['not applicable']} not applicable, ${counts.inconclusive} inconclusive`;
}

export function listOf(chapters: readonly Chapter<never>[], ids: ReadonlySet<string>): string {
  return chapters
    .flatMap(({ title, cases }) => {
      const lines = cases.filter(({ id }) => ids.has(id)).map(({ id, title }) => `  ${id.padEnd(7)} ${title}`);
      return lines.length > 0 ? [title, ...lines] : [];
    })
    .join('\n');
}

/** A test suite in the form that build servers read. */
export function junitOf(subject: string, results: readonly Result[]): string {
  const counts = countsOf(results);
  const seconds = (ms: number) => (ms / 1000).toFixed(3);
  const total = results.reduce((sum, { ms }) => sum + ms, 0);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuite name="gradswarm conformance ${subject}" tests="${results.length}" failures="${counts.fail}" errors="${counts.inconclusive}" skipped="${counts['not applicable']}" time="${seconds(total)}">`,
    ...results.map((result) => {
      const { id, title, section, verdict, ms, reason = '', expected, got, why } = result;
      const name = `classname="${escaped(section)}" name="${escaped(`${id} ${title}`)}" time="${seconds(ms)}"`;
      if (verdict === 'pass') return `  <testcase ${name}/>`;
      const inner =
        verdict === 'fail'
          ? `<failure message="${escaped(why ?? '')}">${escaped(`expected ${expected}\ngot ${got}`)}</failure>`
          : verdict === 'inconclusive'
            ? `<error message="${escaped(reason)}"/>`
            : `<skipped message="${escaped(reason)}"/>`;
      return `  <testcase ${name}>${inner}</testcase>`;
    }),
    '</testsuite>',
    '',
  ].join('\n');
}

function escaped(text: string): string {
  const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  // XML 1.0 has no place for control characters.
  return text.replace(/\p{Cc}/gu, (one) => (one === '\n' ? one : '\ufffd')).replace(/[&<>"]/g, (one) => entities[one]!);
}
