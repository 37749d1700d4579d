import { type Dataset, type Examples, featureCountOf } from './dataset.js';
import { numberCount, rowOf } from './stored-rows.js';

/** These of the examples, in this order, as examples of their own, in memory. */
export function subsetOf(dataset: Dataset, examples: Examples, rows: Uint32Array): Examples {
  const { labels, targets, maps } = examples;
  const width = featureCountOf(dataset);
  const count = rows.length;
  const taken = new Float32Array(count * width);
  for (let i = 0; i < count; i++) taken.set(rowOf(examples, rows[i]!, width), i * width);
  const cut = (map: Uint8Array): Uint8Array => {
    const places = map.length / (numberCount(examples) / width);
    const part = new Uint8Array(count * places);
    for (let i = 0; i < count; i++) part.set(map.subarray(rows[i]! * places, (rows[i]! + 1) * places), i * places);
    return part;
  };
  return {
    count,
    features: taken,
    labels: labels.length === 0 ? labels : Int32Array.from(rows, (row) => labels[row]!),
    targets: targets.length === 0 ? targets : Float64Array.from(rows, (row) => targets[row]!),
    ...(maps && { maps: Object.fromEntries(Object.entries(maps).map(([task, map]) => [task, cut(map)])) }),
  };
}
