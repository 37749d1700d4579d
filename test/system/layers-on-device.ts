/**
 * A program of tests of devices: holds networks of every layer to the contract of objectives on the device that it is given by name,
 * gradients against finite differences among it, and prints as JSON each claim with what it found instead (null: it holds).
 */
import { objectiveClaims } from '../../scenarios/check/objective-claims.js';
import { subjects, text } from '../support/layer-networks.js';

export interface TriedClaim {
  readonly title: string;
  readonly problem: string | null;
}

const tried: TriedClaim[] = [];
for (const subject of subjects(process.argv[2]!)) {
  // As data sets of codes say it: then none of them is NaN, which TensorFlow would refuse as a row of a table.
  const dataset = subject.dataset === text ? { ...text, vocabulary: text.classCount } : subject.dataset;
  for (const { title, run } of objectiveClaims({ ...subject, dataset })) {
    const problem = await run().then(
      () => null,
      (error: Error) => error.message,
    );
    tried.push({ title: `${subject.title}: ${title}`, problem });
  }
}
process.stdout.write(JSON.stringify(tried), () => process.exit(0));
