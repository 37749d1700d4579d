import type { Chapter } from './case.js';
import { chaptersOf, SUBJECTS } from './chapters.js';

const MADE = 'Made from the code by `npm run docs`; not edited by hand.';

/** The heading's place in the page, as a link. */
function linkOf(section: string): string {
  const [heading, page = 'protocol.md'] = section.split(': ').reverse() as [string, string | undefined];
  return `[${heading}](${page})`;
}

/** docs/conformance-cases.md: every case with its sentence and the section that says so. */
export async function casesPage(): Promise<string> {
  const lines = ['# Cases of the conformance kit', '', MADE, ''];
  for (const subject of SUBJECTS) {
    const chapters = await chaptersOf<never>(subject);
    const count = chapters.reduce((sum, { cases }) => sum + cases.length, 0);
    lines.push(`[A ${subject}](#a-${subject}): ${count} cases. `);
  }
  for (const subject of SUBJECTS) {
    lines.push('', `## A ${subject}`);
    for (const chapter of await chaptersOf<never>(subject)) lines.push('', ...tableOf(chapter));
  }
  return `${lines.join('\n')}\n`;
}

function tableOf({ title, cases }: Chapter<never>): string[] {
  return [
    `### ${title}`,
    '',
    '| case | a right implementation | section |',
    '| --- | --- | --- |',
    ...cases.map(({ id, title, section }) => `| ${id} | ${title.replaceAll('|', '\\|')} | ${linkOf(section)} |`),
  ];
}
