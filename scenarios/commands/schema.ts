import { Command } from 'commander';
import { collectModules, USE_MEANING } from './options.js';

const EXAMPLES = `
An editor that is shown the schema completes a JSON scenario and marks what is misspelt: begin it with "$schema": "./gradswarm.schema.json".

Examples:
  gradswarm schema > gradswarm.schema.json
  gradswarm schema --use ./sign-vote.ts > gradswarm.schema.json`;

/** `gradswarm schema`. */
export function schemaCommand(): Command {
  return new Command('schema')
    .description('print a JSON Schema of scenarios and sweeps')
    .option('--use <module>', USE_MEANING, collectModules)
    .addHelpText('after', EXAMPLES)
    .action(async ({ use = [] }: { readonly use?: readonly string[] }) => {
      const { loadPlugIn } = await import('../plug-ins/plug-ins.js');
      const { scenarioSchema } = await import('../report/json-schema.js');
      for (const module of use) await loadPlugIn(module, process.cwd());
      process.stdout.write(`${JSON.stringify(await scenarioSchema(), null, 2)}\n`);
    });
}
