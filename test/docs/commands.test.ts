import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { Command } from 'commander';
import { program } from '../../scenarios/commands/program.js';
import { commandsIn, type ShownCommand, shownCommands } from '../support/shown-commands.js';

/** Names of all commands: none is called ''. */
const VERBS = (await program('')).commands.map((one) => one.name());

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** Takes a command line apart as the command does, and does nothing. */
async function parsed(words: readonly string[]): Promise<void> {
  const root = await program(words[0]);
  disarm(root);
  await root.parseAsync([...words], { from: 'user' });
}

/** The command of a line in running text, which leaves out what does not matter there, must have the options that it names. */
async function optionsOf([verb, second]: readonly string[]): Promise<readonly string[]> {
  const first = (await program(verb)).commands.find((one) => one.name() === verb);
  const command = first?.commands.find((one) => one.name() === second) ?? first;
  return ['--help', ...(command?.options ?? []).map(({ long }) => long ?? '')];
}

async function helpOf(verb: string): Promise<string> {
  let help = '';
  const command = (await program(verb)).commands.find((one) => one.name() === verb);
  command!.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
  return help.slice(help.indexOf('\nExamples:'));
}

function disarm(command: Command): void {
  command.exitOverride().configureOutput({ writeErr: () => {}, writeOut: () => {} });
  if (command.commands.length === 0) command.action(() => {});
  for (const one of command.commands) disarm(one);
}

const SCENARIOS = readdirSync(`${ROOT}scenarios/library`).map((name) => name.replace(/\.ts$/, ''));

async function check({ words, block }: ShownCommand): Promise<void> {
  const [verb, second, third] = words;
  if (block) await parsed(words);
  else {
    expect(VERBS).to.include(verb);
    expect(await optionsOf(words)).to.include.members(words.filter((word) => /^--\w/.test(word)));
  }
  const runs = ['run', 'serve', 'search'].includes(verb!);
  const scenario = runs ? second : verb === 'swarm' && second === 'up' ? third : undefined;
  if (scenario && !/[./]|^[A-Z]+$/.test(scenario)) expect(SCENARIOS).to.include(scenario);
}

describe('commands that pages show', () => {
  const commands = shownCommands(ROOT);

  it('are found', () => {
    expect(commands.filter(({ block }) => block)).to.have.length.greaterThan(60);
  });

  for (const page of new Set(commands.map(({ page }) => page)))
    it(`${page}: each has the options, and each shipped scenario the name, that it shows`, async () => {
      for (const command of commands.filter((one) => one.page === page))
        await check(command).catch((error: Error) => {
          expect.fail(`${page}:${command.line}: gradswarm ${command.words.join(' ')}: ${error.message}`);
        });
    });

  it('the examples that the help of each command gives are commands with these options', async () => {
    let examples = 0;
    for (const verb of VERBS)
      for (const command of commandsIn(`\`\`\`\n${await helpOf(verb)}\n\`\`\``, `help of ${verb}`)) {
        await check(command).catch((error: Error) => expect.fail(`${command.words.join(' ')}: ${error.message}`));
        examples++;
      }
    expect(examples).to.be.greaterThan(VERBS.length);
  });

  it('an option that does not exist is noticed', async () => {
    let message = '';
    await parsed(['run', 'quick-start', '--no-such-option']).catch((error: Error) => (message = error.message));
    expect(message).to.equal("error: unknown option '--no-such-option'");
  });
});
