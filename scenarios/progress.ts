import { Presets, SingleBar } from 'cli-progress';
import type { Progress } from './run.js';

/** A bar on standard error, where that is a terminal; standard output stays for the result. */
export class ProgressBar {
  private readonly bar: SingleBar;
  private name: string | null = null;

  constructor(private readonly stream: NodeJS.WriteStream = process.stderr) {
    this.bar = new SingleBar(
      { format: '{name} {bar} {value}/{total} rounds, {eta_formatted} left{figures}', stream, hideCursor: true },
      Presets.shades_classic,
    );
  }

  readonly show = ({ name, roundsDone, rounds, loss, accuracy }: Progress): void => {
    if (!this.stream.isTTY) return;
    const figures = `${loss === null ? '' : `, loss ${loss.toPrecision(4)}`}${accuracy === null ? '' : `, accuracy ${accuracy.toFixed(4)}`}`;
    if (this.name !== name) {
      this.stop();
      this.name = name;
      this.bar.start(rounds, roundsDone, { name, figures });
    }
    this.bar.update(roundsDone, { name, figures });
  };

  stop(): void {
    if (this.name !== null) this.bar.stop();
    this.name = null;
  }
}
