import { Presets, SingleBar } from 'cli-progress';
import type { MetricsRow } from '../protocol/scenario/expectation.js';
import type { RunWatcher } from './run.js';

/** A bar on standard error, where that is a terminal; standard output stays for the result. Call `stop` in a `finally`. */
export class ProgressBar implements RunWatcher {
  private bar: SingleBar | null = null;

  constructor(private readonly stream: NodeJS.WriteStream = process.stderr) {}

  start(name: string, rounds: number): void {
    this.stop();
    if (!this.stream.isTTY) return;
    const format = `${name} {bar} {value}/{total} rounds, {eta_formatted} left{figures}`;
    this.bar = new SingleBar({ format, stream: this.stream, hideCursor: true }, Presets.shades_classic);
    this.bar.start(rounds, 0, { figures: '' });
  }

  round({ round, loss, accuracy }: MetricsRow): void {
    const figures = { loss, accuracy };
    const shown = Object.entries(figures).flatMap(([name, value]) =>
      value === null ? [] : [`, ${name} ${value.toPrecision(4)}`],
    );
    this.bar?.update(round, shown.length === 0 ? {} : { figures: shown.join('') });
  }

  note(text: string): void {
    if (this.bar) this.stream.write('\n');
    this.stream.write(`${text}\n`);
  }

  stop(): void {
    this.bar?.stop();
    this.bar = null;
  }
}
