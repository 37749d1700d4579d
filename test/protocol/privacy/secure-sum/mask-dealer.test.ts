import { expect } from 'chai';
import { rootStream } from '../../../../protocol/numerics/random.js';
import {
  addWeighted,
  beginDealer,
  DEALT_BITS,
  DEALT_KEY_BYTES,
  type DealerState,
  dealerBytes,
  MaskDealer,
  maskForDealer,
} from '../../../../protocol/privacy/secure-sum/mask-dealer.js';
import { addResidues, centerResidues, toResidues } from '../../../../protocol/privacy/secure-sum/secure-aggregation.js';
import { systemSecrets as secrets } from '../../../../worker/secrets.js';

const LENGTH = 50;
const NOW = 9;
/** 1 for an old answer, 7 for a fresh one. */
const weightOf = (age: number) => Math.max(1, 7 - age);
const rules = { bufferSize: 3, weightOf, secrets };

interface Answer {
  readonly client: number;
  readonly step: number;
  readonly plain: Int32Array;
  readonly residues: Uint32Array;
  readonly key: Uint8Array;
}

/** Entries up to 2^27 in magnitude: three of them with weight 7 do not wrap around. */
async function answer({ publicKey }: DealerState, client: number, step: number): Promise<Answer> {
  const words = rootStream(5, 'float64').derive(client, step).words(new Uint32Array(LENGTH));
  const plain = Int32Array.from(words, (word) => (word | 0) >> 5);
  const masked = await maskForDealer(toResidues(plain, DEALT_BITS), publicKey, { client, step }, secrets);
  return { client, step, plain, ...masked };
}

/** All answers to a dealer, one after the other. */
async function admitAll(state: DealerState, answers: readonly Answer[]) {
  const dealer = new MaskDealer(state, rules);
  const verdicts: string[] = [];
  for (const { client, step, key } of answers) verdicts.push(await dealer.admit(client, step, key));
  return { dealer, verdicts };
}

const failure = (asked: Promise<unknown>): Promise<string> =>
  asked.then(
    () => 'opened',
    ({ message }: Error) => message,
  );

/** What the coordinator has after it took the dealer's sum of masks off. */
function unmasked(answers: readonly Answer[], mask: Uint32Array): number[] {
  const sum = new Uint32Array(LENGTH);
  for (const { step, residues } of answers) addWeighted(sum, weightOf(NOW - step), residues);
  return [...centerResidues(addResidues(sum, mask, -1, DEALT_BITS), DEALT_BITS)];
}

describe('protocol/privacy/secure-sum/mask-dealer', () => {
  it('a full buffer opens to exactly the weighted integer sum in the clear, 20 buffers of fresh and stale answers', async () => {
    let state = await beginDealer(secrets);
    for (let trial = 0; trial < 20; trial++) {
      const steps = [NOW, NOW - (trial % 8), NOW - (trial % 3)];
      const answers = await Promise.all(steps.map((step, i) => answer(state, 10 * trial + i, step)));
      const { dealer, verdicts } = await admitAll(state, answers);
      expect(verdicts).to.deep.equal(['admitted', 'admitted', 'admitted']);
      const opened = await dealer.open(NOW, LENGTH);
      state = opened.state;
      const clear = Array.from({ length: LENGTH }, (_, i) =>
        answers.reduce((sum, { plain, step }) => sum + weightOf(NOW - step) * plain[i]!, 0),
      );
      expect(unmasked(answers, opened.mask)).to.deep.equal(clear);
    }
    expect(state.opened.map(({ length }) => length)).to.deep.equal(Array(20).fill(3 * 16));
  });

  it('no single answer is opened, nor two of three: the dealer gives no mask before the buffer is full', async () => {
    const state = await beginDealer(secrets);
    const answers = await Promise.all([0, 1].map((client) => answer(state, client, NOW)));
    for (const few of [answers.slice(0, 1), answers]) {
      const { dealer } = await admitAll(state, few);
      expect(await failure(dealer.open(NOW, LENGTH))).to.match(
        /^ERR_PRIVACY: .*expected 3 answers in a buffer, got [12]/,
      );
    }
    expect(() => new MaskDealer(state, { ...rules, bufferSize: 1 })).to.throw('at least 2 answers');
  });

  it('a client is in a buffer once: its second answer is left out, and does not fill it', async () => {
    const state = await beginDealer(secrets);
    const answers = [await answer(state, 4, NOW), await answer(state, 4, NOW - 1), await answer(state, 5, NOW)];
    const { dealer, verdicts } = await admitAll(state, answers);
    expect(verdicts).to.deep.equal(['admitted', 'again', 'admitted']);
    expect(await failure(dealer.open(NOW, LENGTH))).to.contain('got 2');
  });

  it('a mask is used once: its key is refused in the same buffer, under another client, and after it was opened, also with its idle bit set, and by a dealer that is read from a checkpoint', async () => {
    const state = await beginDealer(secrets);
    const answers = await Promise.all([0, 1, 2].map((client) => answer(state, client, NOW)));
    const first = answers[0]!;
    const { dealer } = await admitAll(state, answers.slice(0, 2));
    expect(await dealer.admit(7, NOW, first.key)).to.equal('refused');
    const opened = await (await admitAll(state, answers)).dealer.open(NOW, LENGTH);
    const later = new MaskDealer(opened.state, rules);
    // X25519 does not read the highest bit of a key.
    const same = first.key.slice();
    same[DEALT_KEY_BYTES - 1]! ^= 128;
    for (const key of [first.key, same]) expect(await later.admit(0, NOW + 1, key)).to.equal('refused');
    const resumed = new MaskDealer(structuredClone(opened.state), rules);
    for (const { key } of answers) expect(await resumed.admit(9, NOW + 1, key)).to.equal('refused');
    expect(await new MaskDealer(state, rules).admit(0, NOW, first.key)).to.equal('admitted');
  });

  it('a key that is none is refused: too short, of another kind, and a point whose secret is known to all', async () => {
    const state = await beginDealer(secrets);
    const { dealer } = await admitAll(state, []);
    const { key } = await answer(state, 0, NOW);
    const zero = key.slice();
    zero.fill(0, -32);
    for (const bad of [key.slice(1), new Uint8Array(DEALT_KEY_BYTES), zero])
      expect(await dealer.admit(0, NOW, bad)).to.equal('refused');
  });

  it('what goes to the dealer and back is counted: 52 bytes an answer, of which 44 are a key, and 4 an entry of the sum', async () => {
    const state = await beginDealer(secrets);
    expect((await answer(state, 0, NOW)).key).to.have.length(DEALT_KEY_BYTES);
    expect([dealerBytes(3, LENGTH), dealerBytes(1, 0)]).to.deep.equal([356, 52]);
  });

  it('with a step or a client that is not the answer’s own, another mask is taken off', async () => {
    const state = await beginDealer(secrets);
    const answers = await Promise.all([0, 1, 2].map((client) => answer(state, client, NOW - 2)));
    const honest = await (await admitAll(state, answers)).dealer.open(NOW, LENGTH);
    for (const lie of [{ step: NOW }, { client: 8 }]) {
      const stated = answers.map((each, i) => (i === 0 ? { ...each, ...lie } : each));
      const { mask } = await (await admitAll(state, stated)).dealer.open(NOW, LENGTH);
      expect(unmasked(stated, mask)).to.not.deep.equal(unmasked(answers, honest.mask));
    }
  });

  it('equal vectors do not look alike: masked twice they agree in no more entries than chance, and every bit is set about half the time', async () => {
    const { publicKey } = await beginDealer(secrets);
    const zeros = new Uint32Array(4096);
    const [a, b] = await Promise.all(
      [0, 0].map(() => maskForDealer(zeros, publicKey, { client: 1, step: 2 }, secrets)),
    );
    expect(a!.residues.filter((residue, i) => residue === b!.residues[i]).length).to.be.at.most(1);
    for (let bit = 0; bit < 32; bit++) {
      const set = a!.residues.filter((residue) => (residue >>> bit) & 1).length;
      // 6 standard deviations of a fair coin.
      expect(Math.abs(set - 2048), `bit ${bit}`).to.be.below(6 * 32);
    }
  });
});
