import { checkInteger } from '../settings.js';
import { concatenated, evenPieces, examplesByClass, partitionRule, refused, shuffled } from './rule.js';

/**
 * "#label = k" (NIID-Bench, FedLab): client i owns class i mod K and k - 1 further distinct classes at random; each class
 * is split evenly among its owners. A class without an owner is an error unless `dropUnowned`.
 */
export const labelCount = partitionRule(
  'label-count',
  { labelsPerClient: 2, dropUnowned: false },
  (dataset, clientCount, { labelsPerClient, dropUnowned }, rng) => {
    const classes = examplesByClass('label-count', dataset);
    checkInteger(`partition 'label-count'`, 'labelsPerClient', labelsPerClient, 1, classes.length);
    const owners: number[][] = classes.map(() => []);
    for (let i = 0; i < clientCount; i++) {
      const first = i % classes.length;
      owners[first]!.push(i);
      for (const other of rng.derive('client', i).batch(classes.length - 1, labelsPerClient - 1))
        owners[other < first ? other : other + 1]!.push(i);
    }
    const pieces: Uint32Array[][] = Array.from({ length: clientCount }, () => []);
    let dropped = 0;
    for (let k = 0; k < classes.length; k++) {
      const indices = classes[k]!;
      const owning = owners[k]!;
      if (owning.length > 0)
        evenPieces(shuffled(indices, rng.derive('class', k)), owning.length).forEach((piece, p) => {
          pieces[owning[p]!]!.push(piece);
        });
      else if (dropUnowned || indices.length === 0) dropped += indices.length;
      else
        throw refused(
          'label-count',
          `class ${k} (${indices.length} examples) has no owner among ${clientCount} clients of ${labelsPerClient} labels; use more clients or labelsPerClient, or set dropUnowned`,
        );
    }
    return {
      shards: pieces.map(concatenated),
      dropped,
      definition: `label count: client i owns class i mod ${classes.length} and ${labelsPerClient - 1} more at random, classes split evenly among owners`,
    };
  },
);
