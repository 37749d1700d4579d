import type { NamedSpec, specKind } from '../../../protocol/settings/named-modules.js';
import type { Json } from '../../../protocol/settings/plain-data.js';

/** Settings by name, kind by kind. */
export interface NamesByKind {
  readonly method: object;
  readonly objective: object;
  readonly layer: object;
  readonly dataset: object;
  readonly partition: object;
  readonly topology: object;
  readonly codec: object;
  readonly memory: object;
  readonly optimizer: object;
  readonly schedule: object;
  readonly aggregator: object;
  readonly attack: object;
  readonly fault: object;
  readonly selection: object;
  readonly probe: object;
  readonly study: object;
  readonly expectation: object;
}

/** A path to a module of one's own in place of a name. */
type ModulePath = `./${string}` | `../${string}`;
type OwnSpec = { readonly name: ModulePath } & { readonly [setting: string]: Json };

type Names<T> = keyof T & string;

/** A name, or an object with the name and the settings that what it names has. `More`: what else may stand in the object. */
export type Named<N extends NamesByKind, K extends keyof NamesByKind, More = unknown> =
  | Names<N[K]>
  | ModulePath
  | (OwnSpec & More)
  | { [Name in Names<N[K]>]: { readonly name: Name } & Given<N, N[K][Name]> & More }[Names<N[K]>];

/** The same of a fault, whose name stands under `fault`. */
export type NamedFault<N extends NamesByKind> =
  | ({ readonly fault: ModulePath } & { readonly [setting: string]: Json })
  | { [Name in Names<N['fault']>]: { readonly fault: Name } & Given<N, N['fault'][Name]> }[Names<N['fault']>];

/** Settings as they are written: those that have a default may be left out. */
export type Given<N extends NamesByKind, S> = { readonly [Key in keyof S]?: GivenValue<N, S[Key]> };

type GivenValue<N extends NamesByKind, T> = T extends NamedSpec
  ? Named<N, T extends { readonly [specKind]?: infer K extends keyof NamesByKind } ? K : never>
  : T extends readonly (infer E)[]
    ? readonly GivenValue<N, E>[]
    : T;
