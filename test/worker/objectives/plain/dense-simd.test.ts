import { expect } from 'chai';
import type { Objective, Precision, ReadonlyVector, Vector } from '../../../../protocol/method.js';
import { rootStream } from '../../../../protocol/numerics/random.js';
import { zeros } from '../../../../protocol/numerics/vector.js';
import { syntheticDataset } from '../../../../scenarios/check/parts/synthetic-dataset.js';
import type { Dataset } from '../../../../worker/datasets/dataset.js';
import { featureRooms } from '../../../../worker/datasets/feature-room.js';
import type { ObjectiveFamily } from '../../../../worker/objectives/family.js';
import { createObjectiveFamily } from '../../../../worker/objectives/objectives.js';
import { ACTIVATIONS, type DenseLoops, PLAIN_LOOPS } from '../../../../worker/objectives/plain/dense-loops.js';
import { openSimdLoops, useDenseSimd } from '../../../../worker/objectives/plain/simd/dense-loops.js';

type Settings = { readonly name: string; readonly [key: string]: unknown };

const shaped = (features: number, classCount: number) => syntheticDataset({ featureShape: [features], classCount });
const text = syntheticDataset({ featureShape: [5], classCount: 29, vocabulary: 29 });

/** Odd and even sizes, so that every block of outputs, every tail and every misaligned row is met. */
const SUBJECTS: readonly { readonly objective: Settings; readonly dataset: Dataset }[] = [
  ...[2, 3, 5, 7, 10, 11, 17, 27].map((classes) => ({
    objective: { name: 'softmax-regression' },
    dataset: shaped(21, classes),
  })),
  { objective: { name: 'softmax-regression', l2: 0.3, bias: false }, dataset: shaped(30, 10) },
  { objective: { name: 'softmax-regression', l2: 1 }, dataset: shaped(30, 10) },
  { objective: { name: 'softmax-regression', bias: false }, dataset: shaped(24, 10) },
  { objective: { name: 'logistic-regression' }, dataset: shaped(33, 2) },
  { objective: { name: 'logistic-regression', l2: 0.1, bias: false }, dataset: shaped(34, 2) },
  { objective: { name: 'linear-regression', l2: 0.1 }, dataset: shaped(35, 0) },
  ...ACTIVATIONS.map((activation, i) => ({
    objective: { name: 'small-network', hidden: [9 + i, 6 - i], activation, l2: 0.01 * i },
    dataset: i % 2 === 0 ? shaped(13, 7) : shaped(14, 0),
  })),
  { objective: { name: 'character-model', hidden: [18], l2: 0.1 }, dataset: text },
];

async function familyOf(objective: Settings, dataset: Dataset, precision: Precision, simd: boolean) {
  useDenseSimd(simd);
  const rng = rootStream(1, precision);
  return createObjectiveFamily({ objective, dataset, precision, clientCount: 1, rng });
}

/** Parameters at an address that no vector load is aligned to. */
function paramsOf(length: number, precision: Precision, scale: (j: number, normal: number) => number): Vector {
  const normals = rootStream(5, 'float64').normal(length);
  const params = zeros(length + 1, precision).subarray(1) as Vector;
  for (let j = 0; j < length; j++) params[j] = scale(j, normals[j]!);
  return params;
}

/** Numbers that would show differences of rounding, cancellation, overflow and NaN. */
const PARAMETERS: Readonly<Record<string, (j: number, normal: number) => number>> = {
  random: (_, normal) => 0.3 * normal,
  'ill-conditioned': (j, normal) => normal * 10 ** ((j % 13) * 3 - 18),
  zero: (j) => (j % 2 === 0 ? 0 : -0),
  subnormal: (j, normal) => normal * (j % 3 === 0 ? 1e-310 : 1e-42),
  large: (_, normal) => 1e3 * normal,
  'one infinite': (j, normal) => (j === 12 ? Number.NEGATIVE_INFINITY : normal),
  infinite: (j, normal) => (j % 11 === 4 ? Number.POSITIVE_INFINITY : normal),
  NaN: (j, normal) => (j % 17 === 3 ? Number.NaN : normal),
};

function withHardFeatures(dataset: Dataset): Dataset {
  const features = dataset.train.features.map((value, i) => {
    if (i % 7 === 2) return i % 2 === 0 ? 0 : -0;
    if (i === 40) return Number.NaN;
    if (i === 90) return Number.NEGATIVE_INFINITY;
    return i % 31 === 5 ? 1e30 : value;
  });
  return { ...dataset, train: { ...dataset.train, features } };
}

/** Everything that an objective computes, in words. */
async function resultsOf(family: ObjectiveFamily, params: ReadonlyVector, other: ReadonlyVector) {
  const count = 13;
  const shard = family.shard(Uint32Array.from({ length: count }, (_, i) => (3 * i) % count)) as Objective;
  const batches = [1, 2, 4, 5, 9, 13].map((size) =>
    Uint32Array.from({ length: size }, (_, i) => (5 * i + size) % count),
  );
  const results: Record<string, ArrayLike<number>> = {};
  for (const batch of batches) {
    const at = `batch of ${batch.length}`;
    results[`loss, ${at}`] = [(await shard.loss(params, batch)) as number];
    results[`gradient, ${at}`] = await shard.gradient(params, batch);
    results[`clipped sum, ${at}`] = await shard.clippedGradientSum!(params, batch, 0.7);
    results[`clipped differences, ${at}`] = await shard.clippedDifferenceSum!(params, other, batch, 0.7);
  }
  results['empty batch'] = await shard.gradient(params, new Uint32Array(0));
  results.descend = await shard.descend!(params, batches, 0.05);
  // Of the hard features, example 9 has NaN: its step follows one of two blocks, whose sums count no more.
  results['descend to NaN'] = await shard.descend!(params, [Uint32Array.of(0, 2, 3, 4, 5, 6), Uint32Array.of(9)], 0.05);
  const examples: number[] = [];
  for await (const gradient of shard.exampleGradients!(params, batches[3]!)) examples.push(...Array.from(gradient));
  results['example gradients'] = examples;
  for (const estimates of [[params], [params, other, params]]) {
    const { loss, accuracy } = await family.evaluate(estimates);
    results[`evaluation of ${estimates.length}`] = [loss, accuracy ?? -1];
  }
  return results;
}

/** A third zeros, which a block multiplies by and the loops of one example pass over. */
function withZeros(dataset: Dataset): Dataset {
  const features = dataset.train.features.map((value, i) => (i % 3 === 1 ? 0 : value));
  return { ...dataset, train: { ...dataset.train, features } };
}

/** The same features in the memory of a module. */
function inModule(dataset: Dataset): Dataset {
  const { train, test } = dataset;
  const [of, held] = featureRooms([train.features.length, test.features.length], 0);
  of!.set(train.features);
  held!.set(test.features);
  return { ...dataset, train: { ...train, features: of! }, test: { ...test, features: held! } };
}

function differing(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let count = Math.abs(a.length - b.length);
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) count++;
  return count;
}

const SIZES = { features: 40, parameterCount: 500, widest: 64, linearOutputs: null, arrayBytes: 65536 };

describe('worker/objectives/plain, SIMD loops', () => {
  afterEach(() => useDenseSimd(true));

  it('are there on this engine, and can be turned off', () => {
    expect(openSimdLoops(SIZES)).to.not.equal(null);
    useDenseSimd(false);
    expect(openSimdLoops(SIZES)).to.equal(null);
  });

  for (const { objective, dataset } of SUBJECTS)
    for (const precision of ['float32', 'float64'] as const)
      it(`differ in no word from the plain loops: ${JSON.stringify(objective)}, ${dataset.featureShape[0]} features, ${dataset.classCount} classes, ${precision}`, async () => {
        const kinds = dataset === text ? [text] : [dataset, withZeros(dataset), withHardFeatures(dataset)];
        for (const data of [...kinds, inModule(dataset)]) {
          const features = data.train.features.slice();
          const plain = await familyOf(objective, data, precision, false);
          const simd = await familyOf(objective, data, precision, true);
          const length = plain.parameterCount;
          const other = paramsOf(length, precision, (j, normal) => 0.2 * normal + (j % 5) / 10);
          for (const [name, scale] of Object.entries(PARAMETERS)) {
            const params = paramsOf(length, precision, scale);
            const expected = await resultsOf(plain, params, other);
            const results = await resultsOf(simd, params, other);
            for (const [what, values] of Object.entries(expected))
              expect(differing(values, results[what]!), `${name} parameters: ${what}`).to.equal(0);
          }
          expect(differing(data.train.features, features), 'features').to.equal(0);
        }
      });

  it('work where the features lie while there is room in front of them, and elsewhere after that, with the same bits', async () => {
    const [features, held] = featureRooms([40, 40], 0);
    const first = openSimdLoops(SIZES, features!) as DenseLoops;
    expect(first.addressOf(features!)).to.equal(features!.byteOffset);
    expect(first.addressOf(held!)).to.equal(held!.byteOffset);
    expect(first.addressOf(new Float32Array(40))).to.equal(-1);
    const arrays = [first.float64(500), (openSimdLoops(SIZES, features!) as DenseLoops).float64(500)];
    const [one, other] = arrays.map(({ byteOffset, byteLength }) => [byteOffset, byteOffset + byteLength] as const);
    expect(one![1] <= other![0] && other![1] <= features!.byteOffset).to.equal(true);

    const dataset = inModule(shaped(30, 10));
    const objective = { name: 'softmax-regression' };
    const early = await familyOf(objective, dataset, 'float32', true);
    let later = openSimdLoops(SIZES, dataset.train.features) as DenseLoops;
    for (let i = 0; later.addressOf(dataset.train.features) >= 0; i++) {
      expect(i, 'networks in 16 MiB, 64 KiB each').to.be.below(256);
      later = openSimdLoops(SIZES, dataset.train.features) as DenseLoops;
    }
    const late = await familyOf(objective, dataset, 'float32', true);
    const params = paramsOf(early.parameterCount, 'float32', (_, normal) => 0.3 * normal);
    const [expected, results] = [await resultsOf(early, params, params), await resultsOf(late, params, params)];
    for (const [what, values] of Object.entries(expected)) expect(differing(values, results[what]!), what).to.equal(0);
  });

  it('evaluate estimates of another precision than the run, as averages are', async () => {
    const dataset = shaped(21, 7);
    const [plain, simd] = [
      await familyOf({ name: 'softmax-regression' }, dataset, 'float32', false),
      await familyOf({ name: 'softmax-regression' }, dataset, 'float32', true),
    ];
    const double = paramsOf(plain.parameterCount, 'float64', (_, normal) => normal);
    expect(await simd.evaluate([double])).to.deep.equal(await plain.evaluate([double]));
  });

  it('have the elementary functions of the protocol, bit for bit', () => {
    const simd = openSimdLoops(SIZES) as DenseLoops;
    const special = [0, -0, 1e-320, -1e-320, 22, -22, 22.5, 0.25, -0.25, 709.78, 709.79, -745.13, -745.14, 700, -700];
    const odd = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -708.4, -710, -720.5];
    const normals = rootStream(2, 'float64').normal(3000);
    const points = [...special, ...odd, ...Array.from(normals, (x, i) => x * 10 ** ((i % 7) - 3))];
    const z = simd.float64(37);
    const [value, slope] = [simd.float64(37), simd.float64(37)];
    const [plainValue, plainSlope] = [new Float64Array(37), new Float64Array(37)];
    for (let i = 0; i + 37 <= points.length; i += 37) {
      z.set(points.slice(i, i + 37));
      for (const activation of ACTIVATIONS) {
        simd.activate(activation, z, value, slope);
        PLAIN_LOOPS.activate(activation, z, plainValue, plainSlope);
        expect(differing(value, plainValue) + differing(slope, plainSlope), activation).to.equal(0);
      }
      expect(differing([simd.softmaxInto(value, z)], [PLAIN_LOOPS.softmaxInto(plainValue, z)])).to.equal(0);
      expect(differing(value, plainValue), 'softmax').to.equal(0);
    }
  });
});
