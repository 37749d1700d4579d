import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PAGE = join(fileURLToPath(new URL('../../../', import.meta.url)), 'docs', 'verification.md');
const INTRODUCTION =
  '# Verification\n\nHow the shipped scenarios were tried. Written by scripts; not edited by hand.\n';

/** docs/verification.md as it is; empty but for its title: there is none. */
export function existingPage(path: string = PAGE): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : INTRODUCTION;
}

/** Puts one script's section into docs/verification.md, in the place of what it wrote before. */
export function writeSection(name: string, lines: readonly string[], path: string = PAGE): void {
  const page = existingPage(path);
  const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
  const section = `${begin}\n\n${lines.join('\n')}\n\n${end}`;
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  const changed = from < 0 ? `${page}\n${section}\n` : page.slice(0, from) + section + page.slice(to + end.length);
  writeFileSync(path, changed);
}
