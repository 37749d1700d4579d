import type { JsonObject } from '../../protocol/scenario/scenario.js';
import type { PeerRecord } from './peer-record.js';
import { type RecordedRun, recordedRun } from './recorded-run.js';

/** A small network: several modules, kernels of unlike shapes, and rows of constants. */
const NETWORK = {
  objective: { name: 'small-network', hidden: [9, 7], activation: 'tanh' },
  data: { name: 'gaussian-clusters', classes: 6, features: 8, examples: 240, testExamples: 20 },
  clients: 6,
  rounds: 40,
  seed: 5,
} as const;

const UNEQUAL = { ...NETWORK.data, partition: { name: 'quantity-skew', sizes: 'power-law', minExamples: 5 } };

/** gradients[round][client], where every client asked for one in every round. */
function gradientsOf({ asked, params }: RecordedRun): number[][][] {
  return params.slice(1).map((_, round) => {
    const ofRound = asked.filter((one) => one.round === round).sort((a, b) => a.client - b.client);
    return ofRound.map(({ gradient }) => [...gradient]);
  });
}

const settingsOf = async (method: JsonObject & { name: string }, clients: object = {}) => {
  const run = await recordedRun({ name: 'peer', ...NETWORK, ...clients, method } as never);
  return { run, segments: run.problem.model.segments, params: run.params, gradients: gradientsOf(run) };
};

async function agvm(what: string, given: JsonObject, clients: object = {}): Promise<PeerRecord> {
  const settings = {
    referenceModule: null,
    interval: 3,
    start: 2,
    averaging: 0.8,
    form: 'code',
    bounds: [0.5, 10],
    halves: 'ranks',
    staticRate: false,
    clipping: null,
    ...given,
  };
  const method = { name: 'agvm', batchSize: 1000, ...settings };
  const { run, ...rest } = await settingsOf(method as never, clients);
  const examples = run.problem.partition.shards.map(({ length }) => length);
  return { item: `AGVM, ${what}`, by: 'agvm', limit: 1e-11, examples, settings, ...rest };
}

const SGD = { name: 'momentum', learningRate: 0.2, momentum: 0.9, nesterov: false, weightDecay: 1e-3 };
const ADAMW = { name: 'adamw', learningRate: 0.01, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.01 };

async function powersgd(what: string, given: JsonObject): Promise<PeerRecord> {
  const settings = { learningRate: 0.1, momentum: 0.9, rank: 2, leastRatio: 1, warmStart: true, ...given };
  const { run, ...rest } = await settingsOf({ name: 'powersgd', batchSize: null, ...settings } as never);
  const bases = run.posted.filter(({ kind }) => kind === 'model').map(({ fields }) => fields.basis);
  const left = run.params.slice(1).map((_, round) =>
    run.posted
      .filter((message) => message.kind === 'left' && message.round === round)
      .sort((a, b) => Number(a.from) - Number(b.from))
      .map(({ fields }) => fields.p),
  );
  return { item: `PowerSGD, ${what}`, by: 'powersgd', limit: 1e-9, bases, left, settings, ...rest };
}

const SKETCHED = 24;
const quadratic = (matrices: readonly (readonly number[])[], centres: readonly (readonly number[])[]) =>
  ({ name: 'quadratic', dimension: SKETCHED, curvature: 'full', matrices, centres }) as const;

async function fetchsgd(what: string, given: JsonObject): Promise<PeerRecord> {
  const settings = { learningRate: 0.05, momentum: 0.5, kept: 5, rows: 5, columns: 20, extraction: 'zero', ...given };
  const method = { name: 'fetchsgd', batchSize: null, ...settings };
  const clients = SKETCHED;
  const unit = (i: number, value: number) => Array.from({ length: SKETCHED }, (_, j) => (i === j ? value : 0));
  const identity = Array.from({ length: SKETCHED }, (_, i) => unit(i, 1)).flat();
  const each = <T>(make: (client: number) => T) => Array.from({ length: clients }, (_, client) => make(client));
  // Client i's gradient at 0 is the i-th unit vector: its sketch shows where that entry is hashed to, and the sign.
  const shows = quadratic(
    each(() => identity),
    each((i) => unit(i, -1)),
  );
  const wave = (a: number, b: number) => Math.sin(1 + 12.9898 * a + 78.233 * b);
  const matrices = each((c) =>
    identity.map(
      (one, k) => one + 0.1 * wave(c, k) * (k % (SKETCHED + 1) === 0 ? 1 : 0) + 0.02 * symmetric(c, k, wave),
    ),
  );
  const centres = each((c) => Array.from({ length: SKETCHED }, (_, j) => 2 * wave(c + 0.5, j)));
  const base = { name: 'peer', data: 'none', clients, seed: 9 } as const;
  const shown = await recordedRun({ ...base, method, objective: shows, rounds: 1 } as never);
  const run = await recordedRun({ ...base, method, objective: quadratic(matrices, centres), rounds: 80 } as never);
  const cellsOf = shown.posted
    .filter(({ kind }) => kind === 'sketch')
    .sort((a, b) => Number(a.from) - Number(b.from))
    .map(({ fields }) => inRows(fields.cells as number[], settings.rows));
  const square = matrices.map((matrix) => inRows(matrix, SKETCHED));
  const record = { cellsOf, matrices: square, centres, params: run.params, settings };
  return { item: `FetchSGD, ${what}`, by: 'fetchsgd', limit: 1e-11, ...record };
}

const symmetric = (c: number, k: number, wave: (a: number, b: number) => number) => {
  const [i, j] = [Math.floor(k / SKETCHED), k % SKETCHED];
  return wave(c, i * j + i + j);
};

const inRows = (numbers: readonly number[], rows: number): number[][] => {
  const columns = numbers.length / rows;
  return Array.from({ length: rows }, (_, r) => numbers.slice(r * columns, (r + 1) * columns));
};

/** Methods with a coordinator. */
export const serverRecords: readonly (() => Promise<PeerRecord>)[] = [
  () => agvm('momentum, the authors’ code', { optimizer: SGD }),
  () => agvm('AdamW, preconditioned halves', { optimizer: ADAMW }),
  () =>
    agvm('the paper’s formula, another module for reference', {
      optimizer: SGD,
      form: 'summary',
      referenceModule: 'dense2',
    }),
  () =>
    agvm('rates left alone, clipping in rounds 4 to 9', {
      optimizer: SGD,
      staticRate: true,
      clipping: { norm: 0.3, from: 4, until: 10 },
    }),
  () => agvm('shards of unequal size', { optimizer: SGD }, { data: UNEQUAL }),
  () => powersgd('rank 2, warm start', {}),
  () => powersgd('rank 1, a fresh Q each round', { rank: 1, warmStart: false }),
  () => fetchsgd('cells set to 0', {}),
  () => fetchsgd('the change’s sketch subtracted, 4 rows', { extraction: 'subtract', rows: 4 }),
];
