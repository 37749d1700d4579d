import { GradswarmError } from '../../../protocol/errors.js';
import { flag, string } from '../../../protocol/settings/kinds.js';
import { defineSettings } from '../../../protocol/settings/settings.js';
import { concatenated, definePartition, evenPieces, examplesByClass, refused, shuffled } from './rule.js';

/** '0 9, 1 8' as [[0, 9], [1, 8]]: one list a client. */
function parsedLists(classes: string, classCount: number, clientCount: number): number[][] {
  const lists = classes.split(',').map((list) => list.trim().split(/\s+/).map(Number));
  const valid = lists.every((list) => list.every((k) => Number.isInteger(k) && k >= 0 && k < classCount));
  if (valid && lists.length === clientCount && /\d/.test(classes)) return lists;
  throw new GradswarmError(
    'ERR_SCENARIO',
    `partition 'class-lists': classes: expected classes below ${classCount} for each of ${clientCount} clients, such as ` +
      `'0 9, 1 8', got '${classes}'`,
  );
}

/**
 * Client i owns the classes of the i-th list: '0 9, 1 8' for two clients. A class with several owners is split evenly among them.
 * A class without an owner is an error unless `dropUnowned`.
 */
export default definePartition({
  name: 'class-lists',
  summary: 'Each client has the classes that are listed for it',
  settings: defineSettings({
    classes: string('', "Classes by client, such as '0,1;2,3'"),
    dropUnowned: flag(false, 'Leave out the examples of classes that no client has; otherwise they are an error'),
  }),
  split: (dataset, clientCount, { classes, dropUnowned }, rng) => {
    const byClass = examplesByClass('class-lists', dataset);
    const lists = parsedLists(classes, byClass.length, clientCount);
    const pieces: Uint32Array[][] = Array.from({ length: clientCount }, () => []);
    let dropped = 0;
    for (const [k, indices] of byClass.entries()) {
      const owners = lists.flatMap((list, client) => (list.includes(k) ? [client] : []));
      if (owners.length === 0 && indices.length > 0 && !dropUnowned)
        throw refused(
          'class-lists',
          `class ${k} (${indices.length} examples) has no owner; list it or set dropUnowned`,
        );
      if (owners.length === 0) dropped += indices.length;
      else
        evenPieces(shuffled(indices, rng.derive('class', k)), owners.length).forEach((piece, p) => {
          pieces[owners[p]!]!.push(piece);
        });
    }
    return {
      shards: pieces.map(concatenated),
      dropped,
      definition: `class lists: ${lists.map((list, i) => `client ${i} owns ${list.join(', ')}`).join('; ')}`,
    };
  },
});
