import { expect } from 'chai';
import type { ScenarioInput } from '../../protocol/scenario/input.js';
import { type Address, ATTACKS, Held, sendBytes } from '../support/attacks.js';
import { runInput } from '../support/scripted-run.js';
import { socketRun } from '../support/socket-run.js';

const tracking: ScenarioInput = {
  name: 'attacked',
  method: { name: 'gradient-tracking', stepSize: 0.1 },
  objective: { name: 'quadratic', dimension: 30 },
  data: 'none',
  clients: 6,
  rounds: 400,
  seed: 4,
  precision: 'float64',
  topology: 'ring',
  evaluation: { everyRounds: 400 },
  checkpoints: { everyRounds: null },
};

function addressOf(url: string): Address {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
}

async function everyAttack(to: Address, held: Held): Promise<void> {
  await Promise.all(Object.values(ATTACKS).map((attack) => attack(to, held)));
}

describe('processes without a token at the port', function () {
  this.timeout(180_000);

  it('before and during a run can do nothing to the coordinator: it ends in the undisturbed bits, and closes what they hold', async () => {
    const alone = await runInput(tracking);
    const held = new Held();
    let attacks = 0;
    const { outcome, actedUntil } = await socketRun(tracking, 2, {
      before: async (url) => {
        await everyAttack(addressOf(url), held);
        attacks++;
      },
      during: {
        round: 5,
        act: async ({ server }) => {
          await everyAttack(addressOf(server.url), held);
          attacks++;
        },
      },
    });
    expect(outcome.stateDigest).to.equal(alone.outcome.stateDigest);
    expect(attacks).to.equal(2);
    expect(actedUntil).to.be.at.least(5);
    // The coordinator is closed: what it has destroyed ends here within a turn of the loop.
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(held.open).to.equal(0);
  });

  it('can do nothing to the port that workers listen on for each other', async () => {
    const alone = await runInput(tracking);
    const held = new Held();
    let attacked = 0;
    const { outcome, actedUntil } = await socketRun(tracking, 2, {
      during: {
        round: 5,
        act: async ({ server }) => {
          for (const { url } of server.peers) {
            await everyAttack(addressOf(url), held);
            attacked++;
          }
        },
      },
    });
    expect(outcome.stateDigest).to.equal(alone.outcome.stateDigest);
    expect(attacked).to.equal(2);
    expect(actedUntil).to.be.at.least(5);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(held.open).to.equal(0);
  });

  it('learn from GET /health that the coordinator is alive, and from any other request nothing', async () => {
    const answers: string[] = [];
    await socketRun({ ...tracking, rounds: 2 }, 2, {
      before: async (url) => {
        for (const target of ['/health', '/', '/socket.io/', '/health?x'])
          answers.push(await sendBytes(addressOf(url), `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`));
      },
    });
    expect(answers.map((text) => text.split('\r\n')[0])).to.deep.equal([
      'HTTP/1.1 200 OK',
      'HTTP/1.1 404 Not Found',
      'HTTP/1.1 404 Not Found',
      'HTTP/1.1 404 Not Found',
    ]);
    expect(answers[0]!.split('\r\n\r\n')[1]).to.include('alive');
  });

  it('find workers listening on loopback alone when the coordinator is there, and nowhere in methods whose clients send to the coordinator', async () => {
    const urls: string[] = [];
    const look = async ({ server }: { server: { peers: readonly { url: string }[] } }) => {
      urls.push(...server.peers.map(({ url }) => url));
    };
    await socketRun({ ...tracking, rounds: 2 }, 2, { after: look });
    expect(urls.map((url) => new URL(url).hostname)).to.deep.equal(['127.0.0.1', '127.0.0.1']);
    urls.length = 0;
    const { topology: _, ...server } = tracking;
    await socketRun({ ...server, rounds: 2, method: 'sgd' }, 2, { after: look });
    expect(urls).to.deep.equal([]);
  });
});
