import type { ClientIndex, Objective } from '../../protocol/method.js';

/** Client i claims 1 + i^2 examples, all alike: one batch an epoch, and the same gradient from any batch. */
export const claimed = (client: ClientIndex): number => 1 + client ** 2;

export function claiming(own: Objective, client: ClientIndex): Objective {
  return {
    exampleCount: claimed(client),
    segments: own.segments,
    loss: (params) => own.loss(params, Uint32Array.of(0)),
    gradient: (params, _batch, into) => own.gradient(params, Uint32Array.of(0), into),
    exampleGradients: own.exampleGradients.bind(own),
    clippedGradientSum: own.clippedGradientSum.bind(own),
    clippedDifferenceSum: own.clippedDifferenceSum.bind(own),
  };
}
