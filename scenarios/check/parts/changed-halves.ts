import { type AnyClientHalf, type AnyCoordinatorHalf, type AnyMethod, makeHalves } from '../../../protocol/method.js';

/** The method with another client half, made from its own in every run. */
export function withClientHalf(method: AnyMethod, change: (half: AnyClientHalf) => AnyClientHalf): AnyMethod {
  return { ...method, client: (run) => change(makeHalves(method, run).client) };
}

/** The same for the coordinator's half; a method of peers alone stays as it is. */
export function withCoordinatorHalf(
  method: AnyMethod,
  change: (half: AnyCoordinatorHalf) => AnyCoordinatorHalf,
): AnyMethod {
  if (!method.coordinator) return method;
  return { ...method, coordinator: (run) => change(makeHalves(method, run).coordinator!) };
}
