import { GradswarmError } from '../../../../protocol/errors.js';
import { type NamedSpec, readSpec } from '../../../../protocol/settings/named-modules.js';
import { type BuiltLayer, type LayerSite, layers, type Parameter } from './layer.js';

/** A parameter with its module: its layer's name and place, below those of the layers around it: 'residual3/convolution1'. */
export interface PlacedParameter extends Parameter {
  readonly module: string;
}

/** A network from its list of layers. */
export interface Layout {
  readonly body: BuiltLayer;
  readonly parameters: readonly PlacedParameter[];
  /** Features are whole numbers below this; null: any numbers. */
  readonly codes: number | null;
}

/** Throws ERR_OBJECTIVE where a layer does not fit what comes before it. The layers were loaded before. */
export function layOut(
  specs: readonly NamedSpec[],
  data: { readonly inputShape: readonly number[]; readonly classCount: number; readonly codeCount: number },
): Layout {
  const parameters: PlacedParameter[] = [];
  let codes: number | null = null;
  const sequence = (
    list: readonly NamedSpec[],
    inputShape: readonly number[],
    around: string,
    first: boolean,
  ): BuiltLayer => {
    const built: BuiltLayer[] = [];
    let shape = inputShape;
    for (const [index, spec] of list.entries()) {
      const one = build(spec, `${around}${spec.name}${index + 1}`, shape, first && index === 0);
      built.push(one);
      shape = one.outputShape;
    }
    // A relu is computed with the layer in front of it, where that one can.
    const steps = built.flatMap((one, i) => {
      if (list[i]!.name === 'relu' && built[i - 1]?.rectified) return [];
      const whole = list[i + 1]?.name === 'relu' ? one.rectified : undefined;
      return [(whole ?? one.forward).bind(one)];
    });
    return { outputShape: shape, forward: (input, pass) => steps.reduce((value, step) => step(value, pass), input) };
  };
  const build = (spec: NamedSpec, module: string, inputShape: readonly number[], isFirst: boolean): BuiltLayer => {
    const site: LayerSite = {
      ...data,
      inputShape,
      isFirst,
      takesCodes(count) {
        codes = Math.min(codes ?? count, count);
      },
      parameter(name, shape, initial) {
        const parameter = { module, name, shape, initial };
        parameters.push(parameter);
        return parameter;
      },
      sequence: (inner, from, part) =>
        sequence(inner, from, part === undefined ? `${module}/` : `${module}/${part}/`, isFirst),
      refuse(expected) {
        throw new GradswarmError(
          'ERR_OBJECTIVE',
          `objective 'layers': ${module}: expected ${expected}, got an input of shape [${inputShape.join(', ')}]`,
        );
      },
    };
    const { family, settings } = readSpec(layers, spec, `layers.${module}`);
    return family.build(settings, site);
  };
  const body = sequence(specs, data.inputShape, '', true);
  return { body, parameters, codes };
}
