import type { ClientRound, CoordinatorRound, LogPosterior, ReadonlyVector, Vector } from '../../../method.js';
import { packSymmetric, unpackSymmetric } from '../../../numerics/linear-algebra.js';
import { copy, zerosLike } from '../../../numerics/vector.js';
import { ofLengths } from '../../parts/fits.js';
import type { ConduciveSettings } from './conducive-settings.js';
import { surrogateOfDraws } from './local-surrogate.js';
import type { LinearDrift } from './shard-drift.js';

/**
 * Conducive gradients (El Mekkaoui, Mesquita, Blomstedt, Kaski, UAI 2021, section 3): with q_s ~ N(mu_s, Lambda_s^-1) near
 * the shard's likelihood factor and q the product of all,
 *
 *   g_s(theta) = grad ln q(theta) - grad ln q_s(theta) / f_s = (eta - eta_s / f_s) - (Lambda - Lambda_s / f_s) theta.
 *
 * sum_s f_s g_s = 0 whatever the q_s, so only the variance between shards, and the drift towards the shard that a chain
 * visits, depend on how good they are. The delay loses its effect for exact q_s only.
 */

/** Once: d + d (d + 1) / 2 numbers up and down for each client, 2 d with diagonal surrogates. */
export const SURROGATE_MESSAGES = {
  surrogate: {
    from: 'clients',
    to: 'coordinator',
    vectors: ['eta', 'precision'],
    otherLengths: ['precision'],
    losable: 'no',
    fits: ofLengths(({ hyperparameters: { surrogateForm }, parameterCount: d }) => ({
      precision: surrogateForm === 'diagonal' ? d : (d * (d + 1)) / 2,
    })),
  },
  product: {
    from: 'coordinator',
    to: 'cohort',
    vectors: ['eta', 'precision'],
    otherLengths: ['precision'],
    losable: 'no',
  },
} as const;
export type SurrogateMessages = typeof SURROGATE_MESSAGES;

/** Natural parameters as they travel: precision packed (upper triangle row by row), or the diagonal. */
export interface PackedFactor {
  readonly eta: Vector;
  readonly precision: Vector;
}

/** What a client keeps: its own surrogate and the product of all. */
export interface Surrogates {
  readonly own: PackedFactor;
  readonly product: PackedFactor;
}

/** Without `undelivered`, so that rounds of methods with further kinds fit too. */
type ClientExchange = Omit<ClientRound<ConduciveSettings, SurrogateMessages, LogPosterior>, 'undelivered'>;

/**
 * Fits this shard's surrogate, sends it and receives the product. Null when the coordinator's message did not arrive. `point`: where
 * the surrogate is expanded and local draws begin; null: at a mode of the shard, and at 0.
 */
export async function exchangeSurrogates(at: ClientExchange, point: ReadonlyVector | null): Promise<Surrogates | null> {
  const { surrogate, surrogateForm: form, surrogateError } = at.hyperparameters;
  const fitted =
    surrogate === 'objective'
      ? at.objective.surrogate(form as 'full' | 'diagonal', point ?? undefined)
      : await surrogateOfDraws(
          at.objective,
          at.hyperparameters,
          point ? copy(point) : at.zeros(),
          at.clientCount,
          at.rng.derive('surrogate'),
        );
  const own = {
    eta: copy(fitted.eta),
    precision: form === 'diagonal' ? copy(fitted.precision) : packed(fitted.precision),
  };
  if (surrogateError > 0) {
    const stream = at.rng.derive('surrogate error');
    disturb(own.eta, surrogateError, stream.normal(own.eta.length));
    disturb(own.precision, surrogateError, stream.normal(own.precision.length));
  }
  at.post('surrogate', 'coordinator', own);
  const [product] = await at.take('product');
  return product ? { own, product: { eta: copy(product.eta), precision: copy(product.precision) } } : null;
}

function disturb(values: Vector, error: number, normals: ReadonlyVector): void {
  for (let i = 0; i < values.length; i++) values[i] = values[i]! * (1 + error * normals[i]!);
}

function packed(matrix: Vector): Vector {
  const upper = packSymmetric(matrix);
  const result = zerosLike(matrix, upper.length);
  result.set(upper);
  return result;
}

/** Sums the clients' natural parameters in client order and sends the sum to all. A client that is absent has a flat surrogate. */
export async function multiplySurrogates(
  at: Omit<CoordinatorRound<ConduciveSettings, SurrogateMessages>, 'undelivered'>,
): Promise<void> {
  let sums: { readonly eta: Float64Array; readonly precision: Float64Array } | null = null;
  for await (const { eta, precision } of at.stream('surrogate')) {
    sums ??= { eta: new Float64Array(eta.length), precision: new Float64Array(precision.length) };
    addInto(sums.eta, eta);
    addInto(sums.precision, precision);
  }
  if (!sums) return;
  const product = { eta: at.zeros(sums.eta.length), precision: at.zeros(sums.precision.length) };
  product.eta.set(sums.eta);
  product.precision.set(sums.precision);
  at.post('product', at.cohort, product);
}

function addInto(sums: Float64Array, values: ReadonlyVector): void {
  for (let i = 0; i < sums.length; i++) sums[i] = sums[i]! + values[i]!;
}

/** alpha g_s as a function of the step frequency f_s, each computed once. */
export function conduciveDrift(
  { own, product }: Surrogates,
  { conduciveWeight, surrogateForm }: ConduciveSettings,
): (frequency: number) => LinearDrift {
  const known = new Map<number, LinearDrift>();
  return (frequency) => {
    let drift = known.get(frequency);
    if (!drift) {
      const combine = (all: ReadonlyVector, mine: ReadonlyVector): Float64Array =>
        Float64Array.from({ length: all.length }, (_, i) => conduciveWeight * (all[i]! - mine[i]! / frequency));
      const precision = combine(product.precision, own.precision);
      drift = {
        linear: combine(product.eta, own.eta),
        precision: surrogateForm === 'diagonal' ? precision : unpackSymmetric(precision),
      };
      known.set(frequency, drift);
    }
    return drift;
  };
}
