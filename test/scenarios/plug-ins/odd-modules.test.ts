import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ExtensionKind } from '../../../protocol/settings/extension.js';
import { builtInNames, EXTENSION_POINTS } from '../../../scenarios/plug-ins/extension-points.js';
import { loadPlugIn } from '../../../scenarios/plug-ins/plug-ins.js';
import { requireShape } from '../../../scenarios/plug-ins/shape.js';
import { loadAllRules } from '../../../scenarios/run/catalogue.js';
import { temporaryFolder } from '../../support/scripted-run.js';

const FROM = new URL('../../../scenarios/api/topology.js', import.meta.url).href;
const RING = `
import { defineSettings, defineTopology, fixed, undirectedGraph } from ${JSON.stringify(FROM)};
const edges = (n) => Array.from({ length: n }, (_, i) => [i, (i + 1) % n]);
export const ring = (name, more = {}) => defineTopology({
  name, summary: 'a ring', settings: defineSettings({}), create: (_, n) => fixed(undirectedGraph(n, edges(n))), ...more,
});`;

const folder = temporaryFolder();
writeFileSync(join(folder, 'ring.mjs'), RING);
/** A line that imports from a file beside the module. */
const importing = (name: string, file: string) => `import { ${name} } from ${JSON.stringify(file)};\n`;
const IMPORT = importing('ring', './ring.mjs');

/** What becomes of a module with this text: the kinds and names that it provides, or why it is refused. */
async function loaded(text: string, place = `${Math.abs(hash(text))}.mjs`): Promise<string> {
  writeFileSync(join(folder, place), text);
  return loadPlugIn(`./${place}`, folder).then(
    ({ provides }) => provides.map(({ kind, name }) => `${kind} ${name}`).join(', '),
    ({ message }: Error) => message,
  );
}

function hash(text: string): number {
  return [...text].reduce((sum, letter) => (31 * sum + letter.charCodeAt(0)) | 0, 7);
}

describe('odd modules of one’s own', () => {
  it('that wait, import in a circle, export one thing twice, are frozen, or lie in a folder with spaces, are loaded', async () => {
    const waits = `${IMPORT}await new Promise((resolve) => setTimeout(resolve, 5));\nexport default ring('waited');`;
    expect(await loaded(waits)).to.equal('topology waited');
    expect(await loaded(`${IMPORT}export const a = ring('same');\nexport default a;`)).to.equal('topology same');
    expect(await loaded(`${IMPORT}export default Object.freeze(ring('frozen'));`)).to.equal('topology frozen');
    writeFileSync(join(folder, 'back.mjs'), `${importing('name', './circle.mjs')}export const nameOf = () => name;`);
    const circle = `${IMPORT}${importing('nameOf', './back.mjs')}export const name = 'circle';
export default ring('in-a-circle', { summary: nameOf() });`;
    expect(await loaded(circle, 'circle.mjs')).to.equal('topology in-a-circle');
    mkdirSync(join(folder, 'Zwei Wörter'));
    const apart = `${importing('ring', '../ring.mjs')}export default ring('apart');`;
    expect(await loaded(apart, 'Zwei Wörter/mein ring.mjs')).to.equal('topology apart');
  });

  it('that throw anything, define two of one name, nothing that is awaited, or a folder, are refused with the reason', async () => {
    expect(await loaded('throw new Error("at import");')).to.match(/cannot be loaded: at import$/);
    expect(await loaded('throw "a string";')).to.match(/cannot be loaded: it threw 'a string'$/);
    expect(await loaded('throw undefined;')).to.match(/cannot be loaded: it threw nothing$/);
    expect(await loaded(`${IMPORT}export const a = ring('two');\nexport const b = ring('two');`)).to.match(
      /defines two of the name 'two'; rename one$/,
    );
    const promised = `${IMPORT}export default Promise.resolve(ring('promised'));`;
    expect(await loaded(promised)).to.match(/got default \(a promise: await it\)$/);
    mkdirSync(join(folder, 'whole'));
    expect(await loadPlugIn('./whole', folder).catch(({ message }) => message)).to.include(
      'got a folder; name its file',
    );
  });

  it('in JavaScript that lack a name, settings or what their kind is for are refused, where types do not', async () => {
    expect(await loaded(`${IMPORT}export default ring(undefined);`)).to.match(/the topology's name .*got nothing$/);
    expect(await loaded(`${IMPORT}export default ring('Not Allowed');`)).to.match(/got 'Not Allowed'$/);
    const without = (more: string) => loaded(`${IMPORT}export default ring('lacks', ${more});`);
    expect(await without('{ settings: undefined }')).to.match(/settings of the topology 'lacks' .*got nothing$/);
    expect(await without('{ settings: { a: 1 } }')).to.match(/that defineSettings returned, got \{"a":1\}$/);
    expect(await without('{ create: 3 }')).to.match(/a function 'create' of the topology 'lacks', got 3$/);
  });

  it('are asked for what every built-in thing has', async () => {
    await loadAllRules();
    for (const point of EXTENSION_POINTS) {
      await point.loadAll(builtInNames(point));
      expect(point.names()).to.not.have.length(0);
      for (const name of point.names())
        requireShape(name, point.kind as ExtensionKind, point.get(name) as object, point.kind);
    }
  });
});
