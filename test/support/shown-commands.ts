import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A command line of gradswarm that a page shows. */
export interface ShownCommand {
  readonly page: string;
  readonly line: number;
  /** In a block of code, to be run as it is; else in running text, which leaves out what does not matter there. */
  readonly block: boolean;
  readonly words: readonly string[];
}

const PAGES = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md'];

/** Every command line of gradswarm in the README and under docs/, in order. `root`: of the repository. */
export function shownCommands(root: string): ShownCommand[] {
  const pages = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
  return [...PAGES, ...pages.map((name) => `docs/${name}`)].flatMap((page) =>
    commandsIn(readFileSync(join(root, page), 'utf8'), page),
  );
}

/** In a block of shell commands, after another command too; in other blocks a line that begins with it. */
const IN_SHELL = /(?:^|[" ])(?:npx )?gradswarm ([a-z-].*)$/;
const AT_START = /^ *(?:npx )?gradswarm ([a-z-].*)$/;

/** Those of one text; `page` is its name. */
export function commandsIn(text: string, page: string): ShownCommand[] {
  const commands: ShownCommand[] = [];
  let inBlock: RegExp | null = null;
  for (const [index, line] of text.split('\n').entries()) {
    if (line.startsWith('```')) inBlock = inBlock ? null : line.startsWith('```sh') ? IN_SHELL : AT_START;
    const shown = inBlock
      ? line.split(/ && | & ?|; ?|\|(?!\|)/).map((part) => inBlock!.exec(part)?.[1])
      : [...line.matchAll(/`(?:npx )?gradswarm ([a-z-][^`]*)`/g)].map(([, rest]) => rest);
    for (const rest of shown)
      if (rest !== undefined) commands.push({ page, line: index + 1, block: inBlock !== null, words: wordsOf(rest) });
  }
  return commands;
}

/** As a shell splits them, without comments and redirections. */
function wordsOf(rest: string): string[] {
  const text = rest
    .replace(/ {2,}\S.*$| +#.*$/, '')
    .replace(/\$\w+/g, '7')
    .replace(/ (?:2?>)+ ?\S+| 2>&1/g, '')
    // The end of a command that a shell was given in quotes.
    .replace(/^([^']*('[^']*'[^']*)*)'$|^([^"]*("[^"]*"[^"]*)*)"$/, '$1$3');
  return [...text.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g)].map(([word]) =>
    word.replace(/'([^']*)'|"([^"]*)"/g, '$1$2'),
  );
}
