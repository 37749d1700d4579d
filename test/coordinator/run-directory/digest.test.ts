import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { orderedDigest, StateDigest, stateDigest } from '../../../coordinator/run-directory/digest.js';
import type { PartyId } from '../../../protocol/method.js';
import { encodeState } from '../../../protocol/party/state-codec.js';
import { compareParties } from '../../../protocol/party/state-digest.js';

const states: [PartyId, Uint8Array][] = [
  [10, encodeState({ x: Float32Array.of(1, 2) })],
  ['coordinator', encodeState({ params: Float64Array.of(0.1) })],
  [9, encodeState(null)],
];

describe('stateDigest', () => {
  it('is SHA-256 over "<party> <hash>" lines, coordinator first, then clients by number and not by text', () => {
    const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
    const [ten, coordinator, nine] = states.map(([, bytes]) => hash(bytes));
    const lines = `coordinator ${coordinator}\nclient 9 ${nine}\nclient 10 ${ten}\n`;
    expect(stateDigest(states)).to.equal(createHash('sha256').update(lines).digest('hex'));
  });

  it('does not depend on the order in which parties come', () => {
    expect(stateDigest([...states].reverse())).to.equal(stateDigest(states));
  });

  it('of parties in their order is the same without keeping any of them, also where clients share their bytes', () => {
    const [ten, coordinator, nine] = states as [(typeof states)[0], (typeof states)[0], (typeof states)[0]];
    const shared: readonly (readonly [PartyId, Uint8Array])[] = [11, 12, 30].map((client) => [client, nine[1]]);
    const parties = [coordinator, nine, ten, ...shared];
    expect(orderedDigest(parties)).to.equal(stateDigest(parties));
    expect(() => orderedDigest([coordinator, [4, Uint8Array.of(99)]])).to.throw(/ERR_STATE: client 4/);
  });

  it('changes when two clients swap their states, and when one bit of one number changes', () => {
    const [[a, x], coordinator, [b, y]] = states as [(typeof states)[0], (typeof states)[0], (typeof states)[0]];
    expect(stateDigest([[b, x], coordinator, [a, y]])).not.to.equal(stateDigest(states));
    const negativeZero = stateDigest([[0, encodeState({ x: -0 })]]);
    expect(negativeZero).not.to.equal(stateDigest([[0, encodeState({ x: 0 })]]));
  });

  it('set party by party, with one state replaced, it equals the digest of the final states', () => {
    const digest = new StateDigest();
    digest.set(9, encodeState('older'));
    for (const [party, bytes] of states) digest.set(party, bytes);
    expect(digest.digest()).to.equal(stateDigest(states));
    expect(digest.partyCount).to.equal(3);
  });

  it('refuses a state with NaN and one with an infinity, naming the party', () => {
    for (const bad of [NaN, -Infinity]) {
      expect(() => stateDigest([[4, encodeState({ x: [Float32Array.of(0, bad)] })]])).to.throw(
        /ERR_NOT_FINITE: client 4, state\.x\[0\]\[1\]/,
      );
      expect(() => stateDigest([['coordinator', encodeState({ y: bad })]])).to.throw(
        /ERR_NOT_FINITE: coordinator, state\.y/,
      );
    }
  });

  it('refuses bytes that are not a state', () => {
    expect(() => stateDigest([[4, Uint8Array.of(99)]])).to.throw(/ERR_STATE: client 4/);
  });

  it('orders parties totally: coordinator, 0, 2, 10', () => {
    const parties: PartyId[] = [10, 2, 'coordinator', 0];
    expect(parties.sort(compareParties)).to.deep.equal(['coordinator', 0, 2, 10]);
  });
});
