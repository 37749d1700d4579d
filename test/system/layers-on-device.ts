/**
 * A program of tests of devices: holds networks of every layer to the contract of objectives on the device that it is given by name,
 * gradients against finite differences among it, and prints as JSON each claim with what it found instead (null: it holds).
 */
import { ensureBelow } from '../../scenarios/check/claim.js';
import { familyOf, type ObjectiveCase, objectiveClaims, pointOf } from '../../scenarios/check/objective-claims.js';
import { indices } from '../../scenarios/check/parts/synthetic-dataset.js';
import { gradientDifference } from '../../worker/device/gradient-difference.js';
import { subjects } from '../support/layer-networks.js';

export interface TriedClaim {
  readonly title: string;
  readonly problem: string | null;
}

/** Steps of a device outside this process's memory are rounded in float32, where the loop over gradients rounds once from float64. */
async function descends(subject: ObjectiveCase): Promise<void> {
  const family = await familyOf(subject);
  const shard = family.shard(indices(8));
  const start = Float32Array.from(pointOf(family, 'float32', 'start'));
  const batches = [Uint32Array.of(4, 0, 2), Uint32Array.of(7, 1)];
  const expected = start.slice();
  for (const batch of batches) {
    const gradient = await shard.gradient(expected, batch);
    for (let j = 0; j < expected.length; j++) expected[j] = expected[j]! - 0.3 * gradient[j]!;
  }
  const reached = Float32Array.from(await shard.descend!(start, batches, 0.3));
  ensureBelow(gradientDifference(reached, expected), 1e-5, 'difference of descend from the loop over gradient');
}

const tried: TriedClaim[] = [];
for (const subject of subjects(process.argv[2]!)) {
  const { dataset } = subject;
  for (const claim of objectiveClaims({ ...subject, dataset })) {
    const { title, run } = claim.title.startsWith('descend')
      ? { title: 'descend is near the loop over gradient', run: () => descends({ ...subject, dataset }) }
      : claim;
    const problem = await run().then(
      () => null,
      (error: Error) => error.message,
    );
    tried.push({ title: `${subject.title}: ${title}`, problem });
  }
}
process.stdout.write(JSON.stringify(tried), () => process.exit(0));
