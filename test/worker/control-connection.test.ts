import { expect } from 'chai';
import { GradswarmError } from '../../protocol/errors.js';
import { processSockets, useSockets } from '../../protocol/sockets/process-sockets.js';
import type { Sockets } from '../../protocol/sockets/sockets.js';
import { ControlConnection, NotWanted } from '../../worker/control-connection.js';

/** What a worker does whose connection is refused so many times before no coordinator is there; and how many challenges it asked for. */
async function refused(times: number): Promise<{ readonly error: unknown; readonly challenges: number }> {
  let challenges = 0;
  const before = await processSockets();
  useSockets({
    challenge: async () => `challenge ${++challenges}`,
    openControl: async () => {
      throw new GradswarmError(challenges <= times ? 'ERR_PROTOCOL' : 'ERR_WORKER_LOST', 'refused');
    },
  } as unknown as Sockets);
  const options = { token: 'token', trust: { ca: null }, signal: new AbortController().signal };
  try {
    await ControlConnection.open('ws://127.0.0.1:1', options, {} as never, {} as never);
    return { error: null, challenges };
  } catch (error) {
    return { error, challenges };
  } finally {
    useSockets(before);
  }
}

describe('the control connection of a worker', () => {
  it('a proof that is refused is made again for another challenge: the first may be of a coordinator that was started again since', async () => {
    const { error, challenges } = await refused(1);
    expect(challenges).to.equal(2);
    expect(error).to.not.be.an.instanceof(NotWanted);
    expect((error as GradswarmError).code).to.equal('ERR_WORKER_LOST');
  });

  it('refused twice, the worker is not wanted', async () => {
    const { error, challenges } = await refused(9);
    expect(challenges).to.equal(2);
    expect(error).to.be.an.instanceof(NotWanted);
  });
});
