import { loadCodec, loadMemory } from '../../protocol/codecs/registry.js';
import type { AnyMethod } from '../../protocol/method.js';
import type { AnyOptimizerFamily } from '../../protocol/optimizers/optimizer.js';
import type { ScenarioInput } from '../../protocol/scenario/input.js';
import type { Spec } from '../../protocol/scenario/scenario.js';
import { type ScheduleSpec, scheduleOf } from '../../protocol/schedules/schedule.js';
import { type ExtensionKind, kindOfExtension } from '../../protocol/settings/extension.js';
import { type NamedModules, readSpec } from '../../protocol/settings/named-modules.js';
import type { Settings } from '../../protocol/settings/settings.js';
import { extensionPoint } from '../plug-ins/extension-points.js';
import { loadAllRules } from '../run/catalogue.js';
import { attackClaims } from './attack-claims.js';
import { type Claim, claim, ensure } from './claim.js';
import { codecClaims } from './codec-claims.js';
import type { ContractNeeds } from './contract-needs.js';
import { datasetClaims, partitionClaims } from './dataset-claims.js';
import { expectationClaims } from './expectation-claims.js';
import { faultClaims } from './fault-claims.js';
import { memoryClaims } from './memory-claims.js';
import { methodClaims } from './method-claims.js';
import { objectiveClaims } from './objective-claims.js';
import { optimizerClaims } from './optimizer-claims.js';
import { OutsideSources } from './parts/outside-sources.js';
import { syntheticDataset } from './parts/synthetic-dataset.js';
import { probeClaims } from './probe-claims.js';
import { runClaims } from './run-claims.js';
import { scheduleClaims } from './schedule-claims.js';
import { selectionClaims } from './selection-claims.js';
import { settingsClaims } from './settings-claims.js';
import { topologyClaims } from './topology-claims.js';

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
    default: {
      const input = using(kind, spec);
      return [
        ...summaryClaims(thing as Thing),
        ...rest,
        ...ownClaims(kind, thing as never, needs, input),
        ...run(input),
      ];
    }
  }
}

/** What kinds promise beyond what a run of theirs shows. */
export function ownClaims(
  kind: ExtensionKind,
  // biome-ignore lint/suspicious/noExplicitAny: the kind says which of them it is.
  thing: any,
  needs: ContractNeeds,
  input = using(kind, { name: thing.name, ...needs.settings }),
): readonly Claim[] {
  const spec: Spec = { name: thing.name, ...needs.settings };
  const settings = (): object => readSpec(extensionPoint(kind) as never, spec).settings;
  switch (kind) {
    case 'memory':
      return memoryClaims(() => loadMemory(spec));
    case 'topology':
      return topologyClaims(spec, needs.run?.clients);
    case 'fault':
      return faultClaims(spec, { ...input, ...needs.run });
    case 'attack':
      return attackClaims(() => thing.create(settings()));
    case 'selection':
      return selectionClaims(thing, settings);
    case 'probe':
      return probeClaims(thing, { ...input, ...needs.run });
    case 'expectation':
      return expectationClaims(thing, needs.settings ?? {});
    case 'schedule':
      return scheduleClaims(() => scheduleOf(spec as ScheduleSpec));
    case 'layer':
      return objectiveCases({ name: 'layers', layers: [spec, 'flatten', 'dense'] } as Spec, needs);
    default:
      return [];
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
