import { GradswarmError } from '../../protocol/errors.js';
import type { Objective } from '../../protocol/method.js';
import { ChangedGradients } from './changed-gradients.js';

/**
 * A stress for rules that work tensor by tensor: the objective with the gradients of named tensors multiplied by a factor each.
 * `factors`: by tensor name. Throws ERR_SCENARIO for a name that is no tensor of the model.
 */
export function scaledGradients(inner: Objective, factors: Readonly<Record<string, number>>): Objective {
  const ranges = Object.entries(factors).map(([name, factor]) => {
    const segment = inner.segments.find((one) => one.name === name);
    if (!segment)
      throw new GradswarmError(
        'ERR_SCENARIO',
        `stress.gradientScales: expected names among ${inner.segments.map((one) => one.name).join(', ')}, got '${name}'`,
      );
    const length = segment.shape.reduce((product, side) => product * side, 1);
    return { start: segment.offset, end: segment.offset + length, factor };
  });
  return new ChangedGradients(inner, (gradient) => {
    for (const { start, end, factor } of ranges) for (let i = start; i < end; i++) gradient[i] = factor * gradient[i]!;
  });
}
