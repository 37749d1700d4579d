import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Argument, Command } from 'commander';
import { GradswarmError } from '../../protocol/errors.js';
import { builtInNames, extensionPoint } from '../plug-ins/extension-points.js';
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
    .option('--json', 'print one JSON document and nothing else')
    .addHelpText('after', EXAMPLES)
    .action(begin);
}

async function begin(kind: StartingPoint, name: string, { json }: { json?: boolean }): Promise<void> {
  if (!/^[a-z][a-z0-9-]*$/.test(name))
    throw new GradswarmError('ERR_USAGE', `name: expected small letters, digits and '-', got '${name}'`);
  // Windows opens a device by these names, whatever stands after a dot.
  if (/^(con|prn|aux|nul|(com|lpt)[0-9])$/.test(name))
    throw new GradswarmError('ERR_USAGE', `name: expected one that can be a file, got '${name}', a device of Windows`);
  const defined = kind === 'project' ? 'method' : kind;
  if (defined !== 'scenario' && builtInNames(extensionPoint(defined)!).includes(name))
    throw new GradswarmError('ERR_USAGE', `name: expected one that is not taken, got '${name}', a built-in ${defined}`);
  const files = Object.entries(startingPoint(kind, name));
  for (const [path] of files)
    if (existsSync(path))
      throw new GradswarmError('ERR_USAGE', `${path}: expected the name of a new file, got one that exists`);
  for (const [path, text] of files) {
    try {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text, { flag: 'wx' });
    } catch (cause) {
      const why = (cause as Error).message;
      throw new GradswarmError('ERR_USAGE', `${path}: expected a folder that can be written to: ${why}`, { cause });
    }
  }
  if (json) {
    const document = { files: files.map(([path]) => path), next: next(kind, name) };
    process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
    return;
  }
  process.stdout.write(`${files.map(([path]) => `wrote ${path}`).join('\n')}\nnext: ${next(kind, name)}\n`);
}

function next(kind: StartingPoint, name: string): string {
  if (kind === 'project') return `cd ${name} && npm install && npm test && npm start`;
  if (kind === 'scenario') return `gradswarm run ./${name}.ts`;
  return `gradswarm check ./${name}.ts && gradswarm run ./${name}.json`;
}
