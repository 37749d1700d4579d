// Compiles into dist/, incrementally: what did not change is left alone, so that a running process keeps its modules.
// A compiled file whose source is gone is removed, or a folder listing would still find it. `--watch` compiles on every change.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(fileURLToPath(import.meta.url));
const output = join(root, 'dist');
const command = join(output, 'scenarios', 'cli.js');

function compile(...flags) {
  const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
  const arguments_ = [compiler, '--project', join(root, 'tsconfig.json'), ...flags];
  return spawnSync(process.execPath, arguments_, { stdio: 'inherit', cwd: root }).status ?? 1;
}

function removeOrphans() {
  if (!existsSync(output)) return;
  for (const path of readdirSync(output, { recursive: true, encoding: 'utf8' })) {
    const source = /^(.*)\.(js|js\.map|d\.ts|d\.ts\.map)$/.exec(path)?.[1];
    if (source !== undefined && !existsSync(join(root, `${source}.ts`))) rmSync(join(output, path));
  }
}

removeOrphans();
const status = compile(...(process.argv.includes('--watch') ? ['--watch', '--preserveWatchOutput'] : []));
// npm sets the bit when it links the command, and the compiler writes a new file without it.
if (existsSync(command)) chmodSync(command, 0o755);
process.exit(status);
