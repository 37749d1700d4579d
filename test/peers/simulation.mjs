// gradswarm's side of simulation.py: runs the scenario of its argument once for each line that it reads, and answers with
// seconds of processor time: of the run, and of the same arithmetic by the objective alone.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { ObjectiveAlone } from '../../dist/scenarios/bench/objective-alone.js';
import { prepareRun, requireEqualBits, timedRun } from '../../dist/scenarios/bench/timed-run.js';

async function seconds(work) {
  const begin = process.cpuUsage();
  const result = await work();
  const { user, system } = process.cpuUsage(begin);
  return { result, seconds: (user + system) / 1e6 };
}

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
const run = await prepareRun(JSON.parse(process.argv[2]));
const signal = new AbortController().signal;
console.log(`gradswarm ${version} on Node ${process.version}`);
for await (const _ of createInterface({ input: process.stdin })) {
  const whole = await seconds(() => timedRun(run, signal));
  const alone = await seconds(async () => {
    const params = new ObjectiveAlone(run).federatedAveraging();
    await run.problem.family.evaluate([params]);
    return params;
  });
  requireEqualBits('simulation', whole.result.result.estimates[0], alone.result);
  console.log(JSON.stringify({ run: whole.seconds, objective: alone.seconds }));
}
