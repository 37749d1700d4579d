import { expect } from 'chai';
import type { Halves } from '../../../protocol/method.js';
import { withFormerNoise } from '../../../protocol/methods/parts/former-state.js';
import { digestedRecord, encodeRecord } from '../../../protocol/party/record.js';
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
});
