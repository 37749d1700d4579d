import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const PAGE = fileURLToPath(new URL('../../../../docs/security-tests.md', import.meta.url));

/** Prints a table of what was tried. With GRADSWARM_RECORD it becomes that section of docs/security-tests.md. */
export function record(section: string, lines: readonly string[]): void {
  console.log(lines.join('\n'));
  if (!process.env.GRADSWARM_RECORD) return;
  const page = readFileSync(PAGE, 'utf8');
  const [begin, end] = [`<!-- ${section}: begin -->`, `<!-- ${section}: end -->`];
  const text = `${begin}\n\n${lines.join('\n')}\n\n${end}`;
  writeFileSync(PAGE, page.slice(0, page.indexOf(begin)) + text + page.slice(page.indexOf(end) + end.length));
}
