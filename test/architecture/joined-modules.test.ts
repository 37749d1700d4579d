import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const built = new URL('../../', import.meta.url);
const compiled = new URL('../../../compiled/', import.meta.url);
const textOf = (url: URL) => readFileSync(fileURLToPath(url), 'utf8');

/** Modules whose own files pass on what a joined file exports, by their paths. */
const joined = readdirSync(fileURLToPath(built), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.js') && !/^(test|joined)\b/.test(path))
  .filter((path) => /^export \{ \w+ as \w+ \} from '[./]*\/joined\/\w+\.js';$/m.test(textOf(new URL(path, built))));

describe('modules that are joined', () => {
  it('are those of a start, and their own files have what each module exports', async () => {
    expect(joined).to.include('protocol/errors.js').and.to.include('scenarios/commands/run-action.js');
    for (const path of joined) {
      const [own, one]: readonly object[] = await Promise.all([
        import(new URL(path, compiled).href),
        import(new URL(path, built).href),
      ]);
      expect(Object.keys(one!).sort(), path).to.deep.equal(Object.keys(own!).sort());
    }
  }).timeout(60_000);

  it('have the same objects by every path: of its own file, of the package, and of a module that is found by its name', async () => {
    const errors = await import(new URL('protocol/errors.js', built).href);
    const api = await import(new URL('scenarios/api/index.js', built).href);
    expect(api.GradswarmError).to.equal(errors.GradswarmError);
    const { methods, loadMethod } = await import(new URL('protocol/method-loader.js', built).href);
    const { default: fedavg } = await import(new URL('protocol/methods/federated/fedavg.js', built).href);
    expect(await loadMethod('fedavg')).to.equal(fedavg);
    expect(methods.get('fedavg')).to.equal(fedavg);
    const refusal = await loadMethod('none').catch((error: unknown) => error);
    expect(refusal).to.be.instanceOf(errors.GradswarmError);
  });

  it('are in files of which none needs another that needs it', () => {
    const imports = new Map(
      readdirSync(fileURLToPath(new URL('joined/', built)))
        .filter((name) => name.endsWith('.js'))
        .map((name) => {
          const text = textOf(new URL(`joined/${name}`, built));
          return [name, [...text.matchAll(/^import [^;]*? from "\.\/([^"]+)";$/gm)].map(([, from]) => from!)] as const;
        }),
    );
    expect(imports.get('run.js')).to.include('thread.js');
    const open = new Set(imports.keys());
    for (let isLess = true; isLess; ) {
      const free = [...open].filter((name) => imports.get(name)!.every((from) => !open.has(from)));
      for (const name of free) open.delete(name);
      isLess = free.length > 0;
    }
    expect([...open]).to.deep.equal([]);
  });

  it('of networks on a device are read by no objective in plain loops', () => {
    const read = new Set<string>();
    const follow = (url: URL) => {
      if (read.has(url.href)) return;
      read.add(url.href);
      for (const [, from] of textOf(url).matchAll(/^(?:import|export) [^;]*?from ['"](\.[^'"]+)['"];$/gm))
        follow(new URL(from!, url));
    };
    for (const folder of ['plain', 'log-posterior', 'layers/plain', 'layers/parts', 'tensorflow'])
      for (const name of readdirSync(fileURLToPath(new URL(`worker/objectives/${folder}/`, built))))
        if (name.endsWith('.js')) follow(new URL(`worker/objectives/${folder}/${name}`, built));
    expect(read).to.include(new URL('joined/objectives.js', built).href);
    expect(read).to.not.include(new URL('joined/network.js', built).href);
  });

  it('keep the addresses that they had: what they find beside themselves is there', () => {
    for (const name of readdirSync(fileURLToPath(new URL('joined/', built))).filter((file) => file.endsWith('.js'))) {
      const text = textOf(new URL(`joined/${name}`, built));
      expect(text.replaceAll(/new URL\("\.\.\/[^"]+\.js", import\.meta\.url\)\.href/g, ''), name).to.not.include(
        'import.meta.url',
      );
    }
  });
});
