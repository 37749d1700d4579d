import { writeFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { GradswarmError } from '../../protocol/errors.js';
import type { Agreement } from '../run/calibrate-run.js';
import type { Calibration } from '../run/calibration.js';

interface Flags {
  readonly out?: string;
  readonly latencyMs?: number;
  readonly json?: boolean;
}

const EXAMPLES = `
The run is one over sockets: times.csv in its directory has what was measured. No gradient is computed.

Examples:
  gradswarm calibrate
  gradswarm calibrate runs/latest --out measured.json
  gradswarm calibrate runs/latest --latency-ms 12 --json`;

/** `gradswarm calibrate`. */
export function calibrateCommand(): Command {
  return new Command('calibrate')
    .description('fit `devices` and `links` of a scenario to a measured run over sockets, and state the error')
    .argument('[directory]', 'the directory of the run', 'runs/latest')
    .option('--out <file>', 'write the settings there as JSON')
    .option('--latency-ms <ms>', 'latency of one direction, where it is known: half the time of a ping', milliseconds)
    .option('--json', 'print one JSON document and nothing else')
    .addHelpText('after', EXAMPLES)
    .action(calibrateAction);
}

function milliseconds(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value < Number.POSITIVE_INFINITY) return value;
  throw new InvalidArgumentError(`expected milliseconds of at least 0, got '${text}'`);
}

async function calibrateAction(directory: string, { out, latencyMs, json }: Flags): Promise<void> {
  const { calibrateRun } = await import('../run/calibrate-run.js');
  const { agreement, bandwidth, devices, links } = await calibrateRun(directory, latencyMs ?? null);
  const settings = { devices, links };
  if (out !== undefined) write(out, `${JSON.stringify(settings, null, 2)}\n`);
  const text = json
    ? JSON.stringify({ ...settings, bandwidth, agreement }, null, 2)
    : shown(settings, bandwidth, agreement);
  process.stdout.write(`${text}\n`);
}

function shown(
  settings: Pick<Calibration, 'devices' | 'links'>,
  bandwidth: Calibration['bandwidth'],
  { rounds, medianError, error90, measuredMs, simulatedMs }: Agreement,
): string {
  const list = (name: 'devices' | 'links') =>
    `"${name}": [\n${settings[name].map((entry) => `  ${JSON.stringify(entry)}`).join(',\n')}\n]`;
  const percent = (share: number) => `${(100 * share).toPrecision(2)} %`;
  return [
    `${list('devices')},`,
    list('links'),
    '',
    `bandwidth: ${bandwidth}${bandwidth === 'not separated from latency' ? ' (all messages have one size; --latency-ms helps)' : ''}`,
    `simulated against measured over ${rounds} rounds: relative error of a round, median ${percent(medianError)}, 90 % of rounds below ${percent(error90)}`,
    `all rounds: ${Math.round(simulatedMs)} ms simulated, ${Math.round(measuredMs)} ms measured`,
  ].join('\n');
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    const { message } = error as Error;
    throw new GradswarmError('ERR_USAGE', `--out ${file}: expected a file that can be written: ${message}`);
  }
}
