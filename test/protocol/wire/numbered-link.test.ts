import { expect } from 'chai';
import { LIMITS } from '../../../protocol/wire/limits.js';
import { countBytes, NumberedLink, readCount, readHave } from '../../../protocol/wire/numbered-link.js';
import { seededRandom } from '../../support/seeded-random.js';

const MESSAGES = 20_000;
const CUTS = 75;

/** One direction of a connection: what is under way in it is lost when it is cut. */
type Way = ({ readonly message: Uint8Array } | { readonly count: number })[];

/** Two ends and the connection between them, of which a random part arrives before it is cut. */
class Pair {
  readonly ends = [new NumberedLink(), new NumberedLink()] as const;
  readonly arrived: [number[], number[]] = [[], []];
  resent = 0;
  private ways: [Way, Way] = [[], []];

  constructor(private readonly random: () => number) {}

  send(from: 0 | 1, value: number): void {
    const message = new Uint8Array(4 + Math.floor(this.random() * 3000));
    new DataView(message.buffer).setUint32(0, value, true);
    this.ends[from].send(message);
    this.ways[from].push({ message });
  }

  /** Something arrives, in order. */
  move(from: 0 | 1): void {
    const next = this.ways[from].shift();
    if (!next) return;
    const to = this.ends[from === 0 ? 1 : 0];
    if ('count' in next) return to.acknowledge(next.count);
    const { message } = next;
    to.receive(message);
    const due = to.unreportedBytes >= LIMITS.ackBytes || this.random() < 0.02;
    this.arrived[from].push(new DataView(message.buffer, message.byteOffset).getUint32(0, true));
    if (due) this.ways[from === 0 ? 1 : 0].push({ count: to.report() });
  }

  /** A new connection: both report what they have, and both send the rest again. */
  cut(): void {
    this.ways = [[], []];
    const have = this.ends.map((end) => end.report());
    for (const from of [0, 1] as const) {
      this.ends[from].acknowledge(have[from === 0 ? 1 : 0]!);
      const again = this.ends[from].unacknowledged();
      this.resent += again.length;
      this.ways[from].push(...again.map((message) => ({ message })));
    }
  }
}

describe('a numbered link', () => {
  it(`${MESSAGES} messages each way over connections that are cut ${CUTS} times: none is lost, doubled or out of order`, function () {
    this.timeout(60_000);
    for (const seed of [1, 2, 3]) {
      const random = seededRandom(seed);
      const pair = new Pair(random);
      for (let value = 0, cuts = 0; value < MESSAGES; value++) {
        pair.send(0, value);
        pair.send(1, value);
        for (let moves = Math.floor(5 * random()); moves > 0; moves--) pair.move(random() < 0.5 ? 0 : 1);
        if (value >= (cuts * MESSAGES) / CUTS) {
          pair.cut();
          cuts++;
        }
      }
      for (let left = 10 * MESSAGES; left > 0; left--) {
        pair.move(0);
        pair.move(1);
      }
      const expected = Array.from({ length: MESSAGES }, (_, value) => value);
      expect(pair.arrived[0]).to.deep.equal(expected);
      expect(pair.arrived[1]).to.deep.equal(expected);
      expect(pair.resent).to.be.greaterThan(1000);
      pair.cut();
      expect(pair.ends.map(({ unacknowledgedBytes }) => unacknowledgedBytes)).to.deep.equal([0, 0]);
    }
  });

  it('a message is kept, and its memory not given back, until the other end has acknowledged it', () => {
    const link = new NumberedLink();
    const back: number[] = [];
    for (const value of [0, 1, 2]) link.send(new Uint8Array(10), () => back.push(value));
    expect([link.sent, link.unacknowledgedBytes]).to.deep.equal([3, 30]);
    link.acknowledge(2);
    expect(back).to.deep.equal([0, 1]);
    expect([link.sent, link.acknowledged, link.unacknowledgedBytes]).to.deep.equal([3, 2, 10]);
    expect(link.unacknowledged().length).to.equal(1);
  });

  it('a message that is sent while another is acknowledged has its turn', () => {
    const link = new NumberedLink();
    link.send(new Uint8Array(1), () => link.send(new Uint8Array(5)));
    link.acknowledge(1);
    expect([link.sent, link.acknowledged, link.unacknowledgedBytes]).to.deep.equal([2, 1, 5]);
  });

  it('an acknowledgement of more than was sent, or of less than before, is refused', () => {
    const link = new NumberedLink();
    link.send(new Uint8Array(1));
    link.send(new Uint8Array(1));
    link.acknowledge(1);
    for (const count of [0, 3, 1.5, Number.NaN])
      expect(() => link.acknowledge(count), `${count}`).to.throw(/acknowledgement: expected 1 to 2, got/);
    expect(link.canResume(2)).to.equal(true);
  });

  it('bytes received since the last report are counted: a mebibyte is reported at once', () => {
    const link = new NumberedLink();
    const half = new Uint8Array(LIMITS.ackBytes / 2);
    link.receive(half);
    expect(link.unreportedBytes).to.be.below(LIMITS.ackBytes);
    link.receive(half);
    expect(link.unreportedBytes).to.equal(LIMITS.ackBytes);
    expect(link.report()).to.equal(2);
    expect(link.unreportedBytes).to.equal(0);
  });

  it('what was reported is not taken back, however few were taken since', () => {
    const link = new NumberedLink();
    for (let i = 0; i < 5; i++) link.receive(new Uint8Array(1));
    expect([link.report(2), link.report(5), link.report(3)]).to.deep.equal([2, 5, 5]);
  });

  it('a count is 8 bytes, little-endian, as the payload of a ping; in a query it is decimal', () => {
    expect([...countBytes(0x0102030405)]).to.deep.equal([5, 4, 3, 2, 1, 0, 0, 0]);
    expect(readCount(countBytes(2 ** 53 - 1))).to.equal(2 ** 53 - 1);
    expect(readCount(Uint8Array.from([0, 0, 0, 0, 0, 0, 32, 0]))).to.equal(null);
    expect(readCount(new Uint8Array(7))).to.equal(null);
    const have = (text: string): number | null => readHave(new URLSearchParams(text));
    expect(['have=0', 'have=12', '', 'have=', 'have=-1', 'have=1e3', 'have=012'].map(have)).to.deep.equal([
      0,
      12,
      null,
      null,
      null,
      null,
      null,
    ]);
  });
});
