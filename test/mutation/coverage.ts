import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Parts of a compiled file that one test file did not run, as [start, end) of characters. */
type Unrun = readonly (readonly [number, number])[];

/** What one test file runs of the protocol and the worker, and how long it takes. */
interface Reach {
  /** Whether it holds of the files as they are. */
  readonly sound: boolean;
  readonly seconds: number;
  /** By compiled file, below compiled/; a file that is not there was not loaded. */
  readonly unrun: Readonly<Record<string, Unrun>>;
}

interface V8Function {
  readonly ranges: readonly { readonly startOffset: number; readonly endOffset: number; readonly count: number }[];
}

/**
 * Which test files run which parts of the protocol and the worker, by V8's own coverage of their processes. Each test file is
 * measured once, when it is first asked for; what was measured is kept in `kept` and thrown away when `version` differs.
 */
export class Coverage {
  private readonly reaches: Record<string, Reach>;

  constructor(
    private readonly compiled: string,
    private readonly kept: string,
    private readonly version: string,
    private readonly command: (test: string) => readonly string[],
  ) {
    const known = existsSync(kept)
      ? (JSON.parse(readFileSync(kept, 'utf8')) as { version: string; reach: object })
      : null;
    this.reaches = known?.version === version ? (known.reach as Record<string, Reach>) : {};
  }

  reach(test: string): Reach {
    const known = this.reaches[test];
    if (known) return known;
    const measured = this.measure(test);
    this.reaches[test] = measured;
    writeFileSync(this.kept, JSON.stringify({ version: this.version, reach: this.reaches }));
    return measured;
  }

  /** Whether the test file runs the character at `start` of `file`. */
  runs(test: string, file: string, start: number): boolean {
    const unrun = this.reach(test).unrun[file];
    return unrun?.every(([from, to]) => start < from || start >= to) ?? false;
  }

  private measure(test: string): Reach {
    const folder = mkdtempSync(join(tmpdir(), 'gradswarm-coverage-'));
    const began = performance.now();
    try {
      const { status } = spawnSync(process.execPath, this.command(test), {
        cwd: join(this.compiled, '..'),
        stdio: 'ignore',
        timeout: 180_000,
        env: { ...process.env, NODE_V8_COVERAGE: folder },
      });
      return { sound: status === 0, seconds: (performance.now() - began) / 1000, unrun: this.unrun(folder) };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  private unrun(folder: string): Record<string, Unrun> {
    const all: Record<string, Unrun> = {};
    for (const name of readdirSync(folder)) {
      const { result } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as {
        result: readonly { readonly url: string; readonly functions: readonly V8Function[] }[];
      };
      for (const { url, functions } of result) {
        if (!url.startsWith('file://')) continue;
        const path = fileURLToPath(url);
        const file = relative(this.compiled, path);
        if (!/^(protocol|worker)\//.test(file)) continue;
        const here = unrunOf(functions);
        // Several processes of one test file: not run is what none of them ran.
        all[file] = all[file] ? intersection(all[file], here) : here;
      }
    }
    return all;
  }
}

/** Ranges nest: the innermost that contains a character decides. Exported for tests. */
export function unrunOf(functions: readonly V8Function[]): Unrun {
  const ranges = functions
    .flatMap(({ ranges: own }) => own)
    .sort((one, other) => other.endOffset - other.startOffset - (one.endOffset - one.startOffset));
  let unrun: [number, number][] = [];
  for (const { startOffset, endOffset, count } of ranges) {
    unrun = unrun.flatMap(([from, to]) =>
      (
        [
          [from, Math.min(to, startOffset)],
          [Math.max(from, endOffset), to],
        ] as [number, number][]
      ).filter(([a, b]) => a < b),
    );
    if (count === 0) unrun.push([startOffset, endOffset]);
  }
  return unrun.sort(([a], [b]) => a - b);
}

function intersection(one: Unrun, other: Unrun): Unrun {
  return one.flatMap(([a, b]) =>
    other.map(([c, d]) => [Math.max(a, c), Math.min(b, d)] as const).filter(([from, to]) => from < to),
  );
}
