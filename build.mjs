// Compiles everything into dist/. The folder is emptied first, so that a file that was removed cannot be loaded by a folder listing.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(fileURLToPath(import.meta.url));
const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
rmSync(join(root, 'dist'), { recursive: true, force: true });
const { status } = spawnSync(process.execPath, [compiler, '--project', join(root, 'tsconfig.json')], {
  stdio: 'inherit',
  cwd: root,
});
process.exit(status ?? 1);
