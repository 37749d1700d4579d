import { Command } from 'commander';
import { GradswarmError } from '../../protocol/errors.js';
import { interruptible } from '../run/interrupt.js';
import type { ShownRow } from '../run/main-thread.js';
import type { FromPoint } from '../run/point-processes.js';

/** Between two messages about rounds. */
const SEND_MS = 200;

/** `gradswarm point`: one point of a sweep, for the process that runs it with --jobs. Not for users. */
export function pointCommand(): Command {
  return new Command('point')
    .description('one point of a sweep, for the process that runs the sweep')
    .argument('<directory>', 'of the sweep')
    .argument('<index>', 'of the point, from 0')
    .option('--tensorboard', 'as for run')
    .action(async (directory: string, index: string, { tensorboard }: { tensorboard?: boolean }) => {
      // It ends with the sweep's process: what is left would keep the folder from the one that continues the sweep.
      const end = () => process.exit(1);
      process.once('disconnect', end);
      if (process.connected === false) end();
      const { runPoint } = await import('../run/sweep-run.js');
      try {
        await interruptible((signal) =>
          runPoint(directory, Number(index), { signal, watcher: watching(), ...(tensorboard && { tensorboard }) }),
        );
      } catch (error) {
        const code = error instanceof GradswarmError ? error.code : null;
        const message = error instanceof Error ? error.message.replace(`${code}: `, '') : String(error);
        send({ type: 'error', code, message });
        process.exitCode = 1;
      } finally {
        process.off('disconnect', end);
        process.disconnect?.();
      }
    });
}

function send(message: FromPoint): void {
  process.send?.(message);
}

/** Rounds come faster than they are looked at. */
function watching() {
  let sentMs = 0;
  let bytes = 0;
  let rounds = 0;
  return {
    start: (_name: string, of: number) => {
      rounds = of;
    },
    round: (row: ShownRow) => {
      bytes += row.bytesUp + row.bytesDown + row.bytesPeer;
      if (performance.now() - sentMs < SEND_MS && row.round < rounds) return;
      sentMs = performance.now();
      const { round, loss, accuracy } = row;
      send({ type: 'round', row: { round, loss, accuracy, bytesUp: bytes, bytesDown: 0, bytesPeer: 0 } });
      bytes = 0;
    },
    note: (text: string) => send({ type: 'note', text }),
  };
}
