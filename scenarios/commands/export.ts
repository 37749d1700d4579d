import { Command } from 'commander';
import { GradswarmError } from '../../protocol/errors.js';

interface Flags {
  readonly mlflow: string;
  readonly json?: boolean;
}

const EXAMPLES = `
Settings become parameters, columns of metrics.csv metrics by round, the verdict a tag. A run that is exported again takes its own place.

Examples:
  gradswarm export runs/latest --mlflow mlruns
  gradswarm export runs/quick-start/* --mlflow mlruns`;

/** `gradswarm export`. */
export function exportCommand(): Command {
  return new Command('export')
    .description('write runs, or the points of a sweep, for another tool: MLflow')
    .argument('<directories...>', 'runs or sweeps')
    .requiredOption('--mlflow <folder>', "MLflow's folder of runs, new or used")
    .option('--json', 'print one JSON document and nothing else')
    .addHelpText('after', EXAMPLES)
    .action(exportRuns);
}

async function exportRuns(directories: readonly string[], { mlflow, json }: Flags): Promise<void> {
  const { exportToMlflow } = await import('../recorded-runs/mlflow.js');
  const written = writing(mlflow, () => exportToMlflow(directories, mlflow));
  if (json) process.stdout.write(`${JSON.stringify({ folder: mlflow, runs: written }, null, 2)}\n`);
  else process.stdout.write(`${written.length} ${written.length === 1 ? 'run' : 'runs'} in ${mlflow}\n`);
}

function writing<T>(folder: string, write: () => T): T {
  try {
    return write();
  } catch (error) {
    if (error instanceof GradswarmError) throw error;
    throw new GradswarmError(
      'ERR_USAGE',
      `--mlflow ${folder}: expected a folder that can be written: ${(error as Error).message}`,
    );
  }
}
