import { extension } from '../../../../protocol/settings/extension.js';
import { NamedModules, type NamedSpec, named } from '../../../../protocol/settings/named-modules.js';
import type { Required, SettingOf } from '../../../../protocol/settings/setting.js';
import type { Settings } from '../../../../protocol/settings/settings.js';
import type { Initializer } from './initializers.js';
import type { Operations, Value } from './operations.js';

/** A tensor of parameters of a layer. */
export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly initial: Initializer;
}

/** Where a layer stands while the network is laid out. Shapes are those of one example, the batch aside. */
export interface LayerSite {
  readonly inputShape: readonly number[];
  /** Classes of the data; 0: regression. */
  readonly classCount: number;
  /** Codes that its features may be, where they are codes; 0: none. */
  readonly codeCount: number;
  /** Does it take the features themselves? */
  readonly isFirst: boolean;
  /** Its input is codes: whole numbers from 0 to `count` - 1. Data with others are refused. */
  takesCodes(count: number): void;
  /** A tensor of this layer; `name` is new in it, such as 'weights'. */
  parameter(name: string, shape: readonly number[], initial: Initializer): Parameter;
  /** Layers inside this one, in order. `part`: distinguishes several such lists. */
  sequence(specs: readonly NamedSpec[], inputShape: readonly number[], part?: string): BuiltLayer;
  /** Throws ERR_OBJECTIVE: the layer cannot stand here. */
  refuse(expected: string): never;
}

/** A pass over one batch. */
export interface LayerPass {
  readonly operations: Operations;
  read(parameter: Parameter): Value;
  /**
   * Of a training pass: zeros with probability `rate` and 1 / (1 - rate) elsewhere, [batch, ...shape], drawn again for every example
   * whenever the parameters change. null: nothing is dropped.
   */
  mask(shape: readonly number[], rate: number): Value | null;
}

/** A layer in its place. */
export interface BuiltLayer {
  /** Of one example. */
  readonly outputShape: readonly number[];
  /** `input`: [batch, ...inputShape]; returns [batch, ...outputShape]. Gradients follow from the operations. */
  forward(input: Value, pass: LayerPass): Value;
  /** The same with a layer `relu` behind it, of layers that compute both at once. */
  rectified?(input: Value, pass: LayerPass): Value;
}

/** The default export of every file of this folder; the file name is the layer's name. */
export interface LayerFamily<S extends object = object> {
  readonly name: string;
  /** What it computes, in a line. */
  readonly summary: string;
  readonly settings: Settings<S>;
  build(settings: S, site: LayerSite): BuiltLayer;
}

/** A layer that the objective 'layers' can name. The same value, marked as a layer. */
export function defineLayer<S extends object>(family: LayerFamily<S>): LayerFamily<S> {
  return extension('layer', family);
}

/** The layers that are loaded. */
// biome-ignore lint/suspicious/noExplicitAny: every layer has its own type of settings.
export const layers = new NamedModules<LayerFamily<any>>('layer', 'a layer', [new URL('../', import.meta.url)]);

/** A setting that names a layer, with its settings beside the name. */
export function layer<const D extends NamedSpec | null | Required>(
  byDefault: D,
  meaning: string,
): SettingOf<NamedSpec<'layer'>, D> {
  return named(layers, byDefault, meaning) as SettingOf<NamedSpec<'layer'>, D>;
}

/** A layer without parameters that keeps the shape. */
export function pointwise(apply: (operations: Operations, input: Value) => Value): LayerFamily['build'] {
  return (_settings, { inputShape }) => ({
    outputShape: inputShape,
    forward: (input, { operations }) => apply(operations, input),
  });
}

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}
