// Runs tests in two processes at once: node .ci/test.mjs [--system] FILE|FOLDER... Each process takes the next file when it has ended
// one. A process that ends or is silent before its file has ended counts as a failed test, and another takes its place.
import { fork } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import Mocha from 'mocha';
import { summary } from './summary.cjs';

const PROCESSES = 2;
const system = process.argv[2] === '--system';
const paths = process.argv.slice(system ? 3 : 2);
/** No test begins or ends for so long: its process is killed. */
const SILENT_MS = Number(process.env.GRADSWARM_TEST_SILENT_MS ?? (system ? 1_500_000 : 300_000));
const config = new URL(system ? '../.mocharc.system.json' : '../.mocharc.json', import.meta.url);
const { ignore = [], timeout } = JSON.parse(readFileSync(config, 'utf8'));
/** Files with a docker engine: one after the other, because they share a machine's network. */
const ENGINE = /[/\\](swarm[/\\]|containers\.)/;
/**
 * Files that replace timers and clocks of their whole process. Once another file has loaded a module of one's own there, every
 * import() waits for the thread of the module hooks, which a simulated clock cannot see. And files whose wrong or own things stay in the
 * catalogue of their process, where those that go through all of a kind would find them.
 */
const ALONE = /[/\\](simulation[/\\]|planted-in-kinds\.|summed-kinds\.)/;
const ignored = ignore.map((pattern) => pattern.replace(/\*\*$/, ''));

function filesIn(path) {
  if (statSync(path).isFile()) return [path];
  const files = readdirSync(path, { recursive: true, encoding: 'utf8' }).map((name) => join(path, name));
  return files.filter((file) => file.endsWith('.test.js') && !ignored.some((folder) => file.startsWith(folder))).sort();
}

const files = paths.flatMap(filesIn);
/** The first process takes the engine's files, then both take the others. */
const queues = [files.filter((file) => ENGINE.test(file)), files.filter((file) => !ENGINE.test(file))];
const queueOf = (own) => (queues[own].length > 0 ? queues[own] : queues[1]);
const failures = [];
const timed = [];
const skipped = [];
let passed = 0;
let width = 0;

function dot(mark) {
  process.stdout.write(mark);
  width += 1;
  if (width % 100 === 0) process.stdout.write('\n');
}

function fail({ path, ...err }) {
  failures.push({ titlePath: () => path, err });
  dot('!');
}

function record({ event, title, ms, isTest, failure }) {
  if (event === 'pass') {
    passed += 1;
    dot('.');
  }
  if (event === 'skip') {
    skipped.push(title);
    dot(',');
  }
  if (event === 'fail') fail(failure);
  if (event !== 'begin' && isTest) timed.push({ title, ms });
}

/** Takes files until none is left; resolves when its process has ended. */
function takeFiles(own) {
  return new Promise((done) => {
    const child = fork(new URL('test-process.mjs', import.meta.url), system ? [] : ['--unit'], {
      execArgv: ['--enable-source-maps'],
    });
    let file = null;
    /** What it ran last. */
    let last = null;
    let current = 'before its first test';
    let timer = null;
    const renew = () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        current += `: silent for ${SILENT_MS / 1000} s`;
        child.kill('SIGKILL');
      }, SILENT_MS);
    };
    const next = () => {
      const queue = queueOf(own);
      const isOver = last !== null && (ALONE.test(last) || ALONE.test(queue[0] ?? ''));
      file = isOver ? null : (queue.shift() ?? null);
      last = file;
      current = 'before its first test';
      renew();
      if (file === null) child.disconnect();
      else child.send({ file: resolve(file), timeout }, () => {});
    };
    child.on('message', (message) => {
      renew();
      if (message.event === 'end') return next();
      current = message.event === 'begin' ? message.title : `after: ${message.title}`;
      record(message);
    });
    child.once('exit', (status, signal) => {
      clearTimeout(timer);
      if (file !== null || status !== 0)
        fail({ path: [file ?? 'after the last file', current], message: `its process ended (${signal ?? status})` });
      done(queueOf(own).length > 0 ? takeFiles(own) : undefined);
    });
    next();
  });
}

const start = performance.now();
await Promise.all(Array.from({ length: Math.min(PROCESSES, files.length) }, (_, i) => takeFiles(i)));
if (timed.length + failures.length === 0) fail({ path: ['no test'], message: `in ${paths.join(', ')}` });
console.log(`\n\n  ${passed} passing (${((performance.now() - start) / 1000).toFixed(0)} s)`);
if (failures.length > 0) {
  console.log(`  ${failures.length} failing\n`);
  Mocha.reporters.Base.list(failures);
}
const { lines, last } = summary({ passed, failed: failures.length, timed, skipped });
for (const line of lines) console.log(line);
console.log(last);
process.exitCode = failures.length > 0 ? 1 : 0;
