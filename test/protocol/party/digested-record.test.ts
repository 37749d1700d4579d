import { expect } from 'chai';
import type { Halves } from '../../../protocol/method.js';
import { withFormerNoise } from '../../../protocol/methods/parts/former-state.js';
import { digestedRecord, encodeRecord, presentRecord } from '../../../protocol/party/record.js';
import { decodeState } from '../../../protocol/party/state-codec.js';

const server = { params: Float32Array.of(1, 2), optimizer: { step: 3 }, previous: new Float32Array(0) };
const noise = { trace: new Float64Array(0), signal: new Float64Array(0), between: new Float64Array(0) };
const halves = { client: {}, coordinator: { digested: withFormerNoise } } as unknown as Halves;
const recordOf = (state: unknown): Uint8Array =>
  encodeRecord('coordinator', { state, memories: {}, clockMs: 5, undelivered: [] });

describe('what a digest covers of a record', () => {
  it('state and memories without the clock, and the constants that the half adds for digests alone', () => {
    const covered = decodeState(digestedRecord('coordinator', recordOf(server), halves));
    expect(covered).to.deep.equal({ state: { ...server, noise }, memories: {} });
  });

  it('a record of an earlier version, which holds those constants, has equal bytes', () => {
    expect(digestedRecord('coordinator', recordOf({ ...server, noise }), halves)).to.deep.equal(
      digestedRecord('coordinator', recordOf(server), halves),
    );
  });

  it('a client without constants is covered as it is', () => {
    const bytes = encodeRecord(0, { state: null, memories: {}, clockMs: 0, undelivered: [] });
    expect(decodeState(digestedRecord(0, bytes, halves))).to.deep.equal({ state: null, memories: {} });
  });

  describe('fields with a former name', () => {
    const formerNames = { inNeighbors: 'before' };
    const gossip = { client: { formerNames }, coordinator: null } as unknown as Halves;
    const record = (state: unknown) => ({ state, memories: {}, clockMs: 0, undelivered: [] });
    const present = { x: [{ inNeighbors: [1, 2], own: Float64Array.of(1) }], inNeighbors: null };
    const former = { x: [{ before: [1, 2], own: Float64Array.of(1) }], before: null };

    it('the digest covers the former names, at any depth', () => {
      expect(decodeState(digestedRecord(0, encodeRecord(0, record(present)), gossip))).to.deep.equal({
        state: former,
        memories: {},
      });
    });

    it('a state of an earlier version is read under the present names, and one of this version as it is', () => {
      expect(presentRecord(record(former), { formerNames }).state).to.deep.equal(present);
      expect(presentRecord(record(present), { formerNames }).state).to.deep.equal(present);
    });
  });
});
