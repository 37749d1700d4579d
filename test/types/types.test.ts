import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

/** Misuse that must not compile: each file holds one, on the line that says `// rejected: CODE`. */
const folder = fileURLToPath(new URL('../../../test/types/', import.meta.url));
const files = readdirSync(folder).filter((file) => file.endsWith('.reject.ts'));

interface Diagnostic {
  readonly file: string;
  readonly line: number;
  readonly code: string;
}

/** All files in one go: the compiler reads the interface once. */
function compilerErrors(): readonly Diagnostic[] {
  const manifest = createRequire(import.meta.url).resolve('typescript/package.json');
  const { bin } = JSON.parse(readFileSync(manifest, 'utf8')) as { readonly bin: { readonly tsc: string } };
  const tsc = join(dirname(manifest), bin.tsc);
  const { stdout } = spawnSync(process.execPath, [tsc, '--noEmit', '--pretty', 'false', '-p', folder], {
    encoding: 'utf8',
  });
  return [...stdout.matchAll(/^(.*)\((\d+),\d+\): error (TS\d+)/gm)].map(([, path, line, code]) => ({
    file: path!.split('/').at(-1)!,
    line: Number(line),
    code: code!,
  }));
}

function expectedErrors(file: string): readonly Diagnostic[] {
  const lines = readFileSync(join(folder, file), 'utf8').split('\n');
  return lines.flatMap((text, index) => {
    const code = /\/\/ rejected: (TS\d+)$/.exec(text)?.[1];
    return code ? [{ file, line: index + 1, code }] : [];
  });
}

describe('the types of the one interface', () => {
  let errors: readonly Diagnostic[];
  before(function () {
    this.timeout(60_000);
    errors = compilerErrors();
  });

  it('accept methods and scenarios without misuse', () => {
    expect(errors.filter(({ file }) => !file.endsWith('.reject.ts'))).to.deep.equal([]);
  });

  for (const file of files)
    it(`reject what ${file.replace('.reject.ts', '').replaceAll('-', ' ')}`, () => {
      const expected = expectedErrors(file);
      expect(expected).to.have.lengthOf(1);
      expect(errors.filter((error) => error.file === file)).to.deep.equal(expected);
    });
});
