import { type Case, equal, required } from '../../case.js';
import { ADAPTIVE_VECTORS } from '../../script/adaptive-vectors.js';
import type { Coordinator } from '../../script/coordinator.js';
import { Averaging } from '../../script/fedavg.js';
import { bodyOf, doubles, hex } from '../../script/frames.js';
import { TRACKING } from '../../script/scenario.js';

const section = 'protocol-codecs.md: Adaptive levels';
const [ITERATE, CLIENT, ROUND] = [2, 2, 3];
/** Never measured. */
const SELDOM = 2_147_483_647;

/** An update that bfloat16 has, and its neighbour that it has not. */
const UPDATE = [1.5, -2, 1 + 2 ** -12];
const FINE = `${Buffer.from(Float32Array.from(UPDATE).buffer).toString('hex')}00`;
const COARSE = 'c03f00c0803f01';

/** One example: both runs of the half post the same, so that only a codec without an error is within any share. */
function averaging(it: Coordinator, everyRounds = 1): Promise<Averaging> {
  const ladder = ['identity', 'bf16'];
  const codec = { name: 'adaptive', ladder, everyRounds, retryAfter: 2 };
  return Averaging.open(it, UPDATE.length, 'float32', { update: { codec } as never });
}

/** The update’s data in a round. */
async function posted(fed: Averaging, round: number, data: string, why: string, attempt = 0): Promise<void> {
  fed.begin(round, attempt);
  fed.sendFor(UPDATE, round, attempt);
  const { body } = await required('an update', 'fedavg posts its update', fed.update());
  equal(body, fed.bodyOf(hex(data), UPDATE.length), why);
}

/** x and y of a neighbour, each in a codec’s bytes. */
const vectors = (x: Uint8Array, y: Uint8Array) => bodyOf([x, y], [], [3, 3]);

/** Three times the same number in the ladder’s first codec, which is none, in float64. */
const fine = (value: number) => hex(`${Buffer.from(doubles(value, value, value).buffer).toString('hex')}00`);

const choosing = ADAPTIVE_VECTORS.map(
  ({ meaning, ladder, share, bodies, memories }, i): Case<Coordinator> => ({
    id: `10.6.${8 + i}`,
    title: meaning,
    section,
    async run(it) {
      const run = await it.running(
        {
          seed: 9,
          clients: 4,
          method: { name: 'sgd', batchSize: 2 },
          objective: {
            name: 'quadratic',
            dimension: 6,
            largestEigenvalue: 50,
            examples: 5,
            exampleSpread: 0.5,
            initialValue: 0.3,
          },
          codecs: { gradient: { name: 'adaptive', ladder, share, everyRounds: 1 } as never },
        },
        { clients: [CLIENT] },
      );
      const models = [[0, 1, 2, 3, 4, 5].map((j) => 0.125 * j), [0, 1, 2, 3, 4, 5].map((j) => 0.1 * j - 0.7)];
      for (const [n, params] of models.entries()) {
        const round = ROUND + n;
        run.begin({ index: round, cohort: [0, 1, 2, 3] });
        run.model(params, { round, to: CLIENT });
        const { body } = await required('a gradient', 'sgd posts once', run.frameOf(CLIENT));
        equal(body, bodyOf([hex(bodies[n]!)], [2], [6]), `gradient ${n + 1}, its codec’s index last`);
        await run.done();
        run.settle({ round, cohort: [0, 1, 2, 3] });
        if (n > 0) continue;
        const record = (await run.collected(1, 'records')).get(CLIENT);
        const found = record !== undefined && Buffer.from(record).includes(Buffer.from(memories, 'hex'));
        equal(found ? memories : record, memories, 'the state of the level as it stands in the record');
      }
    },
  }),
);

/** Cases of the chapter on codecs. */
export const ADAPTIVE: readonly Case<Coordinator>[] = [
  {
    id: '10.6.1',
    title: 'encodes adaptive at first by the finest codec of the ladder, its index behind the body',
    section,
    async run(it) {
      await posted(await averaging(it, SELDOM), ROUND, FINE, 'the first of the ladder, and 0');
    },
  },
  {
    id: '10.6.2',
    title: 'decodes adaptive by the codec that the last byte names',
    section,
    async run(it) {
      const iterate = { name: 'adaptive', ladder: ['identity', 'bf16'], everyRounds: SELDOM };
      const run = await it.running({ ...TRACKING, codecs: { iterate: iterate as never } }, { clients: [0] });
      run.begin({ cohort: [0, 1, 2] });
      run.frames.sendFrame({ kind: ITERATE, from: 1, to: 0 }, vectors(hex('00400040004001'), hex('803f803f803f01')));
      run.frames.sendFrame({ kind: ITERATE, from: 2, to: 0 }, vectors(fine(3.5), fine(4)));
      const { absences } = await required('a report', 'both messages could be decoded', run.done());
      equal(absences, [], 'an index of the ladder');
      run.settle({ cohort: [0, 1, 2] });
      // As in 7.2.1: the mean of 0.5, 2 and 3.5, less a quarter of y = 1; the sum of the weights is 1 but for rounding.
      const [estimate] = (await run.collected(1, 'estimates')).values();
      const x = [...new Float64Array(Uint8Array.from(estimate ?? []).slice(4).buffer)];
      equal(
        x.map((value) => Number(value.toFixed(9))),
        [1.75, 1.75, 1.75],
        '2 in bfloat16 and 3.5 as it is',
      );
    },
  },
  {
    id: '10.6.3',
    title: 'rejects an index beyond the ladder in adaptive',
    section: 'protocol-codecs.md: Conventions',
    async run(it) {
      const iterate = { name: 'adaptive', ladder: ['identity', 'bf16'], everyRounds: SELDOM };
      const run = await it.running({ ...TRACKING, codecs: { iterate: iterate as never } }, { clients: [0] });
      run.begin({ cohort: [0, 1, 2] });
      run.frames.sendFrame({ kind: ITERATE, from: 1, to: 0 }, vectors(fine(2), fine(1)));
      const beyond = vectors(hex('00400040004002'), hex('803f803f803f02'));
      run.frames.sendFrame({ kind: ITERATE, from: 2, to: 0 }, beyond);
      const { absences } = await required('a report', 'the half uses what it has', run.done());
      equal(
        (absences as { from: number; why: string }[]).map(({ from, why }) => [from, why]),
        [[2, 'rejected']],
        'what no encoder writes is refused, its sender absent',
      );
    },
  },
  {
    id: '10.6.4',
    title: 'measures in rounds r with (r + 1) mod everyRounds = 0 alone',
    section,
    async run(it) {
      const fed = await averaging(it, 5);
      // Round 4 measures.
      for (const round of [3, 4, 5]) {
        await posted(fed, round, round < 5 ? FINE : COARSE, 'the level changes after round 4');
        const { parties } = await fed.run.done();
        const measures = (parties as { measures: [string, number][] }[])[0]?.measures.filter(([name]) =>
          name.startsWith('codecLevel.'),
        );
        equal(measures, round === 4 ? [['codecLevel.update', 1]] : [], 'the mean of the new levels is reported');
        fed.settle({ round });
      }
    },
  },
  {
    id: '10.6.5',
    title: 'becomes finer where a codec was too coarse, and tries it again after retryAfter measurements',
    section,
    async run(it) {
      const fed = await averaging(it);
      // Measurement 2 marks the second codec; measurement 4 may try it again.
      for (const [n, data] of [FINE, COARSE, FINE, FINE, COARSE].entries()) {
        const round = ROUND + n;
        await posted(fed, round, data, `the codec of measurement ${n + 1}`);
        await fed.run.done();
        fed.settle({ round });
      }
    },
  },
  {
    id: '10.6.6',
    title: 'leaves the level as it was when the round is abandoned',
    section,
    async run(it) {
      const fed = await averaging(it);
      for (const attempt of [0, 1]) {
        await posted(fed, ROUND, FINE, 'the state is settled as memories are', attempt);
        await fed.run.done();
        fed.settle({ attempt, abandoned: attempt === 0 });
      }
      await posted(fed, ROUND + 1, COARSE, 'the second attempt was settled');
    },
  },
  {
    id: '10.6.7',
    title: 'spends the time of the half’s second run, but not that of the round again',
    section,
    async run(it) {
      const fed = await averaging(it);
      fed.begin();
      fed.sendFor(UPDATE);
      const { arrivesAtMs } = await required('an update', 'fedavg posts its update', fed.update());
      const [party] = (await fed.run.done()).parties as { clockMs: number }[];
      // 3 for the round, 2 for the example, 5 on the link; 2 for the example again.
      equal([arrivesAtMs, party?.clockMs], [10, 7], 'the frames of the first run have left before');
    },
  },
  ...choosing,
];
