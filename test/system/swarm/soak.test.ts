import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { temporaryFolder } from '../../support/scripted-run.js';
import { seededRandom } from '../../support/seeded-random.js';
import { onlyInSoak } from '../../support/soak.js';
import { Commands } from './commands.js';
import { Engine } from './engine.js';
import { imageArchive } from './image.js';

const MINUTES = Number(process.env.GRADSWARM_SOAK_MINUTES ?? 30);
const ROUNDS = 1500;

const scenario = {
  name: 'soak',
  method: { name: 'fedavg', localEpochs: 1, batchSize: 16, clientLearningRate: 0.05 },
  objective: { name: 'softmax-regression' },
  data: { name: 'gaussian-clusters', examples: 2000, testExamples: 200, features: 50, partition: 'iid' },
  clients: 12,
  rounds: ROUNDS,
  seed: 7,
  checkpoints: { everyRounds: 20 },
  workers: { joinTimeoutMs: 300_000 },
};

describe('a docker swarm, run after run', function () {
  this.timeout((MINUTES + 30) * 60_000);
  let engine: Engine | null = null;
  let commands: Commands | null = null;
  const folder = temporaryFolder();
  const file = join(folder, 'soak.json');

  before(async function () {
    onlyInSoak(this, 'a swarm for half an hour');
    const image = await imageArchive();
    engine = image ? await Engine.start() : null;
    if (!image || !engine) return this.skip();
    writeFileSync(file, JSON.stringify(scenario));
    commands = new Commands(engine, folder, file);
    engine.docker('load', '--quiet', '-i', image);
    engine.docker('swarm', 'init', '--advertise-addr', '127.0.0.1');
  });
  after(async () => {
    commands?.kill('SIGKILL');
    await engine?.stop();
  });

  it(`${MINUTES} minutes: in each run a container is killed, each ends in the undisturbed digest, and nothing is left behind`, async () => {
    const random = seededRandom(29);
    const digest = commands!.digestAlone(ROUNDS);
    const until = performance.now() + MINUTES * 60_000;
    const killed: string[] = [];
    let runs = 0;
    for (; performance.now() < until; runs++) {
      const name = `soak${runs}`;
      const up = commands!.begin('swarm', 'up', file, '--workers', '3', '--name', name);
      const victim = ['coordinator', 'worker.1', 'worker.2', 'worker.3'][Math.floor(random() * 4)]!;
      const at = 50 + Math.floor(random() * 1000);
      let over = false;
      void up.done.then(() => {
        over = true;
      });
      while (Number(/.*round (\d+)\//s.exec(up.text())?.[1] ?? 0) < at && !over) await sleep(200);
      if (!over) {
        for (const id of commands!.names('ps', '--quiet', '--filter', `name=${name}_${victim}`))
          engine!.docker('kill', id);
        killed.push(victim);
      }
      const { status, out, err } = await up.done;
      expect(status, `run ${runs}, ${victim} killed at round ${at}: ${err}`).to.equal(0);
      expect(out).to.include(`VALID  state ${digest}`);
      expect(commands!.names('stack', 'ls', '--format', '{{.Name}}')).to.deep.equal([]);
      for (const what of ['secret', 'config']) expect(commands!.names(what, 'ls', '--quiet')).to.deep.equal([]);
    }
    console.log(
      `      ${runs} runs, ${killed.length} containers killed (${killed.filter((one) => one === 'coordinator').length} coordinators)`,
    );
    expect(killed).to.have.length.above(0);
  });
});
