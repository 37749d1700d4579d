import { GradswarmError } from '../../../protocol/errors.js';
import { count, flag } from '../../../protocol/settings/kinds.js';
import { defineSettings } from '../../../protocol/settings/settings.js';
import { concatenated, definePartition, evenPieces, examplesByClass, refused, shuffled } from './rule.js';

/**
 * "#label = k" (NIID-Bench, FedLab): client i owns class i mod K and k - 1 further distinct classes at random; each class
 * is split evenly among its owners. A class without an owner is an error unless `dropUnowned`.
 */
export default definePartition({
  name: 'label-count',
  summary: 'Each client has examples of so many classes',
  settings: defineSettings({
    labelsPerClient: count(2, 'Classes of a client'),
    dropUnowned: flag(false, 'Leave out the examples of classes that no client has; otherwise they are an error'),
  }),
  split: (dataset, clientCount, { labelsPerClient, dropUnowned }, rng) => {
    const classes = examplesByClass('label-count', dataset);
    if (labelsPerClient > classes.length)
      throw new GradswarmError(
        'ERR_SCENARIO',
        `data.partition.labelsPerClient: expected at most the ${classes.length} classes, got ${labelsPerClient}`,
      );
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
});
