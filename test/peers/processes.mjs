// The simulation with worker processes, for simulation.py: node processes.mjs FOLDER SCENARIO WORKERS. As simulation.mjs, but every turn is a
// run of its own, whose first rounds are not counted: processes start and compile in them. Processor time is that of all processes (Linux).
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

/** Rounds before those that count. */
const WARM = 400;

const [folder, text, workers] = process.argv.slice(2);
const root = pathToFileURL(`${folder}/`);
const { run } = await import(new URL('dist/scenarios/api/index.js', root));
const { rounds, ...given } = JSON.parse(text);
const scenario = {
  ...given,
  rounds: WARM + rounds,
  evaluation: { everyRounds: WARM + rounds },
  workers: { count: Number(workers) },
};

/** Of /proc/PID/stat, which count in hundredths of a second. */
function secondsOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function now() {
  const children = readdirSync('/proc/self/task').flatMap((thread) =>
    readFileSync(`/proc/self/task/${thread}/children`, 'utf8').split(' ').filter(Boolean),
  );
  return {
    wall: performance.now() / 1e3,
    processor: [process.pid, ...children].map(secondsOf).reduce((a, b) => a + b),
  };
}

const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));
console.log(`gradswarm ${version} on Node ${process.version}`);
for await (const _ of createInterface({ input: process.stdin })) {
  const directory = mkdtempSync(join(tmpdir(), 'gradswarm-processes-'));
  let begin, end;
  const round = ({ round }) => {
    if (round === WARM) begin = now();
    if (round === WARM + rounds) end = now();
  };
  try {
    await run(scenario, { directory: join(directory, 'run'), watcher: { start() {}, note() {}, round } });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  const seconds = (figure) => (end[figure] - begin[figure]) / rounds;
  console.log(JSON.stringify({ processor: seconds('processor'), wall: seconds('wall') }));
}
