import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';

/** Files that are loaded by their name. */
const NAMED =
  /^(protocol\/(methods|codecs|optimizers|topology|faults)|worker\/objectives\/layers)\/[^/]+(\/[^/]+)?\.js$/;

/**
 * Which test files may notice a change of a compiled file: those that import it, directly or through others, and, as methods,
 * codecs, optimizers and topologies are loaded by name, those that name one which does. The nearest first.
 */
export class RelevantTests {
  /** For each compiled file those that import it. */
  private readonly importers = new Map<string, Set<string>>();
  private readonly texts = new Map<string, string>();

  /** `compiled`: the folder of compiled files; all paths are relative to it. */
  constructor(compiled: string) {
    for (const entry of readdirSync(compiled, { recursive: true, encoding: 'utf8' })) {
      if (!entry.endsWith('.js')) continue;
      const text = readFileSync(join(compiled, entry), 'utf8');
      this.texts.set(entry, text);
      for (const [, specifier] of text.matchAll(/from '(\.[^']+)'/g)) {
        const imported = relative(compiled, join(compiled, dirname(entry), specifier!));
        this.importers.set(imported, (this.importers.get(imported) ?? new Set()).add(entry));
      }
    }
  }

  of(file: string): string[] {
    const distances = this.distances(file);
    const found = new Map<string, number>();
    const add = (test: string, distance: number) => {
      // The file's own test comes first.
      if (basename(test) === `${basename(file, '.js')}.test.js`) found.set(test, -1);
      else if (/^test\/(methods|protocol|conformance|worker)\/.*\.test\.js$/.test(test))
        found.set(test, Math.min(distance, found.get(test) ?? Number.POSITIVE_INFINITY));
    };
    for (const [path, distance] of distances) {
      add(path, distance);
      if (!NAMED.test(path) || distance > 2) continue;
      const name = basename(path, '.js');
      for (const [test, text] of this.texts) {
        if (basename(test) === `${name}.test.js`) add(test, distance);
        else if (text.includes(`'${name}'`)) add(test, distance + 1);
      }
    }
    for (const kind of ['codec', 'optimizer'])
      if (file.startsWith(`protocol/${kind}s/`)) add(`test/conformance/every-${kind}.test.js`, 1.5);
    return [...found].sort(([, one], [, other]) => one - other).map(([test]) => test);
  }

  private distances(file: string): Map<string, number> {
    const distances = new Map([[file, 0]]);
    const queue = [file];
    for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
      for (const importer of this.importers.get(path) ?? []) {
        if (distances.has(importer)) continue;
        distances.set(importer, distances.get(path)! + 1);
        queue.push(importer);
      }
    }
    return distances;
  }
}
