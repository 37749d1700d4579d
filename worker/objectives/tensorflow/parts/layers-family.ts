import { GradswarmError } from '../../../../protocol/errors.js';
import type { NamedSpec } from '../../../../protocol/settings/named-modules.js';
import { subsetOf } from '../../../datasets/subset.js';
import type { ObjectiveFamily } from '../../family.js';
import { type LowRank, trainingPlan } from '../../layers/parts/adapters.js';
import { layOut } from '../../layers/parts/layout.js';
import { plainLayers } from '../../layers/plain/plain-layers.js';
import { checkExamples } from '../../plain/dense-shape.js';
import { featureCountOf, type ObjectiveRequest, requireDataset } from '../../request.js';
import { LayeredNetwork } from './layered-network.js';
import { LayersObjective, type Shared } from './layers-objective.js';
import { openDeviceFor } from './neural-network.js';
import { evaluateNetwork } from './neural-network-evaluation.js';

export interface LayersSettings {
  readonly layers: readonly NamedSpec[];
  readonly loss: 'auto' | 'cross-entropy' | 'squared-error';
  readonly trainable: readonly string[] | null;
  readonly lora: LowRank | null;
}

/** Throws ERR_OBJECTIVE where layers, data and loss do not fit. */
export async function createLayers(settings: LayersSettings, request: ObjectiveRequest): Promise<ObjectiveFamily> {
  const dataset = requireDataset(request, 'any', 'read');
  const { classCount } = dataset;
  const refuse = (expected: string, got: string): never => {
    throw new GradswarmError('ERR_OBJECTIVE', `objective 'layers': expected ${expected}, got ${got}`);
  };
  const fitting = classCount > 0 ? 'cross-entropy' : 'squared-error';
  if (settings.loss !== 'auto' && settings.loss !== fitting)
    refuse(`the loss '${fitting}' with ${classCount} classes`, `'${settings.loss}'`);
  const layout = layOut(settings.layers, {
    inputShape: dataset.featureShape,
    classCount,
    codeCount: dataset.vocabulary ?? classCount,
  });
  const width = classCount || 1;
  const { outputShape } = layout.body;
  if (outputShape.length !== 1 || outputShape[0] !== width)
    refuse(
      `an output of shape [${width}], ${classCount > 0 ? 'one number a class' : 'one number'}`,
      `[${outputShape}]`,
    );
  const shape = {
    features: featureCountOf(dataset),
    vocabulary: layout.codes ?? dataset.vocabulary ?? 0,
    outputs: width,
    output: classCount > 0 ? 'softmax' : 'squared',
  } as const;
  checkExamples('layers', shape, dataset.train);
  checkExamples('layers', shape, dataset.test);
  const plan = trainingPlan(layout.parameters, settings.trainable, settings.lora);
  const rng = request.rng.derive('dropout');
  // The devices have float32 alone.
  if (request.precision === 'float64') return plainLayers({ layout, plan, lora: settings.lora }, dataset, rng);
  const device = await openDeviceFor(request);
  const network = new LayeredNetwork(dataset.featureShape, layout, plan, settings.lora, classCount > 0, device);
  const shared: Shared = { device, network, examples: dataset.train, classCount, rng, rooms: new Map() };
  return {
    segments: network.segments,
    parameterCount: network.parameterCount,
    ...(plan.base.length > 0 && { base: { segments: plan.base, values: network.baseValues } }),
    device: { name: device.name, why: device.why, deterministic: device.deterministic },
    initialParams: (rng) => network.initialParams(rng),
    shard: (examples) => new LayersObjective(shared, examples),
    evaluate: (estimates) =>
      evaluateNetwork(device, network, dataset.test.count > 0 ? dataset.test : dataset.train, estimates),
    evaluateTraining: (estimates) => evaluateNetwork(device, network, dataset.train, estimates),
    evaluateExamples: (estimates, rows) =>
      evaluateNetwork(device, network, subsetOf(dataset, dataset.train, rows), estimates),
    tensorCount: () => device.tensorCount(),
  };
}
