import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const text = readFileSync(join(root, 'docs', 'architecture.md'), 'utf8');
const AREAS = ['protocol', 'coordinator', 'worker', 'scenarios'];

function foldersIn(path: string): readonly string[] {
  return readdirSync(join(root, path), { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() && entry.name !== 'parts' ? [entry.name] : [],
  );
}

describe('docs/architecture.md', () => {
  it('names every folder of the sources that has no folder but an area above it', () => {
    const missing = AREAS.flatMap((area) => foldersIn(area).map((folder) => `${area}/${folder}/`)).filter(
      (path) => !text.includes(`\`${path}`) && !text.includes(`\`${path.slice(path.indexOf('/') + 1)}`),
    );
    expect(missing).to.deep.equal([]);
  });

  it('names no folder and no file that is not there', () => {
    const named = [...text.matchAll(/`([a-z-]+(?:\/[a-z-]+)*(?:\/|\.ts))`/g)].map(([, path]) => path!);
    const bases = [...AREAS, ...AREAS.flatMap((area) => foldersIn(area).map((folder) => join(area, folder))), '.'];
    const wrong = named.filter((path) => !bases.some((base) => existsSync(join(root, base, path))));
    expect(named.length).to.be.greaterThan(30);
    expect(wrong).to.deep.equal([]);
  });

  it('has every dependency in its table', () => {
    const { dependencies, optionalDependencies, peerDependencies } = JSON.parse(
      readFileSync(join(root, 'package.json'), 'utf8'),
    );
    const names = Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies });
    const rows = text
      .slice(text.indexOf('## Dependencies'))
      .split('\n')
      .filter((line) => line.startsWith('| `'));
    // A row names a family by its first package and the endings of the others.
    const isNamed = (name: string) =>
      rows.some(
        (row) =>
          row.includes(`\`${name}\``) ||
          row.includes(`\`${name.slice(name.lastIndexOf('-', name.length))}\``) ||
          row.includes(`\`-${name.split('-').slice(-2).join('-')}\``),
      );
    expect(names.filter((name) => !isNamed(name))).to.deep.equal([]);
  });
});
