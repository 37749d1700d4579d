import type { Vector } from '../../../../protocol/method.js';
import type { LowRank, TrainingPlan } from './adapters.js';
import type { Layout } from './layout.js';
import type { Operations, Value } from './operations.js';

/** Zeros and scaled ones of a dropout layer. `place`: which of the pass's layers it is. */
export type MaskOf = (place: number, shape: readonly number[], rate: number) => Vector;

/** Layers, which of their parameters are trained, and by which adapters. */
export interface Network {
  readonly layout: Layout;
  readonly plan: TrainingPlan;
  readonly lora: LowRank | null;
}

/** Outputs of a batch. `trained` and `frozen`: tensors in the order of the plan's segments and of its base. */
export function forwardPass(
  { layout, plan, lora }: Network,
  operations: Operations,
  trained: readonly Value[],
  frozen: readonly Value[],
  inputs: Value,
  maskOf: MaskOf | null,
): Value {
  const values = new Map(
    layout.parameters.map((parameter, i) => {
      const how = plan.training[i]!;
      if (how.kind === 'trained') return [parameter as object, trained[how.segment]!] as const;
      const own = frozen[how.base]!;
      if (how.kind === 'frozen') return [parameter as object, own] as const;
      const step = operations.affine(trained[how.a]!, trained[how.b]!, null);
      return [parameter as object, operations.add(own, operations.scale(step, lora!.alpha / lora!.rank))] as const;
    }),
  );
  const size = inputs.shape[0]!;
  let place = 0;
  return layout.body.forward(inputs, {
    operations,
    read: (parameter) => values.get(parameter)!,
    mask: (shape, rate) => maskOf && operations.constant(maskOf(place++, shape, rate), [size, ...shape]),
  });
}
