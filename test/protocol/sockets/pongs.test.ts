import { expect } from 'chai';
import { pongsOf } from '../../../protocol/sockets/pongs.js';

/** A websocket whose pongs leave when `leave` is called. */
function slowSocket() {
  const sent: string[] = [];
  const callbacks: ((error?: Error) => void)[] = [];
  const pong = (payload: unknown, _mask: unknown, done: (error?: Error) => void): void => {
    sent.push(String(payload));
    callbacks.push(done);
  };
  return { sent, leave: (error?: Error) => callbacks.shift()!(error), socket: { pong } as never };
}

describe('pings of a websocket', () => {
  it('that come while a pong has not left are answered together, by the last', () => {
    const { sent, leave, socket } = slowSocket();
    const ping = pongsOf(socket);
    for (let i = 0; i < 100_000; i++) ping(Buffer.from(String(i)));
    expect(sent).to.deep.equal(['0']);
    leave();
    expect(sent).to.deep.equal(['0', '99999']);
    leave();
    ping(Buffer.from('again'));
    expect(sent).to.deep.equal(['0', '99999', 'again']);
  });

  it('are not answered on a socket that is closed', () => {
    const { sent, leave, socket } = slowSocket();
    const ping = pongsOf(socket);
    ping(Buffer.from('a'));
    ping(Buffer.from('b'));
    leave(new Error('it is closed'));
    expect(sent).to.deep.equal(['a']);
  });
});
