import type { Rng } from '../../../protocol/method.js';
import { categorical, logGammaDraw, symmetricDirichlet } from '../../../protocol/numerics/distributions.js';
import { exp } from '../../../protocol/numerics/elementary.js';
import { count, integer, oneOf, positive } from '../../../protocol/settings/kinds.js';
import { defineSettings, type SettingsOf } from '../../../protocol/settings/settings.js';
import {
  concatenated,
  cutAt,
  cutPoints,
  definePartition,
  evenPieces,
  examplesByClass,
  type RuleResult,
  refused,
  shuffled,
} from './rule.js';

const NAME = 'dirichlet';

const settings = defineSettings({
  alpha: positive(0.5, 'Concentration: small is skewed'),
  definition: oneOf(
    ['per-class-guarded', 'per-class', 'per-client'],
    'per-class-guarded',
    'Which of three published algorithms: label and size skew with sizes bounded from below, the same without bound, or label ' +
      'skew alone',
  ),
  minExamples: integer(10, "'per-class-guarded': redraw until every client has at least so many examples", {
    least: 0,
  }),
  maxAttempts: count(1_000, 'Draws at most', 1e6),
});
type Skew = SettingsOf<typeof settings>;

/** For each client, its pieces of all classes. */
function assemble(classes: readonly Uint32Array[], ends: readonly Uint32Array[], clientCount: number): Uint32Array[] {
  const pieces = classes.map((indices, k) => cutAt(indices, ends[k]!));
  return Array.from({ length: clientCount }, (_, j) => concatenated(pieces.map((piece) => piece[j]!)));
}

/**
 * Cut points of each class. Guarded: a client that holds N / n examples or more gets nothing of the class. Dropping
 * components of a Dirichlet draw and renormalising gives a Dirichlet on the rest, so only the open clients are drawn;
 * that stays exact where the shares of all open clients would have underflowed to zero.
 */
function drawEnds(counts: readonly number[], alpha: number, sizes: Float64Array, guarded: boolean, rng: Rng) {
  const clientCount = sizes.length;
  const exampleCount = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => {
    const open: number[] = [];
    for (let j = 0; j < clientCount; j++) if (!guarded || sizes[j]! * clientCount < exampleCount) open.push(j);
    const shares = new Float64Array(clientCount);
    if (count > 0) {
      const drawn = symmetricDirichlet(rng, alpha, open.length);
      for (let i = 0; i < open.length; i++) shares[open[i]!] = drawn[i]!;
    } else shares[0] = 1;
    const ends = cutPoints(count, shares);
    for (let j = 0; j < clientCount; j++) sizes[j] = sizes[j]! + ends[j]! - (j === 0 ? 0 : ends[j - 1]!);
    return ends;
  });
}

function perClassGuarded(classes: readonly Uint32Array[], clientCount: number, settings: Skew, rng: Rng): RuleResult {
  const { alpha, minExamples, maxAttempts } = settings;
  const counts = classes.map((indices) => indices.length);
  const exampleCount = counts.reduce((sum, count) => sum + count, 0);
  if (minExamples * clientCount > exampleCount)
    throw refused(NAME, `${clientCount} clients cannot have ${minExamples} of ${exampleCount} examples each`);
  let best = 0;
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const sizes = new Float64Array(clientCount);
    const ends = drawEnds(counts, alpha, sizes, true, rng.derive('attempt', attempt));
    const smallest = sizes.reduce((a, b) => Math.min(a, b));
    if (smallest >= minExamples)
      return {
        shards: assemble(classes, ends, clientCount),
        dropped: 0,
        definition: `Dirichlet, per class over clients, guarded: alpha ${alpha}, clients with N/n examples get no more, redrawn until each has ${minExamples} (attempt ${attempt + 1})`,
      };
    best = Math.max(best, smallest);
  }
  throw refused(
    NAME,
    `alpha ${alpha}, ${clientCount} clients: no draw of ${maxAttempts} gave every client ${minExamples} examples (the best smallest client had ${best}); raise alpha, lower minExamples or clients, or use definition 'per-client'`,
  );
}

function perClass(classes: readonly Uint32Array[], clientCount: number, alpha: number, rng: Rng): RuleResult {
  const sizes = new Float64Array(clientCount);
  const counts = classes.map((indices) => indices.length);
  const ends = drawEnds(counts, alpha, sizes, false, rng);
  const empty = sizes.filter((size) => size === 0).length;
  return {
    shards: assemble(classes, ends, clientCount),
    dropped: 0,
    mayBeEmpty: true,
    definition: `Dirichlet, per class over clients, unguarded: alpha ${alpha}; ${empty} clients have no examples`,
  };
}

/** A client's class prior in log space: weights are renormalised over the classes that still have examples. */
function openWeights(logGammas: Float64Array, left: readonly number[]): Float64Array {
  let largest = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < left.length; k++) if (left[k]! > 0 && logGammas[k]! > largest) largest = logGammas[k]!;
  return logGammas.map((value, k) => (left[k]! > 0 ? exp(value - largest) : 0));
}

function perClient(classes: readonly Uint32Array[], clientCount: number, alpha: number, rng: Rng): RuleResult {
  const exampleCount = classes.reduce((sum, indices) => sum + indices.length, 0);
  const slots = new Uint32Array(exampleCount);
  evenPieces(slots, clientCount).forEach((piece, j) => {
    piece.fill(j);
  });
  const left = classes.map((indices) => indices.length);
  const priors = Array.from({ length: clientCount }, (_, j) => {
    const stream = rng.derive('prior', j);
    return Float64Array.from(classes, () => logGammaDraw(stream, alpha));
  });
  const weights = priors.map((prior) => openWeights(prior, left));
  const shards: number[][] = priors.map(() => []);
  const draws = rng.derive('draws');
  for (const j of shuffled(slots, rng.derive('order'))) {
    // Another client may have exhausted the class since these weights were formed.
    let label = categorical(draws, weights[j]!);
    while (left[label] === 0) {
      weights[j] = openWeights(priors[j]!, left);
      label = categorical(draws, weights[j]!);
    }
    left[label] = left[label]! - 1;
    shards[j]!.push(classes[label]![left[label]!]!);
  }
  return {
    shards: shards.map((shard) => Uint32Array.from(shard)),
    dropped: 0,
    definition: `Dirichlet, per client over classes, equal sizes: alpha ${alpha}, examples dealt in random order, exhausted classes skipped`,
  };
}

/**
 * Label skew by Dirichlet draws. Three published algorithms share the name; the same alpha means different things:
 * 'per-class-guarded' (NIID-Bench noniid-labeldir, FedLab hetero_dir): label and size skew, sizes bounded from below;
 * 'per-class' (ByzFL): the same without guard or minimum, clients may be empty;
 * 'per-client' (FedDyn style): each client has its own class prior and equal size, label skew only.
 */
export default definePartition({
  name: NAME,
  summary: 'Label skew by Dirichlet draws',
  settings,
  split: (dataset, clientCount, settings, rng) => {
    const classes = examplesByClass(NAME, dataset).map((indices, k) => shuffled(indices, rng.derive('class', k)));
    if (settings.definition === 'per-client') return perClient(classes, clientCount, settings.alpha, rng);
    if (settings.definition === 'per-class') return perClass(classes, clientCount, settings.alpha, rng);
    return perClassGuarded(classes, clientCount, settings, rng);
  },
});
