import { GradswarmError } from '../../../../protocol/errors.js';
import type { Segment } from '../../../../protocol/method.js';
import type { Initializer } from './initializers.js';
import { sizeOf } from './layer.js';
import type { PlacedParameter } from './layout.js';

/** Low-rank adapters: a frozen matrix W is used as W + (alpha / rank) A B (Hu et al., 2022). */
export interface LowRank {
  readonly modules: readonly string[];
  readonly rank: number;
  readonly alpha: number;
}

/** How a parameter of a layer comes about: trained itself, frozen, or frozen with an adapter that is trained. */
export type Training =
  | { readonly kind: 'trained'; readonly segment: number }
  | { readonly kind: 'frozen'; readonly base: number }
  | { readonly kind: 'adapted'; readonly base: number; readonly a: number; readonly b: number };

export interface InitialSegment extends Segment {
  readonly initial: Initializer;
}

export interface TrainingPlan {
  /** What methods see, and what travels. */
  readonly segments: readonly InitialSegment[];
  /** What stays as it begins; the same in every process. */
  readonly base: readonly InitialSegment[];
  /** Of each parameter, in order. */
  readonly training: readonly Training[];
}

/** `trainable`: patterns of modules; null: all of them, or, with adapters, none beside those. Throws ERR_OBJECTIVE where nothing is trained. */
export function trainingPlan(
  parameters: readonly PlacedParameter[],
  trainable: readonly string[] | null,
  lora: LowRank | null,
): TrainingPlan {
  const segments: InitialSegment[] = [];
  const base: InitialSegment[] = [];
  const add = (
    list: InitialSegment[],
    module: string,
    name: string,
    shape: readonly number[],
    initial: Initializer,
  ) => {
    const last = list.at(-1);
    const offset = last ? last.offset + sizeOf(last.shape) : 0;
    return list.push({ name: `${module}/${name}`, module, offset, shape, initial }) - 1;
  };
  const patterns = trainable ?? (lora ? [] : ['*']);
  const training = parameters.map(({ module, name, shape, initial }): Training => {
    if (matchesAny(module, patterns)) return { kind: 'trained', segment: add(segments, module, name, shape, initial) };
    const frozen = add(base, module, name, shape, initial);
    if (!lora || shape.length !== 2 || !matchesAny(module, lora.modules)) return { kind: 'frozen', base: frozen };
    const [inputs, outputs] = shape as [number, number];
    return {
      kind: 'adapted',
      base: frozen,
      // B begins at zero, so that the model begins as its base.
      a: add(segments, module, `${name}/lora-a`, [inputs, lora.rank], 'lecun-normal'),
      b: add(segments, module, `${name}/lora-b`, [lora.rank, outputs], 'zeros'),
    };
  });
  for (const pattern of [...(trainable ?? []), ...(lora?.modules ?? [])])
    if (!parameters.some(({ module }) => matchesAny(module, [pattern]))) refuse(parameters, `'${pattern}'`);
  if (segments.length === 0) refuse(parameters, 'patterns that match none');
  return { segments, base, training };
}

function refuse(parameters: readonly PlacedParameter[], got: string): never {
  const modules = [...new Set(parameters.map(({ module }) => module))].join(', ');
  throw new GradswarmError(
    'ERR_OBJECTIVE',
    `objective 'layers': expected patterns of modules (${modules}), got ${got}`,
  );
}

/** '*' in a pattern stands for anything. */
function matchesAny(module: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => {
    const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
    return new RegExp(`^${parts.join('.*')}$`).test(module);
  });
}
