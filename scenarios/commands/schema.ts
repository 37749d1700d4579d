import { Command } from 'commander';
import { collectModules, USE_MEANING, type Using, useModules } from './options.js';

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
    .option('--json', 'the same: it is JSON in any case')
    .addHelpText('after', EXAMPLES)
    .action(async (flags: Using) => {
      const { scenarioSchema } = await import('../report/json-schema.js');
      await useModules(flags);
      process.stdout.write(`${JSON.stringify(await scenarioSchema(), null, 2)}\n`);
    });
}
