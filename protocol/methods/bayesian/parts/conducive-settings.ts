import { requireCount, requireNonNegative, requireOneOf, requirePositive } from '../../../numerics/settings.js';

/** Settings of conducive gradients; the equation is in conducive.ts. */
export interface ConduciveSettings {
  /** alpha, the weight of g_s; 0: none, and no surrogates are exchanged. Other weights than 1 leave a part of the drift. */
  readonly conduciveWeight: number;
  /** 'objective': exact where the factor is Gaussian, Laplace or Gauss-Newton elsewhere. 'draws': moments of local SGLD draws. */
  readonly surrogate: string;
  readonly surrogateForm: string;
  /** Relative error put on every natural parameter, to study how good a surrogate must be; 0: none. */
  readonly surrogateError: number;
  /** Of the local SGLD: draws, steps between two, step size, and examples a step (0: the whole shard). */
  readonly surrogateDraws: number;
  readonly surrogateThin: number;
  readonly surrogateStepSize: number;
  readonly surrogateBatchSize: number;
}

export const conduciveDefaults: ConduciveSettings = {
  conduciveWeight: 1,
  surrogate: 'objective',
  surrogateForm: 'full',
  surrogateError: 0,
  surrogateDraws: 3000,
  surrogateThin: 1,
  surrogateStepSize: 1e-4,
  surrogateBatchSize: 0,
};

export function checkConducive(settings: ConduciveSettings): void {
  requireNonNegative('method.conduciveWeight', settings.conduciveWeight);
  requireOneOf('method.surrogate', settings.surrogate, ['objective', 'draws']);
  requireOneOf('method.surrogateForm', settings.surrogateForm, ['full', 'diagonal']);
  requireNonNegative('method.surrogateError', settings.surrogateError);
  requireCount('method.surrogateDraws', settings.surrogateDraws);
  requireCount('method.surrogateThin', settings.surrogateThin);
  requirePositive('method.surrogateStepSize', settings.surrogateStepSize);
  if (settings.surrogateBatchSize !== 0) requireCount('method.surrogateBatchSize', settings.surrogateBatchSize);
}
