import { expect } from 'chai';
import type { MessageKinds } from '../../../protocol/method.js';
import { rootStream } from '../../../protocol/numerics/random.js';
import { Dispatch, type Network, type Passage } from '../../../protocol/party/dispatch.js';
import type { Frame } from '../../../protocol/wire/frame.js';
import { everythingTwice } from '../../../scenarios/check/parts/networks.js';
import { localPlacement } from '../../../scenarios/check/parts/placements.js';
import { resolveTiny } from '../../../scenarios/check/parts/tiny-problems.js';
import { runTiny } from '../../../scenarios/check/parts/tiny-run.js';
import { smallMethod } from '../../support/small-methods.js';

const KINDS = {
  model: { from: 'coordinator', to: 'cohort', vectors: ['params'], lossy: 'any' },
  answer: {
    from: 'clients',
    to: 'coordinator',
    vectors: ['delta'],
    integers: ['counts'],
    bytes: ['note'],
    scalars: ['loss'],
  },
  word: { from: 'clients', to: 'peers', vectors: ['x'] },
} as const satisfies MessageKinds;

/** 7 parameters; each client answers with 7 numbers, 2 integers, 3 bytes and a scalar, and sends its two neighbours one number. */
const method = smallMethod(
  KINDS,
  async (_state, at) => {
    const [model] = await at.take('model');
    const params = model?.params ?? at.zeros();
    at.post('answer', 'coordinator', {
      delta: params,
      counts: Int32Array.of(1, 2),
      note: Uint8Array.of(1, 2, 3),
      loss: 0,
    });
    at.post('word', at.links.outNeighbors, { x: at.zeros(1) });
    await at.take('word');
    return {};
  },
  async (state, at) => {
    // Clients 0 to 3 get the model, 4 and 5 an empty frame.
    at.post('model', [0, 1, 2, 3], { params: state.x });
    await at.take('answer');
    return {};
  },
);

async function bytesOf(more: object = {}, network: Network | null = null) {
  const scenario = await resolveTiny(method, {
    objective: { name: 'quadratic', dimension: 7 },
    topology: 'ring',
    rounds: 1,
    precision: 'float64',
    ...more,
  });
  const run = await runTiny(scenario, method, { placement: localPlacement('counted', 'fast', null, network) });
  return run.result.bytes;
}

describe('the memory of a body', () => {
  const passes: Passage = { delayMs: 1, heldMs: 0, lost: null, duplicated: false, corruptedBit: null };
  for (const [what, passage, releases] of [
    ['a frame is released by what reads it', passes, 1],
    ['a frame that travels at once is too', null, 1],
    ['a frame that goes twice is not: neither copy knows of the other', { ...passes, duplicated: true }, 0],
  ] as const)
    it(`of ${what}`, () => {
      const posted: Frame[] = [];
      const office = { post: (frame: Frame) => posted.push(frame) } as never;
      const rule = { deadlineMs: null, wallClock: false, quorum: () => 0, first: null };
      let released = 0;
      const frame = { kindIndex: 0, round: 0, attempt: 0, step: 0, arrivesAtMs: 0, lost: null, messages: [] } as const;
      new Dispatch(office, { passage: () => passage }, rule, () => rootStream(1, 'float32')).send(
        { clockMs: 0 },
        {} as never,
        { ...frame, from: 0, to: 'coordinator', release: () => released++ },
      );
      expect(posted).to.have.length(passage?.duplicated ? 2 : 1);
      for (const each of posted) each.release?.();
      expect(released).to.equal(releases);
    });
});

describe('bytes are counted as a socket would carry them', () => {
  // A header has 48 bytes. Fixed parts have 8 a field; data is padded to 8. The coordinator's frames are not masked.
  const model = 48 + (8 + 56) + 2;
  const answer = 48 + (4 * 8 + 56 + 8 + 8) + 4 + 4;
  const word = 48 + (8 + 8) + 2 + 4;

  it('float64: down, up and between peers; a word to oneself crosses no socket', async () => {
    expect(await bytesOf()).to.deep.equal({
      down: { raw: 4 * 56, payload: 4 * 56, wire: 4 * model + 2 * (48 + 2) },
      up: { raw: 6 * 56, payload: 6 * 56, wire: 6 * answer },
      peer: { raw: 12 * 8, payload: 12 * 8, wire: 12 * word },
    });
  });

  it('float32: 28 bytes of vector travel as 32', async () => {
    const { down, up } = await bytesOf({ precision: 'float32' });
    expect(down).to.deep.equal({ raw: 4 * 28, payload: 4 * 28, wire: 4 * (48 + 8 + 32 + 2) + 2 * 50 });
    expect(up.wire).to.equal(6 * (48 + (4 * 8 + 32 + 8 + 8) + 4 + 4));
  });

  it('under a codec: raw bytes before it, payload bytes after it', async () => {
    const { down } = await bytesOf({ codecs: { model: 'bf16' } });
    expect(down).to.deep.equal({ raw: 4 * 56, payload: 4 * 14, wire: 4 * (48 + 8 + 16 + 2) + 2 * 50 });
  });

  it('a lost frame costs its header alone, and carries no payload', async () => {
    const network: Network = {
      passage: ({ from }) =>
        from === 2 ? { delayMs: 0, lost: 'dropped', duplicated: false, heldMs: 0, corruptedBit: null } : null,
    };
    const { up, peer } = await bytesOf({}, network);
    expect(up).to.deep.equal({ raw: 5 * 56, payload: 5 * 56, wire: 5 * answer + (48 + 2 + 4) });
    expect(peer).to.deep.equal({ raw: 10 * 8, payload: 10 * 8, wire: 10 * word + 2 * (48 + 2 + 4) });
  });

  it('a frame that goes twice costs twice', async () => {
    const [once, twice] = [await bytesOf(), await bytesOf({}, everythingTwice)];
    for (const direction of ['up', 'down', 'peer'] as const)
      for (const what of ['raw', 'payload', 'wire'] as const)
        expect(twice[direction][what], `${direction} ${what}`).to.equal(2 * once[direction][what]);
  });
});
