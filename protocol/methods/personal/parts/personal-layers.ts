import { GradswarmError } from '../../../errors.js';
import type { ReadonlyVector, RunConstants, Segment, Vector } from '../../../method.js';
import { zerosLike } from '../../../numerics/vector.js';
import { list, text } from '../../../settings/kinds.js';
import { required } from '../../../settings/setting.js';

/** The setting of methods whose clients keep some layers to themselves. */
export const personalLayersSetting = list(
  text(required, 'A pattern', 'the name of a module or of a tensor, with * for anything'),
  null,
  'Patterns of the modules (`dense3`, `head*`) or tensors (`dense3/bias`) that stay at the client; null: the last module',
  1,
);

/** A model cut into the layers that all clients share and those that each keeps. */
export class PersonalLayers {
  /** Positions in the model, ascending. */
  readonly sharedPositions: Uint32Array;
  readonly personalPositions: Uint32Array;

  /** Throws ERR_SCENARIO where the patterns match no tensor, or all of them. */
  constructor({ hyperparameters, segments }: RunConstants<{ readonly personal: readonly string[] | null }>) {
    const patterns = hyperparameters.personal ?? [segments.at(-1)?.module ?? ''];
    const [shared, personal]: [number[], number[]] = [[], []];
    for (const segment of segments) {
      const length = segment.shape.reduce((product, side) => product * side, 1);
      const into = patterns.some((pattern) => matches(segment, pattern)) ? personal : shared;
      for (let i = 0; i < length; i++) into.push(segment.offset + i);
    }
    if (shared.length === 0 || personal.length === 0) {
      const names = segments.map(({ name }) => name).join(', ') || 'none';
      const which = personal.length === 0 ? 'none' : 'all';
      throw new GradswarmError(
        'ERR_SCENARIO',
        `method.personal: expected patterns of some tensors but not of all (${names}), got ${which}: ${patterns.join(', ')}`,
      );
    }
    this.sharedPositions = Uint32Array.from(shared);
    this.personalPositions = Uint32Array.from(personal);
  }

  sharedOf(params: ReadonlyVector): Vector {
    return gathered(params, this.sharedPositions);
  }

  personalOf(params: ReadonlyVector): Vector {
    return gathered(params, this.personalPositions);
  }

  /** The whole model. */
  join(shared: ReadonlyVector, personal: ReadonlyVector): Vector {
    const params = zerosLike(shared, shared.length + personal.length);
    const { sharedPositions, personalPositions } = this;
    for (let i = 0; i < shared.length; i++) params[sharedPositions[i]!] = shared[i]!;
    for (let i = 0; i < personal.length; i++) params[personalPositions[i]!] = personal[i]!;
    return params;
  }
}

function gathered(params: ReadonlyVector, positions: Uint32Array): Vector {
  const part = zerosLike(params, positions.length);
  for (let i = 0; i < part.length; i++) part[i] = params[positions[i]!]!;
  return part;
}

function matches({ name, module }: Segment, pattern: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  const whole = new RegExp(`^${parts.join('.*')}$`);
  return whole.test(module) || whole.test(name);
}
