import type { TraceInput } from '../faults/parts/trace.js';
import type { Precision } from '../method.js';
import type { Json, JsonObject } from '../settings/plain-data.js';
import type {
  Battery,
  Claim,
  ClientFigureOf,
  Device,
  Energy,
  InitialFile,
  KindCodec,
  Link,
  Participation,
  PerClient,
  PrivacySettings,
  Scenario,
  Spec,
  StopRule,
  Stress,
  UsedModule,
  Workers,
} from './scenario.js';

/** A name alone stands for the spec without settings. */
export type SpecInput = string | Spec;
export type DataInput =
  | string
  | { readonly name: string; readonly partition?: SpecInput; readonly [s: string]: Json | undefined };
export type KindCodecInput =
  | SpecInput
  | { readonly codec: SpecInput; readonly memory?: SpecInput | null; readonly scope?: KindCodec['scope'] };
type WithoutDefaults<T, Required extends keyof T> = Partial<T> & Pick<T, Required>;
export type FaultInput = { readonly fault: string; readonly from?: number; readonly until?: number | null } & {
  readonly [setting: string]: Json;
};

/** `judgedBy` and whatever narrows the claim have defaults. */
export type ClaimInput = Pick<Claim, 'claim' | 'source'> &
  Partial<Omit<Claim, 'judgedBy'>> & { readonly judgedBy?: readonly SpecInput[] };

/** `./` paths are relative to the scenario's file. */
export type UseInput = string | UsedModule;

/** `trace`: the path of a CSV file, or rows. */
export type EnergyInput = WithoutDefaults<Omit<Energy, 'battery'>, 'clients' | 'computeWatts'> & {
  readonly battery?:
    | (WithoutDefaults<Omit<Battery, 'trace'>, 'capacityJoules'> & { readonly trace?: TraceInput | null })
    | null;
};

/** What a person writes. Only `method` and `data` have no default. */
export interface ScenarioInput {
  /** Left out: that of the file. */
  readonly name?: string;
  readonly description?: string;
  /** Modules of one's own: `['./sign-vote.ts', 'some-package']`. */
  readonly use?: readonly UseInput[];
  readonly method: SpecInput;
  readonly objective?: SpecInput;
  readonly data: DataInput;
  readonly clients?: number;
  readonly rounds?: number;
  readonly seed?: number;
  readonly precision?: Precision;
  /** Saved parameters to begin with: the path of an .npz or .safetensors file. */
  readonly initial?: string | InitialFile | null;
  readonly participation?: Partial<Omit<Participation, 'sampling'>> & { readonly sampling?: SpecInput };
  readonly topology?: SpecInput | null;
  /** By kind; '*': every other kind in which the method itself keeps what compression leaves out. */
  readonly codecs?: Readonly<Record<string, KindCodecInput>>;
  /** By kind: a robust sum, or a list of pre-aggregators that ends in one: `{ update: ['bucketing', 'krum'] }`. */
  readonly aggregators?: Readonly<Record<string, SpecInput | readonly SpecInput[]>>;
  readonly clock?: Scenario['clock'];
  readonly devices?: readonly WithoutDefaults<Device, 'clients'>[];
  readonly links?: readonly Partial<Link>[];
  /** What devices use, in watts and joules. */
  readonly energy?: readonly EnergyInput[] | null;
  readonly faults?: readonly FaultInput[];
  readonly evaluation?: Partial<Omit<Scenario['evaluation'], 'perClient'>> & {
    readonly perClient?:
      | (Partial<Omit<PerClient, 'figures'>> & { readonly figures?: readonly WithoutDefaults<ClientFigureOf, 'of'>[] })
      | null;
  };
  readonly stopWhen?: readonly WithoutDefaults<StopRule, 'of'>[] | null;
  readonly keepBest?: WithoutDefaults<NonNullable<Scenario['keepBest']>, 'of'> | null;
  readonly saveModel?: Scenario['saveModel'] | null;
  readonly checkpoints?: Partial<Scenario['checkpoints']>;
  readonly workers?: Partial<Workers>;
  readonly privacy?: Partial<PrivacySettings>;
  readonly measure?: readonly SpecInput[];
  readonly timingOnly?: boolean | null;
  readonly stress?: Partial<Stress>;
  readonly study?: SpecInput | null;
  readonly device?: string | null;
  readonly expect?: readonly SpecInput[];
  readonly claims?: readonly ClaimInput[];
  readonly changed?: readonly string[];
  readonly reportPlots?: readonly JsonObject[];
  readonly expectedSeconds?: number | null;
}

/** One scenario at many settings. `over`: values by path; the points are the Cartesian product in written order. */
export interface SweepInput {
  /** Its name. Left out: that of its file, 'sweep' in a program. */
  readonly sweep?: string;
  readonly description?: string;
  readonly base: Omit<ScenarioInput, 'name'>;
  readonly over: Readonly<Record<string, readonly Json[]>>;
  /** Combinations of values of `over` to run, in this order, with every value of the paths that they do not name; left out: all. */
  readonly points?: readonly Readonly<Record<string, Json>>[] | null;
  /** Every point at so many seeds from the base's on, or at these: the axis `seed`, changing fastest. */
  readonly seeds?: number | readonly number[];
  /** Judged once over all points; `base.expect` is judged at each point. */
  readonly expect?: readonly SpecInput[];
  readonly claims?: readonly ClaimInput[];
  readonly changed?: readonly string[];
  readonly reportPlots?: readonly JsonObject[];
  /** Of all points together. */
  readonly expectedSeconds?: number | null;
}

/** A scenario file's default export. */
export function scenario(input: ScenarioInput): ScenarioInput;
export function scenario(name: string, input: Omit<ScenarioInput, 'name'>): ScenarioInput;
export function scenario(name: string | ScenarioInput, input?: Omit<ScenarioInput, 'name'>): ScenarioInput {
  return typeof name === 'string' ? { name, ...(input as ScenarioInput) } : name;
}

/** A sweep file's default export. */
export function sweep(input: SweepInput): SweepInput;
export function sweep(name: string, input: Omit<SweepInput, 'sweep'>): SweepInput;
export function sweep(name: string | SweepInput, input?: Omit<SweepInput, 'sweep'>): SweepInput {
  return typeof name === 'string' ? { sweep: name, ...(input as Omit<SweepInput, 'sweep'>) } : name;
}

export function isSweep(input: ScenarioInput | SweepInput): input is SweepInput {
  return 'sweep' in input || 'base' in input;
}
