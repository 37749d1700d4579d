import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Argument, Command } from 'commander';
import { GradswarmError } from '../../protocol/errors.js';
import { STARTING_POINTS, type StartingPoint, startingPoint } from '../start/starting-points.js';

const EXAMPLES = `
A method, codec, objective or data set is written with a test and a scenario that runs it; a project is a folder with a method, its
package.json and tsconfig.json.

Examples:
  gradswarm new method my-method && gradswarm check ./my-method.ts && gradswarm run my-method.json
  gradswarm new project my-study && cd my-study && npm install && npm test && npm start`;

/** `gradswarm new`. */
export function newCommand(): Command {
  return new Command('new')
    .description('write a small starting point that passes check and runs')
    .addArgument(new Argument('<kind>', 'what to begin').choices(STARTING_POINTS))
    .argument('<name>', 'its name, and that of its files')
    .addHelpText('after', EXAMPLES)
    .action(begin);
}

async function begin(kind: StartingPoint, name: string): Promise<void> {
  if (!/^[a-z][a-z0-9-]*$/.test(name))
    throw new GradswarmError('ERR_USAGE', `name: expected small letters, digits and '-', got '${name}'`);
  const files = Object.entries(startingPoint(kind, name));
  for (const [path] of files)
    if (existsSync(path))
      throw new GradswarmError('ERR_USAGE', `${path}: expected no such file, got one; choose another name`);
  for (const [path, text] of files) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  process.stdout.write(`${files.map(([path]) => `wrote ${path}`).join('\n')}\n${next(kind, name)}\n`);
}

function next(kind: StartingPoint, name: string): string {
  if (kind === 'project') return `next: cd ${name} && npm install && npm test && npm start`;
  if (kind === 'scenario') return `next: gradswarm run ./${name}.ts`;
  return `next: gradswarm check ./${name}.ts && gradswarm run ./${name}.json`;
}
