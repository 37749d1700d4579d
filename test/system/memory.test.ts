import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { childProcesses } from '../support/child-processes.js';
import { startCommand } from '../support/command-process.js';
import { median, residentMB } from '../support/resident-memory.js';
import { temporaryFolder } from '../support/scripted-run.js';

const ROUNDS = 5000;

/** Resident memory goes up and down by 50 MB with the garbage that waits: its least counts. 15 kB a round would be this. */
const BOUND_MB = 48;

const RUNS = {
  scaffold: {
    method: { name: 'scaffold', batchSize: 10 },
    data: { name: 'gaussian-clusters', partition: 'iid' },
  },
  'gradient tracking': {
    method: { name: 'gradient-tracking', stepSize: 0.01 },
    objective: { name: 'quadratic', dimension: 40 },
    data: 'none',
    precision: 'float64',
    topology: 'ring',
  },
} as const;

describe(`resident memory over ${ROUNDS} rounds`, function () {
  this.timeout(900_000);

  for (const [name, input] of Object.entries(RUNS))
    it(`${name}: that of the coordinator and of two worker processes grows by less than ${BOUND_MB} MB`, async () => {
      const folder = temporaryFolder();
      const file = join(folder, 'scenario.json');
      const run = { name: 'memory', clients: 8, rounds: ROUNDS, seed: 3, evaluation: { everyRounds: 100 }, ...input };
      writeFileSync(file, JSON.stringify(run));
      const command = startCommand('run', file, '--out', join(folder, 'out'), '--workers', '2');
      await command.seen('round 1');
      const pids = [command.child.pid!, ...childProcesses(command.child.pid!)];
      expect(pids).to.have.length(3);
      const samples = pids.map((): number[] => []);
      const sampling = setInterval(() => {
        // What draws the report is not of the rounds.
        if (command.printed.err.includes(`round ${ROUNDS}/`)) return clearInterval(sampling);
        for (const [i, pid] of pids.entries()) {
          const megabytes = residentMB(pid);
          if (megabytes !== null) samples[i]!.push(megabytes);
        }
      }, 100);
      expect(await command.ended, command.printed.err).to.equal(0);
      clearInterval(sampling);
      for (const [i, values] of samples.entries()) {
        const fifth = Math.floor(values.length / 5);
        expect(fifth).to.be.at.least(5);
        const [early, late] = [median(values.slice(fifth, 2 * fifth)), Math.min(...values.slice(-2 * fifth))];
        const who = i === 0 ? 'coordinator' : `worker ${i - 1}`;
        console.log(
          `      ${name}, ${who}: ${early.toFixed(0)} MB in the second fifth, later at least ${late.toFixed(0)}`,
        );
        expect(late - early, who).to.be.below(BOUND_MB);
      }
    });
});
