import type { AnyMethod, MessageKinds, Precision } from '../../../protocol/method.js';
import type { Catalogue } from '../../../protocol/scenario/catalogue.js';
import type { KindCodecInput, ScenarioInput } from '../../../protocol/scenario/input.js';
import { resolveScenario } from '../../../protocol/scenario/resolve.js';
import type { JsonObject, Scenario } from '../../../protocol/scenario/scenario.js';
import { loadCatalogue } from '../../run/catalogue.js';

export const TINY_CLIENTS = 6;
export const TINY_ROUNDS = 12;

/**
 * What a method needs otherwise than what the suite takes by itself; only where that does not fit it: a module exports it as
 * `contract` beside its method.
 */
export interface MethodNeeds {
  readonly hyperparameters?: JsonObject;
  /** Of the graph, for methods with peer kinds. */
  readonly topology?: JsonObject;
  /** Left out: 4 of the 6 clients a round for methods with a coordinator. */
  readonly cohort?: 'all' | number;
  /** Objective and data when the method cannot work on a plain quadratic (a sampler needs a log-posterior). */
  readonly objective?: JsonObject;
  readonly data?: ScenarioInput['data'];
  /** Hyperparameters of the claim on the loss, on top of the others. */
  readonly convergence?: JsonObject;
  /** Rounds, and the share of the first loss below which the last must fall; null: the method makes no such claim. */
  readonly loss?: { readonly rounds: number; readonly share: number } | null;
  /** False: a missing message ends the run by the method's own rules. */
  readonly toleratesLoss?: boolean;
  readonly scenario?: Partial<ScenarioInput>;
}

const DIMENSION = 7;
const FALL_BACK_LOSS = { rounds: 40, share: 0.1 };

/**
 * Diagonal quadratics whose curvatures lie between 0.5 and 1.4, so that any usual step is stable, and whose centres span twelve
 * orders of magnitude within each coordinate: a sum over clients taken in another order has other bits.
 */
function illConditionedQuadratic(): JsonObject {
  const matrices: number[][] = [];
  const centres: number[][] = [];
  for (let client = 0; client < TINY_CLIENTS; client++) {
    matrices.push(Array.from({ length: DIMENSION }, (_, j) => 0.5 + ((client * 5 + j * 3) % 10) / 11));
    centres.push(
      Array.from({ length: DIMENSION }, (_, j) => {
        const exponent = ((client * 5 + j * 7) % TINY_CLIENTS) * 2.4 - 6;
        return ((client + j) % 2 === 0 ? 1 : -1) * (1 + ((client * 7 + j * 11) % 13) / 17) * 10 ** exponent;
      }),
    );
  }
  return {
    name: 'quadratic',
    dimension: DIMENSION,
    matrices,
    centres,
    examples: 4,
    exampleSpread: 0.5,
    initialValue: 0.25,
  };
}

/** Curvatures from 1 to 2, centres about one unit apart, start at distance 3 in every coordinate. */
const WELL_CONDITIONED: JsonObject = {
  name: 'quadratic',
  dimension: DIMENSION,
  smallestEigenvalue: 1,
  largestEigenvalue: 2,
  initialValue: 3,
  examples: 4,
  exampleSpread: 0.1,
};

/** Its tables show what is loaded later too. */
let catalogue: Promise<Catalogue> | undefined;

/** A resolved scenario for a method that need not be in the folder. */
export async function resolveTiny(method: AnyMethod, input: Partial<ScenarioInput>): Promise<Scenario> {
  const methods = { names: () => [method.name], find: () => method };
  return resolveScenario(
    {
      name: 'tiny',
      method: method.name,
      data: 'none',
      clients: TINY_CLIENTS,
      rounds: TINY_ROUNDS,
      seed: 11,
      checkpoints: { everyRounds: 5 },
      evaluation: { everyRounds: 1000 },
      workers: { count: 0 },
      ...input,
    },
    { ...(await (catalogue ??= loadCatalogue())), methods },
  );
}

/** The small ill-conditioned problem on which placements are compared. */
export function parityProblem(
  method: AnyMethod,
  needs: MethodNeeds,
  precision: Precision,
  more: object = {},
): Promise<Scenario> {
  return resolveTiny(method, {
    ...common(method, needs, needs.hyperparameters ?? {}),
    precision,
    objective: (needs.objective ?? illConditionedQuadratic()) as never,
    participation: { cohort: needs.cohort ?? (hasPeers(method) || method.cohort ? 'all' : 4) },
    ...needs.scenario,
    ...more,
  });
}

/** The well-conditioned problem on which the loss must fall, and its bound. */
export async function lossProblem(
  method: AnyMethod,
  needs: MethodNeeds,
): Promise<{ readonly scenario: Scenario; readonly share: number }> {
  const { rounds, share } = needs.loss ?? FALL_BACK_LOSS;
  const scenario = await resolveTiny(method, {
    ...common(method, needs, { ...needs.hyperparameters, ...needs.convergence }),
    rounds,
    precision: 'float64',
    objective: (needs.objective ?? WELL_CONDITIONED) as never,
    evaluation: { everyRounds: rounds },
    ...needs.scenario,
  });
  return { scenario, share };
}

function hasPeers(method: AnyMethod): boolean {
  return Object.values(method.messages).some((kind) => (kind as { to: string }).to === 'peers');
}

/** A lossy codec wherever the method allows one, with error feedback where the scenario may add it. */
export function lossyCodecs(method: AnyMethod): Readonly<Record<string, KindCodecInput>> {
  const codecs: Record<string, KindCodecInput> = {};
  for (const [kind, { lossy, memory, vectors }] of Object.entries(method.messages as MessageKinds)) {
    if (!lossy || !vectors?.length) continue;
    if (lossy === 'unbiased') codecs[kind] = { name: 'qsgd' };
    else codecs[kind] = memory === 'method' ? { name: 'top-k' } : { codec: 'top-k', memory: 'error-feedback' };
  }
  return codecs;
}

function common(
  method: AnyMethod,
  needs: MethodNeeds,
  hyperparameters: JsonObject,
): Omit<ScenarioInput, 'name' | 'data'> {
  // Two of a client's four examples a batch: the method draws, wherever it can.
  const batch: JsonObject = 'batchSize' in method.settings.defaults ? { batchSize: 2 } : {};
  return {
    method: { name: method.name, ...batch, ...hyperparameters },
    ...(needs.data ? { data: needs.data } : {}),
    ...(hasPeers(method) ? { topology: (needs.topology ?? { name: 'ring' }) as never } : {}),
  };
}
