import { Command } from 'commander';
import type { DeviceReport } from '../devices/device-report.js';
import { EXIT } from './exit-status.js';
import { PIPED_WIDTH, table } from './table.js';

const EXAMPLES = `
Each device computes a gradient of a small network for every type of layer, twice: compared with plain JavaScript ('cpu'), and with itself
bit by bit. GFLOP/s are those of an MLP 784-256-128-10 at batches of 32; memory is what this process grew by.

A run that names no device computes on wasm, or where a further package is installed on a device that is 1.5 times as fast. With
'--device auto' it measures gradients of its own objective on each device and takes the fastest that is right.

Objectives of plain loops have no device: their bits are the same everywhere.

Exit status: 0 every device that can be used is right; 1 one is not.

Examples:
  gradswarm devices
  gradswarm devices --json`;

/** `gradswarm devices`. */
export function devicesCommand(): Command {
  return new Command('devices')
    .description('list the compute devices of this machine, checked and timed, and what installs the others')
    .option('--json', 'print one JSON document and nothing else')
    .addHelpText('after', EXAMPLES)
    .action(async ({ json }: { json?: boolean }) => {
      const { reportDevices } = await import('../devices/device-report.js');
      const reports = await reportDevices((name) => {
        if (!json && process.stderr.isTTY) process.stderr.write(`${name} ...\n`);
      });
      const right = reports.every(({ layers }) => layers.every((layer) => layer.right));
      process.exitCode = right ? EXIT.valid : EXIT.invalid;
      process.stdout.write(`${json ? JSON.stringify(reports, null, 2) : devicesText(reports)}\n`);
    });
}

/** One row a usable device; below, what is wrong with a layer, and why other devices are missing and what installs them. */
export function devicesText(reports: readonly DeviceReport[]): string {
  const rows = reports.map(({ name, versions, detail, problem, layers, gflops, memoryBytes }) => {
    if (problem !== null) return [name, '', 'no', '', '', '', problem];
    const right = layers.filter((layer) => layer.right).length;
    const largest = Math.max(...layers.map(({ difference }) => difference));
    return [
      name,
      Object.values(versions)[0] ?? '',
      right === layers.length ? `${right} layers, ${largest.toExponential(0)}` : `WRONG in ${layers.length - right}`,
      layers.every(({ deterministic }) => deterministic) ? 'yes' : 'NO',
      gflops!.toPrecision(2),
      `${Math.round(memoryBytes! / 1e6)} MB`,
      detail!,
    ];
  });
  const wrong = reports.flatMap(({ name, layers }) =>
    layers
      .filter(({ right, deterministic }) => !right || !deterministic)
      .map(({ layer, difference, right }) =>
        right
          ? `${name}: two gradients of layer '${layer}' had different bits`
          : `${name}: the gradient of layer '${layer}' differs from that of 'cpu' by ${difference.toPrecision(2)} of its largest entry`,
      ),
  );
  const installs = reports.flatMap(({ name, problem, install }) => (problem === null ? [] : [`${name}: ${install}`]));
  const parts = [
    table(['DEVICE', 'VERSION', 'RIGHT', 'EQUAL BITS', 'GFLOP/S', 'MEMORY', 'WHAT IT IS'], rows, PIPED_WIDTH),
    wrong.join('\n'),
    installs.length === 0 ? '' : `To install:\n${installs.join('\n')}`,
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}
