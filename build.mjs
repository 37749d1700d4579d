// Compiles into compiled/, incrementally, and makes dist/ of it, in which the modules of a start are joined (join-modules.mjs). What did not change is
// left alone, so that a running process keeps its modules. A compiled file whose source is gone is removed, or a folder listing would still find it.
// `--watch` compiles on every change.
// Kernels in AssemblyScript, NAME.ts in a folder assembly/, become NAME.wasm.ts beside that folder before the rest is compiled.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { joinModules } from './join-modules.mjs';

const root = dirname(fileURLToPath(import.meta.url));
const compiled = join(root, 'compiled');
const output = join(root, 'dist');
const command = join(output, 'scenarios', 'cli.js');
const { resolve } = createRequire(import.meta.url);

/** The exit status of a Node program. */
function run(...arguments_) {
  return spawnSync(process.execPath, arguments_, { stdio: 'inherit', cwd: root }).status ?? 1;
}

const compiler = [
  join(dirname(resolve('typescript/package.json')), 'bin', 'tsc'),
  '--project',
  join(root, 'tsconfig.json'),
];

async function joined() {
  await joinModules(compiled, output);
  // npm sets the bit when it links the command, and a new file is without it.
  chmodSync(command, 0o755);
}

/** Ends with the compiler. */
function watch() {
  const flags = ['--watch', '--preserveWatchOutput'];
  const child = spawn(process.execPath, [...compiler, ...flags], { stdio: ['inherit', 'pipe', 'inherit'], cwd: root });
  child.stdout.setEncoding('utf8').on('data', (text) => {
    process.stdout.write(text);
    if (text.includes('Watching for file changes')) joined().catch((error) => console.error(error.message));
  });
  child.on('exit', (status) => process.exit(status ?? 1));
}

function removeOrphans() {
  if (!existsSync(compiled)) return;
  for (const path of readdirSync(compiled, { recursive: true, encoding: 'utf8' })) {
    const source = /^(.*)\.(js|js\.map|d\.ts|d\.ts\.map)$/.exec(path)?.[1];
    if (source !== undefined && !existsSync(join(root, `${source}.ts`))) rmSync(join(compiled, path));
  }
}

/** Directory of the AssemblyScript package; null where it is not installed: modules are then empty and plain loops run. */
function assemblyScript() {
  try {
    return dirname(resolve('assemblyscript/package.json'));
  } catch {
    console.error(
      'assemblyscript is not installed (npm ci): built without SIMD kernels; the plain loops give equal bits',
    );
    return null;
  }
}

function compileKernel(source, compiler) {
  const target = join(dirname(dirname(source)), `${basename(source, '.ts')}.wasm.ts`);
  // What one file alone needs stands in its first line.
  const own = /^\/\/ asc: (.*)\n/.exec(readFileSync(source, 'utf8'))?.[1]?.split(' ') ?? [];
  const flags = ['-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd', '--disableWarning', '112', ...own];
  const version = compiler && JSON.parse(readFileSync(join(compiler, 'package.json'), 'utf8')).version;
  const hash = createHash('sha256').update(`${version} ${flags}`);
  // What it imports lies in folders below.
  for (const path of readdirSync(dirname(source), { recursive: true, encoding: 'utf8' }).sort())
    if (path.endsWith('.ts')) hash.update(readFileSync(join(dirname(source), path)));
  const made = hash.digest('hex');
  const heading = `// Built by build.mjs from assembly/${basename(source)}: ${made}\n`;
  if (existsSync(target) && readFileSync(target, 'utf8').startsWith(heading)) return;
  let text = '';
  if (compiler) {
    const folder = mkdtempSync(join(tmpdir(), 'gradswarm-build-'));
    const file = join(folder, 'kernels.wasm');
    const status = run(join(compiler, 'bin', 'asc.js'), source, '--outFile', file, ...flags);
    if (status !== 0) process.exit(status);
    text = readFileSync(file).toString('base64');
    rmSync(folder, { recursive: true });
  }
  writeFileSync(target, `${heading}const base64: string = '${text}';\nexport default base64;\n`);
}

function compileKernels() {
  const files = ['protocol', 'worker'].flatMap((area) =>
    readdirSync(join(root, area), { recursive: true, encoding: 'utf8' }).map((path) => join(root, area, path)),
  );
  const sources = files.filter((path) => basename(dirname(path)) === 'assembly' && path.endsWith('.ts'));
  const compiler = assemblyScript();
  for (const source of sources) compileKernel(source, compiler);
  for (const path of files.filter((path) => path.endsWith('.wasm.ts')))
    if (!existsSync(join(dirname(path), 'assembly', basename(path).replace(/\.wasm\.ts$/, '.ts')))) rmSync(path);
}

compileKernels();
removeOrphans();
if (process.argv.includes('--watch')) watch();
else {
  const status = run(...compiler);
  if (existsSync(compiled)) await joined();
  process.exit(status);
}
