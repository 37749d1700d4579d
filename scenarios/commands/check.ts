import { Command } from 'commander';
import { EXIT } from './exit-status.js';

const EXAMPLES = `
The contract of a method: equal bits wherever its parties run, in whatever order messages arrive, after a resume, under loss, crashes and
changed frames; plain states; settings that are checked. Every other kind has its own, and is tried in a small run. What the contract must
know to try a thing, the module exports as 'contract', or by the names of several things as 'contracts'.

Of a scenario (a file, a shipped name, a folder of a run) everything is checked that 'run' checks before it begins, data included.

Examples:
  gradswarm check ./sign-vote.ts
  gradswarm check ./sign-vote.ts --json
  gradswarm check some-package
  gradswarm check ./my-scenario.json

Exit status: 0 every claim holds, 1 one does not, 3 the module or scenario is not accepted.`;

/** `gradswarm check`. */
export function checkCommand(): Command {
  return new Command('check')
    .description(
      'hold a method, codec, … of your own to the contract of the built-in ones; check a scenario without running it',
    )
    .argument('<module>', 'a .ts or .js file, a package installed here, or a scenario')
    .option('--json', 'print one JSON document and nothing else')
    .option('--quiet', 'print the claims that do not hold, and nothing else')
    .addHelpText('after', EXAMPLES)
    .action(check);
}

async function check(module: string, { json, quiet }: { json?: boolean; quiet?: boolean }): Promise<void> {
  const { checkScenario, isScenarioPath } = await import('../check/check-scenario.js');
  const print = (text: string): void => void process.stdout.write(`${text}\n`);
  if (await isScenarioPath(module)) {
    const { kind, name, points, rounds } = await checkScenario(module);
    if (json) print(JSON.stringify({ kind, name, points, rounds }, null, 2));
    else if (!quiet) print(`${kind} ${name}: can be run, ${points === 1 ? '' : `${points} points, `}${rounds} rounds`);
    return;
  }
  const { checkModule } = await import('../check/check-module.js');
  const started = performance.now();
  const printed = new Set<string>();
  const things = await checkModule(
    module,
    json
      ? undefined
      : {
          thing: (kind, name, claims) => quiet || print(`${kind} ${name}: ${claims} claims`),
          claim: ({ title, holds, problem, advice }) => {
            if (!holds)
              print(
                `  NOT MET  ${title}${inLines(problem!, printed)}${advice === null || printed.has(advice) ? '' : inLines(advice, printed)}`,
              );
            else if (!quiet) print(`  met      ${title}`);
          },
        },
  );
  const claims = things.flatMap((thing) => thing.claims);
  const failed = claims.filter(({ holds }) => !holds).length;
  if (json) print(JSON.stringify(things, null, 2));
  else if (!quiet)
    print(
      `${claims.length - failed} of ${claims.length} claims hold, ${((performance.now() - started) / 1000).toFixed(1)} s`,
    );
  process.exitCode = failed === 0 ? EXIT.valid : EXIT.invalid;
}

/** Below a title; what stands there already is not written again. */
function inLines(text: string, printed: Set<string>): string {
  if (printed.has(text)) return ' (as above)';
  printed.add(text);
  return `\n           ${text.replaceAll('\n', '\n           ')}`;
}
