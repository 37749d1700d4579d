import type { Precision, Vector } from '../method.js';
import { zeros } from '../numerics/vector.js';
import { integer } from '../settings/kinds.js';
import type { SettingsOf } from '../settings/settings.js';
import adam, { adamSettings } from './adam.js';
import { defineOptimizer } from './optimizer.js';
import { type Blocks, dequantizeBlocks, quantizeBlocks, signedMap, unsignedMap } from './parts/eight-bit.js';
import { type Moments, zeroMoments } from './parts/moments.js';
import { type Tensor, tensorLayout } from './parts/tensors.js';

const settings = adamSettings.with({
  minimumSize: integer(4096, "Tensors of fewer numbers keep their moments in the run's precision", { least: 0 }),
});

export type AdamEightBitSettings = SettingsOf<typeof settings>;

/** One tensor's moments. */
type TensorMoments =
  | { readonly form: 'plain'; readonly mean: Vector; readonly square: Vector }
  | { readonly form: 'blocks'; readonly mean: Blocks; readonly square: Blocks };

export interface AdamEightBitState {
  readonly step: number;
  readonly precision: Precision;
  readonly tensors: readonly TensorMoments[];
}

function pack({ mean, square }: Moments, tensors: readonly Tensor[], minimumSize: number): readonly TensorMoments[] {
  return tensors.map(({ start, end }) =>
    end - start < minimumSize
      ? { form: 'plain', mean: mean.slice(start, end), square: square.slice(start, end) }
      : {
          form: 'blocks',
          mean: quantizeBlocks(mean.subarray(start, end), signedMap),
          square: quantizeBlocks(square.subarray(start, end), unsignedMap),
        },
  );
}

function unpack({ step, precision, tensors }: AdamEightBitState, layout: readonly Tensor[], length: number): Moments {
  const mean = zeros(length, precision);
  const square = zeros(length, precision);
  for (const [k, { start, end }] of layout.entries()) {
    const held = tensors[k]!;
    if (held.form === 'plain') {
      mean.set(held.mean, start);
      square.set(held.square, start);
    } else {
      dequantizeBlocks(held.mean, signedMap, mean.subarray(start, end));
      dequantizeBlocks(held.square, unsignedMap, square.subarray(start, end));
    }
  }
  return { step, mean, square };
}

/** Adam that keeps both moments of large tensors in 8 bits between steps and updates them in full precision. */
const adamEightBit = defineOptimizer<AdamEightBitSettings, AdamEightBitState>({
  name: 'adam-eight-bit',
  source:
    'Dettmers et al., "8-bit Optimizers via Block-wise Quantization", 2022; map from the authors\' code, the 4096 below which ' +
    'tensors stay exact; reconstructed, not checked against the paper.',
  settings,
  create({ minimumSize, ...base }, segments) {
    const optimizer = adam.create(base, segments);
    const layoutFor = tensorLayout(segments);
    return {
      usesSecondMoment: true,
      init: (length, precision = 'float64'): AdamEightBitState => ({
        step: 0,
        precision,
        tensors: pack(zeroMoments(length, precision), layoutFor(length), minimumSize),
      }),
      update(gradient, state, params) {
        const layout = layoutFor(params.length);
        const [next, moments] = optimizer.update(gradient, unpack(state, layout, params.length), params);
        const tensors = pack(moments, layout, minimumSize);
        return [next, { step: moments.step, precision: state.precision, tensors }];
      },
    };
  },
});

export default adamEightBit;
