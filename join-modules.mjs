// Joins the modules that runs read at their start into a few files: to find, read and link each of 300 takes longer than to compile them all. A joined
// module's own file passes its exports on, so that every import of it, by whatever path, gives the same objects.

import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, posix, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const IMPORTS = /^(?:import|export)\b[^;]*?from '(\.[^']+)'/gm;

/** The module at these, below `folder`, and all that they import. An import() is read later. */
function readWith(folder, ...entries) {
  const found = new Set();
  const read = (path) => {
    if (found.has(path)) return;
    found.add(path);
    const text = readFileSync(join(folder, path), 'utf8');
    for (const [, from] of text.matchAll(IMPORTS)) read(posix.join(posix.dirname(path), from));
  };
  for (const entry of entries) read(entry);
  return [...found];
}

/**
 * The joined file of each module that has one. A file holds what a thread needs at once and no earlier file has; all that its modules import is in it
 * or in earlier ones, so that no two files need each other.
 */
function joinedFiles(folder) {
  const of = (...entries) => readWith(folder, ...entries);
  const both = (some, others) => some.filter((path) => others.includes(path));
  const command = of('scenarios/commands/program.js', 'scenarios/commands/run.js');
  const run = of('scenarios/commands/run-action.js');
  const host = of('scenarios/commands/host-clients.js');
  const fleet = of('scenarios/run/remote-fleet.js', 'scenarios/run/local-workers.js');
  // Each of the two reads packages that the other's process does not need, nor a thread that computes.
  const listening = of('protocol/sockets/control-listener.js');
  const opening = of('protocol/sockets/open-control.js');
  // TensorFlow.js is read with the networks on a device, and not by objectives in plain loops.
  const network = of('worker/objectives/tensorflow/parts/neural-network.js');
  const objectives = ['plain', 'log-posterior', 'tensorflow', 'layers/plain', 'layers/parts'].flatMap((name) =>
    readdirSync(join(folder, 'worker/objectives', name))
      .filter((file) => file.endsWith('.js'))
      .map((file) => `worker/objectives/${name}/${file}`),
  );
  const files = {
    thread: of('scenarios/commands/compute-thread.js', 'scenarios/run/orders.js', 'scenarios/commands/exit-status.js'),
    // What reads the command line is not read by a worker process.
    settings: both(command, host),
    command,
    sockets: [...of('protocol/sockets/own-sockets.js'), ...both(listening, opening)],
    packed: both(listening, host),
    listening,
    opening,
    parties: both(run, host),
    run,
    messages: both(fleet, host),
    host,
    fleet,
    objectives: both(network, of(...objectives)),
    network,
  };
  const owner = new Map();
  for (const [name, paths] of Object.entries(files))
    for (const path of paths) if (!owner.has(path)) owner.set(path, `joined/${name}.js`);
  return owner;
}

/** The package of shapes is 95 modules, and both ends of a worker's connection read it at their start. */
const SHAPES = 'joined/zod.js';

/** The one file, with its licence. */
async function shapes() {
  const home = dirname(createRequire(import.meta.url).resolve('zod/package.json'));
  const { outputFiles } = await build({
    stdin: { contents: "export { z } from 'zod';", resolveDir: home },
    write: false,
    bundle: true,
    format: 'esm',
    minifyWhitespace: true,
    banner: { js: `/* zod\n${readFileSync(join(home, 'LICENSE'), 'utf8')}*/` },
  });
  return Buffer.from(outputFiles[0].contents);
}

/** Names that each module exports. */
async function exportsIn(folder, paths) {
  const { metafile } = await build({
    entryPoints: paths.map((path) => join(folder, path)),
    outdir: folder,
    write: false,
    metafile: true,
    format: 'esm',
  });
  const names = new Map();
  for (const { entryPoint, exports } of Object.values(metafile.outputs))
    if (entryPoint) names.set(posixPath(relative(folder, resolve(entryPoint))), exports);
  for (const [path, own] of names)
    for (const [, from] of readFileSync(join(folder, path), 'utf8').matchAll(/^export \* from '(\.[^']+)'/gm))
      own.push(...names.get(posix.join(posix.dirname(path), from)));
  return names;
}

const posixPath = (path) => path.replaceAll('\\', '/');

/** As a specifier in the file at `from`. */
function specifier(from, to) {
  const path = posix.relative(posix.dirname(from), to);
  return path.startsWith('.') ? path : `./${path}`;
}

/** A module's export in its joined file, where other modules' exports may have the same name. */
const joinedName = (path, name) => `${path.replace(/\.js$/, '').replace(/\W/g, '_')}__${name}`;

/** One statement for each name: those that are not used are left out. */
const passedOn = (path, names, from, isOut) =>
  names
    .map((name) => (isOut ? `${name} as ${joinedName(path, name)}` : `${joinedName(path, name)} as ${name}`))
    .map((pair) => `export { ${pair} } from '${from}';\n`)
    .join('');

/** What esbuild is to do where a module of one file names a module of another. */
function linking(folder, owner, exportsOf) {
  const outputOf = (path) => owner.get(path) ?? path;
  const pathOf = (file) => posixPath(relative(folder, file));
  return {
    name: 'link',
    setup(builder) {
      builder.onResolve({ filter: /^joined\// }, ({ path, kind }) =>
        kind === 'entry-point' ? { path, namespace: 'joined' } : undefined,
      );
      builder.onResolve({ filter: /^\./ }, ({ path, kind, namespace, importer }) => {
        if (namespace === 'joined') return { path: join(folder, path) };
        if (namespace === 'link') return { path, external: true, sideEffects: false };
        const from = outputOf(pathOf(importer));
        const target = posix.join(posix.dirname(pathOf(importer)), path);
        const to = outputOf(target);
        if (kind === 'dynamic-import' || to === target) return { path: specifier(from, target), external: true };
        if (to === from) return { path: join(folder, target) };
        return {
          path: `${target} in ${from}`,
          namespace: 'link',
          sideEffects: false,
          pluginData: { target, at: specifier(from, to) },
        };
      });
      builder.onResolve({ filter: /^zod$/ }, ({ importer }) => ({
        path: specifier(outputOf(pathOf(importer)), SHAPES),
        external: true,
      }));
      builder.onLoad({ filter: /.*/, namespace: 'link' }, ({ pluginData: { target, at } }) => ({
        contents: passedOn(target, exportsOf.get(target), at, false),
      }));
      builder.onLoad({ filter: /.*/, namespace: 'joined' }, ({ path: file }) => ({
        contents: [...owner]
          .flatMap(([path, own]) =>
            own === file ? [`import './${path}';\n${passedOn(path, exportsOf.get(path), `./${path}`, true)}`] : [],
          )
          .join(''),
        resolveDir: folder,
      }));
      builder.onLoad({ filter: /\.js$/ }, ({ path: file }) => {
        const path = pathOf(file);
        if (!owner.has(path)) return undefined;
        const address = `new URL(${JSON.stringify(specifier(owner.get(path), path))}, import.meta.url).href`;
        return { contents: readFileSync(file, 'utf8').replaceAll('import.meta.url', address) };
      });
    },
  };
}

/** The text of a module that is in no joined file, with imports of joined modules from where they are. Lines stay where they were. */
function linked(path, text, owner) {
  return text.replace(/^import \{([^}]*)\} from '(zod|\.[^']+)';$/gm, (line, names, from) => {
    if (from === 'zod') return line.replace("'zod'", `'${specifier(path, SHAPES)}'`);
    const target = posix.join(posix.dirname(path), from);
    if (!owner.has(target)) return line;
    const pairs = names.split(',').flatMap((name) => {
      const [, exported, local = exported] = /^\s*(\w+)(?: as (\w+))?\s*$/.exec(name) ?? [];
      return exported ? [`${joinedName(target, exported)} as ${local}`] : [];
    });
    return `import { ${pairs.join(', ')} } from '${specifier(path, owner.get(target))}';`;
  });
}

/** Leaves alone what has not changed: a running process keeps its modules. */
function write(path, content) {
  if (existsSync(path) && content.equals(readFileSync(path))) return;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

function copy(from, to) {
  const [one, other] = [statSync(from), statSync(to, { throwIfNoEntry: false })];
  if (other && other.size === one.size && other.mtimeMs >= one.mtimeMs) return;
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
}

const filesIn = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => posixPath(relative(folder, join(entry.parentPath ?? entry.path, entry.name))));

/** Of what is compiled, and how. */
function versionOf(folder, files) {
  const hash = createHash('sha256').update(readFileSync(fileURLToPath(import.meta.url)));
  for (const path of files) {
    const { size, mtimeMs } = statSync(join(folder, path));
    hash.update(`${path} ${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

/** Makes `output` from what the compiler made in `folder`. */
export async function joinModules(folder, output) {
  const files = filesIn(folder)
    .filter((path) => /\.(js|d\.ts)(\.map)?$/.test(path))
    .sort();
  const stamp = join(output, '.joined');
  const version = versionOf(folder, files);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === version) return;
  const modules = files.filter((path) => path.endsWith('.js') && !path.startsWith('test/'));
  const owner = joinedFiles(folder);
  const exportsOf = await exportsIn(folder, [...owner.keys()]);
  const made = await build({
    entryPoints: [...new Set(owner.values())].map((file) => ({ in: file, out: file.slice(0, -3) })),
    outdir: output,
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    sourcemap: 'linked',
    logLevel: 'warning',
    plugins: [linking(folder, owner, exportsOf)],
  });
  const expected = new Set(['.joined']);
  const put = (path, content) => {
    expected.add(path);
    write(join(output, path), content);
  };
  rmSync(stamp, { force: true });
  put(SHAPES, await shapes());
  for (const { path, contents } of made.outputFiles) put(posixPath(relative(output, path)), Buffer.from(contents));
  for (const [path, file] of owner)
    put(path, Buffer.from(passedOn(path, exportsOf.get(path), specifier(path, file), false)));
  for (const path of modules)
    if (!owner.has(path)) put(path, Buffer.from(linked(path, readFileSync(join(folder, path), 'utf8'), owner)));
  for (const path of files)
    if (!expected.has(path) && !owner.has(path.replace(/\.map$/, ''))) {
      expected.add(path);
      copy(join(folder, path), join(output, path));
    }
  for (const path of filesIn(output)) if (!expected.has(path)) rmSync(join(output, path));
  writeFileSync(stamp, version);
}
