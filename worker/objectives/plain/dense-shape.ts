import { GradswarmError } from '../../../protocol/errors.js';
import type { Examples } from '../../datasets/dataset.js';
import { numberCount, rowOf } from '../../datasets/stored-rows.js';
import type { Activation } from './dense-loops.js';

/** softmax: cross-entropy over classes. logistic: ln(1 + e^(-yz)), y = -1 or 1 for class 0 or 1. squared: (z - t)^2 / 2. */
export type OutputLoss = 'softmax' | 'logistic' | 'squared';

export interface DenseNetworkShape {
  /** Numbers an example has. */
  readonly features: number;
  /** Above 0: features are codes below it, read as one-hot vectors. 0: features are numbers. */
  readonly vocabulary: number;
  readonly hidden: readonly number[];
  readonly outputs: number;
  readonly activation: Activation;
  readonly output: OutputLoss;
  readonly bias: boolean;
}

/** Throws unless every example fits the network. `who` names the objective in the message. */
export function checkExamples(
  who: string,
  shape: Pick<DenseNetworkShape, 'features' | 'vocabulary' | 'outputs' | 'output'>,
  examples: Examples,
): void {
  const refuse = (text: string): never => {
    throw new GradswarmError('ERR_OBJECTIVE', `objective '${who}': ${text}`);
  };
  if (shape.output === 'squared') {
    if (examples.targets.length !== examples.count)
      refuse(`expected ${examples.count} targets (regression data), got ${examples.targets.length}`);
  } else {
    const classes = shape.output === 'logistic' ? 2 : shape.outputs;
    if (examples.labels.length !== examples.count)
      refuse(`expected ${examples.count} labels (classification data), got ${examples.labels.length}`);
    for (let i = 0; i < examples.count; i++)
      if (!(examples.labels[i]! >= 0 && examples.labels[i]! < classes))
        refuse(`example ${i}: expected a label in [0, ${classes}), got ${examples.labels[i]}`);
  }
  const numbers = numberCount(examples);
  if (numbers !== examples.count * shape.features)
    refuse(`expected ${examples.count} x ${shape.features} features, got ${numbers} numbers`);
  if (shape.vocabulary === 0) return;
  for (let row = 0; row < examples.count; row++)
    for (const code of rowOf(examples, row, shape.features))
      if (!(Number.isInteger(code) && code >= 0 && code < shape.vocabulary))
        refuse(`expected integer features in [0, ${shape.vocabulary}), got ${code}`);
}
