import { createRequire } from 'node:module';
import type { MultiBar, SingleBar } from 'cli-progress';
import { bytesText, numberText } from '../../coordinator/report/units.js';
import type { ShownRow } from '../run/main-thread.js';
import type { Part } from '../run/run.js';
import { cut, PIPED_WIDTH, wrapped } from './table.js';

const PLAIN_EVERY_MS = 2000;
/** A line is written this often when no round ends. */
const PLAIN_STILL_MS = 30_000;
const TICK_MS = 500;
const BAR_WIDTH = 24;
const NARROW_BAR_WIDTH = 8;
/** Below it the bar and the name are short. */
const NARROW = 80;

type Terminal = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };

export interface ProgressOptions {
  /** Where it is shown; standard error, so that standard output stays machine-readable. */
  readonly stream?: Terminal;
  /** Runs that a sweep will make; left out for a single run. */
  readonly points?: number;
}

/**
 * What a run is doing, on a terminal as a line that moves, elsewhere as plain lines: of the first round at once, then at most every
 * two seconds and at least every thirty. A sweep's runs are started one after the other and numbered. Call `stop` in a `finally`: a bar that moves keeps the process alive.
 */
export class ProgressDisplay {
  private readonly stream: Terminal;
  private readonly points: number;
  private point = 0;
  private of = 1;
  private firstPoint: { readonly index: number; readonly atMs: number } | null = null;
  private name = '';
  private rounds = 0;
  private firstRound: number | null = null;
  private firstMs = 0;
  private startedMs = 0;
  private lastLineMs = 0;
  private readonly startNotes = new Set<string>();
  private bytes = 0;
  private loss: number | null = null;
  private accuracy: number | null = null;
  private shownRound = 0;
  private writtenRound = -1;
  private bars: MultiBar | null = null;
  private bar: SingleBar | null = null;
  private ticker: NodeJS.Timeout | undefined;

  constructor({ stream = process.stderr, points = 1 }: ProgressOptions = {}) {
    this.stream = stream;
    this.points = points;
  }

  /** A run of `rounds` rounds begins; the one before it, if any, is over. */
  start(name: string, rounds: number, _folder?: string, part?: Part): void {
    this.stop();
    this.point = part ? part.index + 1 : this.point + 1;
    this.firstPoint ??= { index: this.point - 1, atMs: performance.now() };
    this.of = part?.of ?? this.points;
    this.name = this.of > 1 ? `[${this.point}/${this.of}] ${name}` : name;
    this.rounds = rounds;
    this.startedMs = performance.now();
    this.lastLineMs = this.startedMs;
    this.bytes = 0;
    [this.firstRound, this.loss, this.accuracy, this.shownRound] = [null, null, null, 0];
    this.writtenRound = -1;
    if (this.stream.isTTY !== true) {
      this.ticker = setInterval(() => this.writeDue(), TICK_MS).unref();
      return;
    }
    this.bars = new (readBars().MultiBar)({
      stream: this.stream,
      format: () => this.line(true),
      hideCursor: true,
      gracefulExit: false,
      emptyOnZero: true,
    });
    this.bar = this.bars.create(rounds, 0);
  }

  /** A round is done. Cheap: the text is made only when it is shown. */
  round(row: ShownRow): void {
    if (this.firstRound === null) [this.firstRound, this.firstMs] = [row.round, performance.now()];
    this.shownRound = row.round;
    this.bytes += row.bytesUp + row.bytesDown + row.bytesPeer;
    this.loss = row.loss ?? this.loss;
    this.accuracy = row.accuracy ?? this.accuracy;
    if (this.bar !== null) this.bar.update(row.round);
    else if (this.isFirstLine) this.writeLine();
    else this.writeDue();
  }

  /** A first line comes at once, so that one sees that the command computes; the later runs of a sweep have the cadence alone. */
  private get isFirstLine(): boolean {
    return this.writtenRound < 0 && this.point - 1 === this.firstPoint?.index;
  }

  /** A line that stays, such as a lost worker. What each run of a sweep has to note before its first round, such as its device, is shown once. */
  note(text: string): void {
    // A newline inside would break the moving line below it.
    const line = text.replace(/\s*\n\s*/g, ' ');
    if (this.of > 1 && this.firstRound === null) {
      if (this.startNotes.has(line)) return;
      this.startNotes.add(line);
    }
    if (this.bars === null) {
      this.stream.write(`${line}\n`);
    } else {
      // The bar keeps the terminal from breaking lines.
      for (const part of wrapped([line], (this.stream.columns ?? NARROW) - 1)) this.bars.log(`${part}\n`);
      // At once: what waits in the bar when it stops is never shown.
      this.bars.update();
    }
  }

  /** The run is over, or was stopped: its last line stays. May be called more than once. */
  stop(): void {
    if (this.name === '') return;
    // The last round may have been written by the clock just now.
    if (this.bars === null && this.writtenRound !== this.shownRound) this.writeLine();
    else this.bars?.stop();
    clearInterval(this.ticker);
    [this.bars, this.bar, this.name] = [null, null, ''];
  }

  private writeDue(): void {
    const stillMs = performance.now() - this.lastLineMs;
    if (stillMs >= (this.shownRound === this.writtenRound ? PLAIN_STILL_MS : PLAIN_EVERY_MS)) this.writeLine();
  }

  private writeLine(): void {
    this.writtenRound = this.shownRound;
    this.lastLineMs = performance.now();
    this.stream.write(`${this.line(false)}\n`);
  }

  private line(withBar: boolean): string {
    const done = this.rounds === 0 ? 1 : Math.min(1, this.shownRound / this.rounds);
    // One column is left free: a terminal may break a line that fills it.
    const width = withBar ? (this.stream.columns ?? NARROW) - 1 : PIPED_WIDTH;
    const barWidth = width < NARROW ? NARROW_BAR_WIDTH : BAR_WIDTH;
    const filled = Math.floor(done * barWidth);
    const bar = withBar ? ` ${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)}` : '';
    const round = `round ${this.shownRound}/${this.rounds}`;
    const name = cut(this.name, Math.max(8, width - bar.length - round.length - 16));
    const optional = [
      this.loss === null ? '' : `loss ${numberText(this.loss)}`,
      this.accuracy === null ? '' : `accuracy ${numberText(100 * this.accuracy)} %`,
      `${bytesText(this.bytes)} sent`,
    ].filter((part) => part !== '');
    const line = (parts: readonly string[]) =>
      [`${name}${bar} ${round}`, ...parts, this.time() + this.sweepTime()].join(', ');
    // What does not fit is left out from its end; the time left is what one looks for.
    while (optional.length > 0 && line(optional).length > width) optional.pop();
    return line(optional);
  }

  /** Time left from the rounds after the first of this process (a resumed run begins in the middle), or the time it took. */
  private time(): string {
    const elapsedMs = performance.now() - this.startedMs;
    if (this.firstRound === null) return elapsedMs < PLAIN_EVERY_MS ? 'starting' : `starting for ${clock(elapsedMs)}`;
    if (this.shownRound >= this.rounds) return `took ${clock(elapsedMs)}`;
    // Before the first one a run may have waited long for its workers.
    const timed = this.shownRound - this.firstRound;
    const timedMs = timed > 0 ? performance.now() - this.firstMs : elapsedMs;
    return `${clock((timedMs / Math.max(1, timed)) * (this.rounds - this.shownRound))} left`;
  }

  /** Of a sweep, from the runs of this process: each is taken to need as long as the mean of those before. */
  private sweepTime(): string {
    const first = this.firstPoint;
    if (this.of < 2 || first === null) return '';
    const done = this.point - 1 - first.index + (this.rounds === 0 ? 1 : this.shownRound / this.rounds);
    const left = this.of - first.index - done;
    if (done <= 0 || left <= 0) return '';
    return `, sweep ${clock(((performance.now() - first.atMs) / done) * left)} left`;
  }
}

/** Read on a terminal alone: every command and thread that may show progress would wait for it at its start. */
function readBars(): typeof import('cli-progress') {
  return createRequire(import.meta.url)('cli-progress');
}

function clock(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}
