import { loadCodec } from '../../protocol/codecs/registry.js';
import type { AnyMethod } from '../../protocol/method.js';
import type { AnyOptimizerFamily } from '../../protocol/optimizers/optimizer.js';
import type { ScenarioInput } from '../../protocol/scenario/input.js';
import type { JsonObject, Spec } from '../../protocol/scenario/scenario.js';
import { kindOfExtension } from '../../protocol/settings/extension.js';
import type { NamedModules } from '../../protocol/settings/named-modules.js';
import type { Settings } from '../../protocol/settings/settings.js';
import { extensionPoint } from '../plug-ins/extension-points.js';
import { loadAllRules } from '../run/catalogue.js';
import { type Claim, claim, ensure } from './claim.js';
import { codecClaims } from './codec-claims.js';
import { datasetClaims, partitionClaims } from './dataset-claims.js';
import { methodClaims } from './method-claims.js';
import { objectiveClaims } from './objective-claims.js';
import { type OptimizerNeeds, optimizerClaims } from './optimizer-claims.js';
import { OutsideSources } from './parts/outside-sources.js';
import { syntheticDataset } from './parts/synthetic-dataset.js';
import type { MethodNeeds } from './parts/tiny-problems.js';
import { runClaims } from './run-claims.js';
import { settingsClaims } from './settings-claims.js';

/**
 * What the contract needs to know to try a thing, where what it takes by itself does not fit. A module exports it as `contract`
 * beside what it defines.
 */
export interface ContractNeeds extends MethodNeeds, OptimizerNeeds {
  /** Settings other than the defaults, without which the thing cannot be tried. */
  readonly settings?: JsonObject;
  /** Parts of the scenario of the run that uses the thing. */
  readonly run?: Partial<ScenarioInput>;
  /** Objectives: examples of this shape, and classes (0: regression). Left out: classification of 3 classes, 5 numbers. */
  readonly examples?: { readonly featureShape: readonly number[]; readonly classCount: number };
}

interface Thing {
  readonly name: string;
  readonly summary?: string;
  readonly settings?: Settings<object>;
}

/**
 * Every claim of the contract of what a `define…` returned, which from then on scenarios of this process can name. With any test
 * framework: `for (const { title, run } of await claimsOf(mine)) test(title, run)`. Throws RangeError for anything else.
 */
export async function claimsOf(thing: object, needs: ContractNeeds = {}): Promise<readonly Claim[]> {
  const kind = kindOfExtension(thing);
  const point = kind && (extensionPoint(kind) as unknown as NamedModules<Thing> | undefined);
  if (!point) throw new RangeError('expected what defineMethod, defineCodec, … return');
  const { name, settings } = thing as Thing;
  await loadAllRules();
  if (point.find(name) === undefined) point.add(thing as Thing);
  const spec: Spec = { name, ...needs.settings };
  const rest = settings ? settingsClaims(settings) : [];
  const run = (input: Partial<ScenarioInput>) => runClaims({ ...input, ...needs.run });
  return watched(claimsOfKind(kind, thing, needs, { spec, rest, run }));
}

/** The claims, and one more about what was called while they were tried. */
function watched(claims: readonly Claim[]): readonly Claim[] {
  const sources = new OutsideSources();
  return [
    ...claims.map(({ title, run }) => ({ title, run: () => sources.during(run) })),
    claim('draws from the streams that it is given alone, and looks at no clock', () => {
      const seen = [...sources.seen];
      ensure(
        seen.length === 0,
        `expected numbers that follow from the seed, got calls of ${seen.join(', ')}: every run has others; draw from at.rng, or from the stream that is given`,
      );
    }),
  ];
}

interface ClaimParts {
  readonly spec: Spec;
  /** Of its settings. */
  readonly rest: readonly Claim[];
  run(input: Partial<ScenarioInput>): readonly Claim[];
}

function claimsOfKind(
  kind: NonNullable<ReturnType<typeof kindOfExtension>>,
  thing: object,
  needs: ContractNeeds,
  { spec, rest, run }: ClaimParts,
): readonly Claim[] {
  switch (kind) {
    case 'method':
      return [...paperClaims(thing as AnyMethod), ...rest, ...methodClaims(thing as AnyMethod, needs)];
    case 'codec':
      return [
        ...summaryClaims(thing as Thing),
        ...rest,
        ...codecClaims(() => loadCodec(spec)),
        ...run({ codecs: { gradient: { codec: spec } } }),
      ];
    case 'optimizer':
      return [
        ...rest,
        ...optimizerClaims(thing as AnyOptimizerFamily, needs),
        ...run({ method: { name: 'sgd', batchSize: 4, optimizer: spec } }),
      ];
    case 'objective':
      return [...summaryClaims(thing as Thing), ...rest, ...objectiveCases(spec, needs), ...run({ objective: spec })];
    case 'dataset':
      return [...summaryClaims(thing as Thing), ...rest, ...datasetClaims(spec), ...run(trainingOn(spec, needs))];
    case 'partition':
      return [
        ...summaryClaims(thing as Thing),
        ...rest,
        ...partitionClaims(spec),
        ...run({ data: { ...SMALL_DATA, partition: spec } }),
      ];
    default:
      return [...summaryClaims(thing as Thing), ...rest, ...run(using(kind, spec))];
  }
}

const SMALL_DATA = { name: 'gaussian-clusters', classes: 3, features: 5, examples: 60, testExamples: 20 };

/** A scenario that names a thing of that kind where it belongs. */
function using(kind: ReturnType<typeof kindOfExtension>, spec: Spec): Partial<ScenarioInput> {
  switch (kind) {
    case 'layer':
      return { objective: { name: 'layers', layers: [spec, 'flatten', 'dense'] } };
    case 'memory':
      return { codecs: { gradient: { codec: 'top-k', memory: spec } } };
    case 'schedule':
      return { method: { name: 'dgd', stepSize: spec }, topology: 'ring' };
    case 'topology':
      return { method: { name: 'dgd', stepSize: 0.05 }, topology: spec };
    case 'probe':
      return { measure: [spec] };
    case 'aggregator':
      return { aggregators: { gradient: spec } };
    case 'attack':
      return { faults: [{ fault: 'byzantine', clients: [0], attack: spec }] };
    case 'fault': {
      const { name: fault, ...settings } = spec;
      return { faults: [{ fault, ...settings }] };
    }
    case 'selection':
      return { method: { name: 'fedavg', batchSize: 4 }, participation: { cohort: 3, sampling: spec } };
    case 'study':
      return { study: spec };
    case 'expectation':
      return { expect: [spec] };
    default:
      return {};
  }
}

/** A model for data of that kind. */
function trainingOn(spec: Spec, needs: ContractNeeds): Partial<ScenarioInput> {
  const classes = needs.examples?.classCount ?? 2;
  return { data: spec, objective: classes > 0 ? 'softmax-regression' : 'linear-regression' };
}

function objectiveCases(spec: Spec, { examples }: ContractNeeds): readonly Claim[] {
  const dataset = syntheticDataset(examples ?? { featureShape: [5], classCount: 3 });
  const exact = { precision: 'float64', gradientTolerance: 1e-6, sumTolerance: 1e-13, step: 1e-5 } as const;
  const single = { precision: 'float32', gradientTolerance: 2e-3, sumTolerance: 3e-7, step: 1e-2 } as const;
  return [exact, single].flatMap((bounds) =>
    objectiveClaims({ objective: spec, dataset, ...bounds }).map(({ title, run }) => ({
      title: `${bounds.precision}: ${title}`,
      run,
    })),
  );
}

function paperClaims({ paper }: AnyMethod): readonly Claim[] {
  return [
    claim('names the paper that it is from, its address, and the algorithm', () => {
      const words = { title: paper.title, url: paper.url, algorithm: paper.algorithm };
      for (const [key, text] of Object.entries(words))
        ensure(text.trim() !== '', `paper.${key}: expected text, got none`);
    }),
  ];
}

function summaryClaims({ summary }: Thing): readonly Claim[] {
  return [
    claim('says in one line what it is', () => {
      const text = summary ?? '';
      ensure(text.trim() !== '' && !text.includes('\n'), `summary: expected one line of text, got '${text}'`);
    }),
  ];
}
