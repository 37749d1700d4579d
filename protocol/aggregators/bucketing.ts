import { count } from '../settings/kinds.js';
import { defineSettings } from '../settings/settings.js';
import { defineAggregator, type PreAggregator } from './aggregator.js';
import { meanOf } from './parts/mean.js';

/**
 * Bucketing (Karimireddy, He, Jaggi, ICLR 2022; size 2 not checked against the paper): the vectors are shuffled and averaged in buckets of s; a last, short bucket is
 * averaged over its own size. What follows sees ceil(n / s) vectors, of which f may be arbitrary.
 */
function bucketing({ size }: { readonly size: number }): PreAggregator {
  return {
    prepare(vectors, { permutation }) {
      const order = permutation(vectors.length);
      const buckets = Array.from({ length: Math.ceil(vectors.length / size) }, (_, bucket) =>
        Array.from(order.subarray(bucket * size, (bucket + 1) * size), (i) => vectors[i]!),
      );
      return buckets.map(meanOf);
    },
  };
}

export default defineAggregator({
  name: 'bucketing',
  source: 'Karimireddy, He, Jaggi, ICLR 2022',
  settings: defineSettings({ size: count(2, 's, vectors of one bucket') }),
  create: bucketing,
});
