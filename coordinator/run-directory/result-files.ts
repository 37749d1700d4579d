import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { RunRecord } from '../../protocol/scenario/expectation.js';
import type { Verdict } from '../../protocol/scenario/judge.js';
import { jsonText, replaceFile } from './atomic-file.js';
import { readJsonFile } from './json-file.js';
import type { RunLock } from './run-lock.js';

const VERDICT = 'verdict.json';
const FIGURES = 'figures.json';
const STUDY = 'study.json';

/** A run's record without its scenario and its rows. */
export type RecordedFigures = Pick<RunRecord, 'summary' | 'faultsFired' | 'point'>;

/** What is written of a run when it has ended. Each file is replaced whole; one that is not there is read as null. */
export class ResultFiles {
  constructor(
    private readonly path: string,
    private readonly lock: RunLock,
  ) {}

  /** Null: the run was not judged yet. */
  verdict(): Verdict | null {
    return this.read<Verdict>(VERDICT, 'verdict');
  }

  writeVerdict(verdict: Verdict): void {
    this.write(VERDICT, jsonText(verdict, 2));
  }

  /** What the run measured in addition to its rows, so that it can be judged again. Null: the run did not end. */
  figures(): RecordedFigures | null {
    return this.read<RecordedFigures>(FIGURES, 'figures');
  }

  writeFigures(figures: RecordedFigures): void {
    this.write(FIGURES, jsonText(figures, 2));
  }

  /** What a study found, plain data. Null: there was no study, or the run did not end. */
  study(): unknown {
    return this.read(STUDY, 'study');
  }

  writeStudy(result: unknown): void {
    this.write(STUDY, jsonText(result));
  }

  private read<T>(name: string, shape: Parameters<typeof readJsonFile>[1]): T | null {
    const path = join(this.path, name);
    return existsSync(path) ? readJsonFile<T>(path, shape) : null;
  }

  private write(name: string, text: string): void {
    this.lock.check();
    replaceFile(join(this.path, name), `${text}\n`);
  }
}
