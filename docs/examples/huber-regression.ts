import {
  defineObjective,
  defineSettings,
  featureCountOf,
  perExample,
  positive,
  type ReadonlyVector,
  requireDataset,
  zeros,
} from 'gradswarm/objective';

/** For `gradswarm check`: regression of five numbers. */
export const contract = { examples: { featureShape: [5], classCount: 0 }, run: { data: 'linear-regression' } };

/**
 * Linear regression whose loss of a residual r is r^2 / 2 up to |r| = delta and delta (|r| - delta / 2) beyond, so that outliers pull
 * with a bounded force. Parameters: one weight a feature, then the bias.
 */
export default defineObjective({
  name: 'huber-regression',
  summary: 'Linear regression with the Huber loss',
  settings: defineSettings({ delta: positive(1, 'Residual beyond which the loss is linear') }),
  create({ delta }, request) {
    const { train, test, ...dataset } = requireDataset(request, 'regression');
    const width = featureCountOf({ train, test, ...dataset });
    const residual = (params: ReadonlyVector, { features, targets }: typeof train, example: number): number => {
      let sum = params[width]! - targets[example]!;
      for (let j = 0; j < width; j++) sum += params[j]! * features[example * width + j]!;
      return sum;
    };
    const lossOf = (r: number): number => (Math.abs(r) <= delta ? 0.5 * r * r : delta * (Math.abs(r) - 0.5 * delta));
    const segments = [
      { name: 'weights', module: 'linear', offset: 0, shape: [width] },
      { name: 'bias', module: 'linear', offset: width, shape: [1] },
    ];
    return {
      segments,
      parameterCount: width + 1,
      initialParams: () => zeros(width + 1, request.precision),
      shard: (examples) =>
        perExample(
          {
            loss: (params, example) => lossOf(residual(params, train, example)),
            addGradient(params, example, into) {
              const r = residual(params, train, example);
              const slope = Number.isNaN(r) ? r : Math.max(-delta, Math.min(delta, r));
              for (let j = 0; j < width; j++) into[j]! += slope * train.features[example * width + j]!;
              into[width]! += slope;
            },
          },
          examples,
          segments,
          request.precision,
        ),
      evaluate(estimates) {
        const held = test.count > 0 ? test : train;
        let loss = 0;
        for (let i = 0; i < held.count; i++) {
          let r = 0;
          for (const params of estimates) r += residual(params, held, i) / estimates.length;
          loss += lossOf(r) / held.count;
        }
        return { loss, accuracy: null };
      },
      tensorCount: () => 0,
    };
  },
});
