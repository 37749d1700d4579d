import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { decodeDraws } from '../../../coordinator/run-directory/draws.js';
import { DrawsLog } from '../../../coordinator/run-directory/draws-log.js';
import { summarizeEvents } from '../../../coordinator/run-directory/events.js';
import { RunDirectory } from '../../../coordinator/run-directory/run-directory.js';
import { recordedRun } from '../../../scenarios/run/recorded.js';
import { readRecordedRun } from '../../../scenarios/run/replay.js';
import { rollBack } from '../../../scenarios/run/roll-back.js';
import { runInput, temporaryFolder } from '../scripted-run.js';
import { mutatedBytes } from './mutations.js';
import type { Reader } from './survey.js';

/** Readers of what a run left on the disk: damaged by a crash, by hand, or by a disk. */

interface Damage {
  readonly file: string;
  readonly bytes: Uint8Array;
}

const PARAMETERS = 1;

/** A finished run of a sampler with checkpoints and draws. */
async function sampled(): Promise<string> {
  const { path } = await runInput({
    name: 'kept',
    method: { name: 'sgld', stepSize: 0.01 },
    objective: { name: 'gaussian-mean', priorVariance: 1, problem: 'one-dimensional' },
    data: { name: 'none', partition: { name: 'by-group' } },
    clients: 2,
    rounds: 6,
    seed: 1,
    precision: 'float64',
    checkpoints: { everyRounds: 3 },
  });
  return path;
}

/** A private run, which has a ledger. */
async function released(): Promise<string> {
  const { path } = await runInput({
    name: 'kept',
    method: { name: 'dp-gd' },
    objective: { name: 'logistic-regression' },
    data: { name: 'gaussian-clusters', classes: 2, examples: 200 },
    clients: 2,
    rounds: 4,
    seed: 1,
    precision: 'float64',
    checkpoints: { everyRounds: 2 },
  });
  return path;
}

function filesOf(path: string): readonly string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'report.html' && entry.name !== 'lock')
    .map((entry) => join(entry.parentPath, entry.name).slice(path.length + 1))
    .sort();
}

/** In memory where there is such a folder: each input is written, and forced to the disk, a dozen times. */
function quickFolder(): string {
  return temporaryFolder(existsSync('/dev/shm') ? '/dev/shm' : undefined);
}

/** All readers of a run directory, one of its files damaged. */
function directoryOf(name: string, template: string): Reader<Damage> {
  const files = filesOf(template);
  const whole = new Map(files.map((file) => [file, Uint8Array.from(readFileSync(join(template, file)))]));
  const work = join(quickFolder(), 'run');
  cpSync(template, work, { recursive: true });
  const inputs = fc
    .constantFrom(...files)
    .chain((file) => mutatedBytes([whole.get(file)!]).map((bytes) => ({ file, bytes })));
  return {
    name: `run directory, ${name}`,
    inputs,
    refuses: ['ERR_CHECKPOINT', 'ERR_DATA_FORMAT', 'ERR_STATE', 'ERR_REPLAY', 'ERR_PRIVACY'],
    weight: 0.5,
    read({ file, bytes }) {
      try {
        writeFileSync(join(work, file), bytes);
        const errors: unknown[] = [];
        for (const read of [recordedRun, readRecordedRun, readAll])
          try {
            read(work);
          } catch (error) {
            errors.push(error);
          }
        const odd = errors.find(
          (error) => (error as { code?: string }).code?.startsWith('ERR_') !== true || error instanceof TypeError,
        );
        if (odd ?? errors[0]) throw odd ?? errors[0];
      } finally {
        restoreAll(work, whole);
      }
    },
  };
}

function readAll(path: string): void {
  const directory = RunDirectory.open(path);
  try {
    void directory.results.verdict();
    void directory.results.figures();
    void directory.sessionEvents;
    directory.nextEpoch();
    directory.rows();
    directory.releases();
    summarizeEvents(join(path, 'events.jsonl'));
    rollBack(directory, () => {});
    directory.concludeDraws(PARAMETERS);
    directory.noteResumption();
  } finally {
    directory.close();
  }
}

/** As the template: what a reader cut, removed or wrote is undone. */
function restoreAll(work: string, whole: ReadonlyMap<string, Uint8Array>): void {
  for (const file of [...filesOf(work), 'lock']) if (!whole.has(file)) rmSync(join(work, file), { force: true });
  for (const [file, bytes] of whole) {
    mkdirSync(dirname(join(work, file)), { recursive: true });
    writeFileSync(join(work, file), bytes);
  }
}

/** The two files that are read by themselves. */
function alone(template: string): readonly Reader[] {
  const log = join(quickFolder(), 'draws.log');
  return [
    {
      name: 'draws.npy',
      inputs: mutatedBytes([Uint8Array.from(readFileSync(join(template, 'draws.npy')))]),
      refuses: ['ERR_DATA_FORMAT'],
      read: (bytes) => void decodeDraws(bytes, 'draws.npy'),
    },
    {
      name: 'draws.log',
      inputs: mutatedBytes([Uint8Array.from(readFileSync(join(template, 'draws.log')))]),
      refuses: ['ERR_DATA_FORMAT'],
      weight: 0.5,
      read(bytes) {
        writeFileSync(log, bytes);
        const draws = new DrawsLog(log);
        try {
          draws.read(PARAMETERS);
        } finally {
          draws.close();
        }
      },
    },
  ];
}

export async function fileReaders(): Promise<readonly Reader<never>[]> {
  const [sampler, privately] = [await sampled(), await released()];
  return [
    ...alone(sampler),
    directoryOf('of a sampler', sampler),
    directoryOf('of a private method', privately),
  ] as unknown as readonly Reader<never>[];
}
