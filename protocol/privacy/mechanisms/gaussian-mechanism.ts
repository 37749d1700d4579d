import { GradswarmError } from '../../errors.js';
import type { PartyId, Privacy, ReadonlyVector, ReleasePart, Vector } from '../../method.js';
import { copy, zerosLike } from '../../numerics/vector.js';
import { checkRelease, type LedgerEntry } from '../accounting/ledger-entry.js';
import { checkNoiseMultiplier, checkSampling } from '../accounting/ranges.js';
import {
  distributedNoiseMultiplier,
  encodeClientVector,
  rotatedLength,
  roundedNormBound,
} from './distributed-discrete-gaussian.js';
import { gridStddev, gridStep, roundedSensitivity, roundToGrid } from './grid.js';
import type { HostPrivacy } from './host-privacy.js';
import type { NoiseSource } from './noise-source.js';

const NOTHING = new Float64Array(0);

type Release = Parameters<Privacy['gaussian']>[1];

export interface PrivacyOptions {
  readonly source: NoiseSource;
  /** Takes one entry a call, before the noised values exist. What it throws stops the release. */
  readonly ledger: { append(entry: LedgerEntry): unknown };
  /** 'float': Gaussian noise in doubles. 'grid': values rounded to a grid, exact discrete noise, exact multiples out. */
  readonly mode: 'float' | 'grid';
  readonly round: number;
  /** Which try at this round. Seeded noise is keyed by it: two tries never share noise, and both are charged. */
  readonly attempt: number;
  /** Whose data the releases are about, and whose key the seeded noise has. */
  readonly party: PartyId;
  /**
   * Sampling probability of the coordinator's releases of unit 'client' that do not name one: the cohort's, where it is a
   * Poisson cohort that stays hidden. 1 for all others: a client's own message shows that it was sampled, and an example
   * shares its client's coin with that client's other examples.
   */
  readonly defaultSampling?: number;
}

/** (sum of 1 / z_i^2)^(-1/2): independent noise on all parts of one query is one Gaussian release. */
function jointNoiseMultiplier(parts: readonly Pick<ReleasePart, 'noiseMultiplier'>[]): number {
  let square = 0;
  for (const { noiseMultiplier } of parts) square += 1 / (noiseMultiplier * noiseMultiplier);
  return 1 / Math.sqrt(square);
}

/** The privacy of one party in one attempt of one round. */
export function createPrivacy(options: PrivacyOptions): HostPrivacy {
  const { source, ledger, mode, round, attempt, party } = options;
  let call = 0;
  /**
   * Charges, then gives the noise of this call: a release that fails half-way may already have been seen. A count of 0 costs
   * nothing and is recorded nevertheless: if the round is repeated, the ledger shows that it was not the first time.
   */
  const charged = (entry: Omit<LedgerEntry, 'round' | 'attempt' | 'call' | 'party' | 'noise'>): NoiseSource => {
    const noise = source.private ? 'secure' : 'seeded';
    ledger.append({ ...entry, round, attempt, call, party, noise });
    return source.derive('privacy', party, round, attempt, call++);
  };
  return {
    treeNode({ length, l2Sensitivity, noiseMultiplier, depth, isFirstLeaf }, { label, unit, adjacency }) {
      if (mode === 'grid') refuse(label, 'tree aggregation has no grid form; use float noise');
      checkPart(label, { value: NOTHING, l2Sensitivity, noiseMultiplier });
      const count = isFirstLeaf ? depth : attempt > 0 ? 1 : 0;
      const shared = { label, unit, adjacency, l2Sensitivities: [l2Sensitivity], noiseMultiplier, sampling: 1, count };
      return charged({ ...shared, mechanism: 'tree-aggregation' }).gaussian(length, noiseMultiplier * l2Sensitivity);
    },
    distributedDiscrete(value, mechanism, shared, { label, unit, adjacency }) {
      const length = rotatedLength(value.length);
      const noise = charged({
        label,
        mechanism: 'discrete-gaussian',
        adjacency,
        unit,
        l2Sensitivities: [roundedNormBound(mechanism.clippingRadius, mechanism.gridStep, length)],
        noiseMultiplier: distributedNoiseMultiplier(mechanism, value.length),
        sampling: 1,
        count: 1,
      });
      return encodeClientVector(value, mechanism, shared, noise);
    },
    gaussian(parts, release) {
      const { label, unit, adjacency, shares = 1 } = release;
      const amplified = party === 'coordinator' && unit === 'client';
      const sampling = release.sampling ?? (amplified ? (options.defaultSampling ?? 1) : 1);
      checkSampling(sampling);
      checkRelease({ label, adjacency, sampling });
      checkShares(release, shares, mode);
      if (parts.length === 0) refuse(label, 'expected at least one part, got none');
      for (const part of parts) checkPart(label, part);
      const noise = charged({
        label,
        mechanism: mode === 'grid' ? 'discrete-gaussian' : 'gaussian',
        adjacency,
        unit,
        l2Sensitivities: parts.map((part) => part.l2Sensitivity),
        noiseMultiplier: jointNoiseMultiplier(parts),
        sampling,
        count: 1,
      });
      return parts.map((part, i) => {
        const own = noise.derive(i);
        return mode === 'grid' ? releaseOnGrid(part, own) : releaseInFloats(part, shares, own);
      });
    },
  };
}

function refuse(label: string, reason: string): never {
  throw new GradswarmError('ERR_PRIVACY', `release '${label}': ${reason}`);
}

function checkShares({ label }: Release, shares: number, mode: PrivacyOptions['mode']): void {
  if (!(Number.isSafeInteger(shares) && shares >= 1))
    refuse(label, `expected a whole number of noise shares of at least 1, got ${shares}`);
  if (mode === 'grid' && shares > 1)
    refuse(
      label,
      `${shares} shares of discrete noise do not add up to discrete Gaussian noise; use float noise, or the distributed ` +
        'discrete Gaussian',
    );
}

function checkPart(label: string, { value, l2Sensitivity, noiseMultiplier }: ReleasePart): void {
  checkNoiseMultiplier(noiseMultiplier);
  if (!(l2Sensitivity >= 0)) refuse(label, `expected an L2 sensitivity of at least 0, got ${l2Sensitivity}`);
  if (noiseMultiplier === 0) return;
  if (l2Sensitivity === Number.POSITIVE_INFINITY || noiseMultiplier === Number.POSITIVE_INFINITY)
    refuse(label, `sensitivity ${l2Sensitivity} with noise multiplier ${noiseMultiplier}: noise needs finite numbers`);
  for (let i = 0; i < value.length; i++) {
    if (!Number.isFinite(value[i]!))
      refuse(
        label,
        `entry ${i} is ${value[i]}: no noise hides it, and no sensitivity bounds it; clip before releasing`,
      );
  }
}

function releaseInFloats({ value, l2Sensitivity, noiseMultiplier }: ReleasePart, shares: number, source: NoiseSource) {
  if (noiseMultiplier === 0 || l2Sensitivity === 0) return copy(value);
  const noised = source.gaussian(value.length, (noiseMultiplier * l2Sensitivity) / Math.sqrt(shares));
  for (let i = 0; i < noised.length; i++) noised[i] = value[i]! + noised[i]!;
  return inPrecisionOf(value, noised);
}

function releaseOnGrid({ value, l2Sensitivity, noiseMultiplier }: ReleasePart, source: NoiseSource): Vector {
  if (noiseMultiplier === 0 || l2Sensitivity === 0) return copy(value);
  const step = gridStep(l2Sensitivity, value.length);
  const sensitivity = roundedSensitivity(l2Sensitivity, value.length, step);
  const noised = source.discreteGaussian(value.length, gridStddev(noiseMultiplier, sensitivity, step));
  const steps = roundToGrid(value, step);
  for (let i = 0; i < noised.length; i++) noised[i] = (steps[i]! + noised[i]!) * step;
  return inPrecisionOf(value, noised);
}

/** Rounding what is already noised is post-processing. */
function inPrecisionOf(value: ReadonlyVector, numbers: Float64Array): Vector {
  const result = zerosLike(value);
  result.set(numbers);
  return result;
}
