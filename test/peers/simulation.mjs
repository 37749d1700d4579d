// gradswarm's side of simulation.py: node simulation.mjs FOLDER SCENARIO [alone]. FOLDER has gradswarm in its dist/; SCENARIO is JSON, whose
// `from` names a shipped scenario that has the rest. Says its versions, then runs the scenario once for each line that it reads, and answers
// with the seconds of a round; `alone`: and of the same arithmetic by the objective.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const [folder, text, alone] = process.argv.slice(2);
const root = pathToFileURL(`${folder}/`);
const { ObjectiveAlone } = await import(new URL('dist/scenarios/bench/objective-alone.js', root));
const { prepareRun, requireEqualBits, timedRun } = await import(new URL('dist/scenarios/bench/timed-run.js', root));

async function timed(work) {
  const [begin, at] = [process.cpuUsage(), performance.now()];
  const result = await work();
  const { user, system } = process.cpuUsage(begin);
  return { result, processor: (user + system) / 1e6, wall: (performance.now() - at) / 1e3 };
}

const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));
const { from, ...given } = JSON.parse(text);
const shipped = from ? (await import(new URL(`dist/scenarios/library/${from}.js`, root))).default : {};
const run = await prepareRun({ ...shipped, ...given });
const { rounds } = run.scenario;
const signal = new AbortController().signal;
const detail = /\((.*)\)$/.exec(run.problem.family.device?.why.at(-1) ?? '')?.[1];
const whole = () => timed(() => timedRun(run, signal));
// The first run compiles.
await whole();
console.log(`gradswarm ${version} on Node ${process.version}${detail ? `: ${detail}` : ''}`);
for await (const _ of createInterface({ input: process.stdin })) {
  const { result, processor, wall } = await whole();
  const answer = { processor: processor / rounds, wall: wall / rounds };
  if (alone) {
    const bare = await timed(async () => {
      const params = new ObjectiveAlone(run).federatedAveraging();
      await run.problem.family.evaluate([params]);
      return params;
    });
    requireEqualBits('simulation', result.result.estimates[0], bare.result);
    answer.alone = bare.processor / rounds;
  }
  console.log(JSON.stringify(answer));
}
