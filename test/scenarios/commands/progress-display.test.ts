import { Writable } from 'node:stream';
import { expect } from 'chai';
import type { MetricsRow } from '../../../coordinator/run-directory/metrics.js';
import { ProgressDisplay } from '../../../scenarios/commands/progress-display.js';

class Screen extends Writable {
  text = '';
  constructor(readonly isTTY: boolean) {
    super();
  }
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

function row(round: number, loss: number | null): MetricsRow {
  const bytes = { bytesUp: 300, bytesDown: 200, bytesPeer: 0 };
  return { round, loss, accuracy: loss === null ? null : 0.5, ...bytes, simulatedMs: 0, wallMs: 0, extra: {} };
}

describe('ProgressDisplay', () => {
  it('not on a terminal: 1,000 quick rounds give their first line at once and a final one, without control characters', () => {
    const screen = new Screen(false);
    const display = new ProgressDisplay({ stream: screen });
    display.start('fedavg', 1000);
    display.round(row(1, 1));
    expect(screen.text).to.match(/^fedavg round 1\/1000, loss 1, accuracy 50 %, 500 B sent, .* left\n$/);
    screen.text = '';
    for (let round = 2; round <= 1000; round++) display.round(row(round, round === 1000 ? null : 1 / round));
    display.stop();
    display.stop();
    // The last loss that was measured: 1/999.
    expect(screen.text).to.match(/^fedavg round 1000\/1000, loss 0\.001001, accuracy 50 %, 500 kB sent, took \d+ s\n$/);
  });

  it("a sweep's runs are numbered and each begins with no bytes and no loss", () => {
    const screen = new Screen(false);
    const display = new ProgressDisplay({ stream: screen, points: 2 });
    display.start('alpha=0.1', 5);
    display.round(row(1, 2));
    display.note('worker w1\nwas lost');
    for (const round of [2, 3, 4, 5]) display.round(row(round, 1));
    display.start('alpha=1', 9);
    display.stop();
    expect(screen.text.split('\n')).to.deep.equal([
      '[1/2] alpha=0.1 round 1/5, loss 2, accuracy 50 %, 500 B sent, 1 s left, sweep 1 s left',
      'worker w1 was lost',
      '[1/2] alpha=0.1 round 5/5, loss 1, accuracy 50 %, 2.5 kB sent, took 1 s, sweep 1 s left',
      '[2/2] alpha=1 round 0/9, 0 B sent, starting, sweep 1 s left',
      '',
    ]);
  });

  it('on a terminal: a bar that ends full, below a note that stays', () => {
    const screen = new Screen(true);
    const display = new ProgressDisplay({ stream: Object.assign(screen, { columns: 120 }) });
    display.start('vrgd', 4);
    display.round(row(2, 1));
    display.note('worker w1 was lost');
    for (const round of [3, 4]) display.round(row(round, 1));
    display.stop();
    expect(screen.text).to.contain('worker w1 was lost\n');
    expect(screen.text).to.match(/vrgd █{24} round 4\/4, loss 1, accuracy 50 %, 1\.5 kB sent, took 1 s/);
  });

  it('what each run of a sweep notes before its first round is shown once, what is noted later every time', () => {
    const screen = new Screen(false);
    const display = new ProgressDisplay({ stream: screen, points: 2 });
    for (const name of ['alpha=0.1', 'alpha=1']) {
      display.start(name, 1);
      display.note('device simd');
      display.round(row(1, 1));
      display.note('a worker was lost');
    }
    display.stop();
    const notes = screen.text.split('\n').filter((line) => !line.startsWith('['));
    expect(notes).to.deep.equal(['device simd', 'a worker was lost', 'a worker was lost', '']);
  });

  it('a note that is longer than the terminal is wide is broken between words, for a bar keeps the terminal from it', () => {
    const screen = new Screen(true);
    const display = new ProgressDisplay({ stream: Object.assign(screen, { columns: 40 }) });
    display.start('vrgd', 4);
    display.note('auto: simd 12 ms, wasm 30 ms, cpu 500 ms, measured on one gradient');
    display.stop();
    expect(screen.text).to.contain('auto: simd 12 ms, wasm 30 ms, cpu 500\n');
    expect(screen.text).to.contain('  ms, measured on one gradient\n');
  });
});
