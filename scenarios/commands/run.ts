import { Command } from 'commander';
import { inThread } from './compute-thread.js';
import { withListening } from './listen.js';
import { absolutePath, collectAssignments, collectModules, portNumber, USE_MEANING, wholeNumber } from './options.js';
import type { RunFlags } from './run-action.js';

const EXAMPLES = `
Examples:
  gradswarm run quick-start
  gradswarm run quick-start --workers 4                 real processes on this machine
  gradswarm run quick-start --listen :7700 --workers 4  wait for four workers from other machines
  gradswarm run quick-start --set clients=100 --set data.partition='{"name":"dirichlet","alpha":0.1}'
  gradswarm run quick-start --set objective=softmax-regression   another model, with its defaults
  gradswarm run ./my-scenario.ts --seed 3 --rounds 50 --json
  gradswarm run quick-start --seeds 5 --jobs 2          five seeds, two at once: means and bands
  gradswarm run quick-start --use ./sign-vote.ts --set method=sign-vote
  gradswarm run runs/latest                             repeat a recorded run: the same bits

A scenario's expectations were written for its settings: a value that --set changes makes them 'not applicable'. --set expect=… replaces them.

Exit status: 0 all expectations met, 1 an expectation not met, 2 inconclusive, 3 the scenario or the command was refused.`;

/** `gradswarm run`. */
export function runCommand(): Command {
  return withListening(new Command('run'))
    .description('run a scenario or a sweep and check its expectations')
    .argument('<scenario>', 'a name from the list, a .ts, .js or .json file, or a run directory')
    .option('--workers <count>', 'worker processes; 0: everything in this process', wholeNumber(0))
    .option('--set <path=value>', 'change one value of the scenario; repeatable', collectAssignments)
    .option('--use <module>', USE_MEANING, collectModules)
    .option('--seed <seed>', 'the same as --set seed=…; a sweep over seeds is run at this one alone', wholeNumber(0))
    .option('--first-seed <seed>', 'a sweep over seeds: as many, from this one on', wholeNumber(0))
    .option('--seeds <count>', 'at so many seeds from the seed on: a scenario becomes a sweep', wholeNumber(1))
    .option('--jobs <count>', 'runs of a sweep at once, each in a process of its own', wholeNumber(1))
    .option('--rounds <rounds>', 'the same as --set rounds=…', wholeNumber(1))
    .option('--device <name>', 'the same as --set device=…; auto: the fastest that is right, measured')
    .option('--initial <file>', 'begin with saved parameters, .npz or .safetensors', absolutePath)
    .option('--timing-only', 'simulate time and bytes without computing gradients: no model, no digest')
    .option('--out <directory>', 'write the run here, not under runs/')
    .option('--open', 'show the run as it goes in a page on this machine’s loopback')
    .option('--tensorboard', "also write event files for TensorBoard into the run's folder")
    .option('--metrics-port <port>', 'serve /metrics for Prometheus on this port of the loopback; 0: any', portNumber)
    .option('--json', 'print one JSON document and nothing else')
    .option('--quiet', 'print nothing but errors')
    .addHelpText('after', EXAMPLES)
    .action(inThread(run));
}

/** Its modules are read in the thread that computes alone, those that begin worker processes first. */
async function run(name: string, flags: RunFlags): Promise<void> {
  const { soonNeeded } = await import('../run/soon-needed.js');
  const processes = await soonNeeded(name, flags);
  try {
    const { runAction } = await import('./run-action.js');
    await runAction(name, flags, processes);
  } finally {
    await processes?.stop(true);
  }
}
