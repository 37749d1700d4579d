import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const compiled = new URL('../../../compiled/', import.meta.url);
/** What runs: the modules of a start are joined. */
const built = new URL('../../', import.meta.url);

/** Modules and packages that are read with a compiled module: what it imports, and what that imports. An import() is read later. */
function readWith(folder: URL, ...entries: readonly string[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const read = (url: URL): void => {
    if (seen.has(url.href)) return;
    seen.add(url.href);
    const text = readFileSync(fileURLToPath(url), 'utf8');
    for (const [, from] of text.matchAll(/^(?:import|export)\b(?:[^'"();=]*\bfrom)?\s*['"]([^'"]+)['"]/gm))
      if (from!.startsWith('.')) read(new URL(from!, url));
      else seen.add(from!);
  };
  for (const entry of entries) read(new URL(entry, folder));
  return seen;
}

describe('the start of a command', () => {
  const RUN = 'scenarios/commands/run-action.js';

  it('finds what a module imports, and what that imports', () => {
    expect(existsSync(new URL(RUN, compiled))).to.equal(true);
    expect(readWith(compiled, RUN)).to.include('node:fs').and.to.include(new URL('protocol/errors.js', compiled).href);
    expect(readWith(compiled, 'worker/device/device.js').has('node:module')).to.equal(true);
  });

  it('a run waits for no plots, devices, sockets, images, tables, archives, shapes of files or TypeScript before its first round', () => {
    const waits = [...readWith(compiled, RUN), ...readWith(built, RUN)].filter((name) =>
      /^(vega|vega-lite|@tensorflow\/.*|ws|socket\.io.*|esbuild|hyparquet.*|prom-client|tar|fast-png|jpeg-js|zod|.*\/joined\/zod\.js|csv-parse.*|fflate)$/.test(
        name,
      ),
    );
    expect(waits).to.deep.equal([]);
  });

  it('a run reads what judges and reports it after its last round', () => {
    const ends = ['scenarios/run/after-rounds.js', 'scenarios/report/run-report.js', 'coordinator/report/report.js'];
    for (const folder of [compiled, built])
      for (const path of ends) {
        const { href } = new URL(path, folder);
        expect(existsSync(new URL(href)), path).to.equal(true);
        expect(readWith(folder, RUN).has(href), path).to.equal(false);
      }
  });

  it('a run reads its modules in few files: at most a tenth of what is compiled', () => {
    const files = (folder: URL) => [...readWith(folder, RUN)].filter((name) => name.startsWith('file:')).length;
    expect(files(compiled)).to.be.above(200);
    expect(files(built)).to.be.below(files(compiled) / 10);
  });

  it('TensorFlow.js is required, which takes a fifth of the time of its import, by every module that computes with it', () => {
    const importing = [...readWith(compiled, 'worker/objectives/tensorflow/mlp.js', 'worker/device/device.js')].filter(
      (name) => name.startsWith('@tensorflow/'),
    );
    expect(importing).to.deep.equal([]);
  });
});
