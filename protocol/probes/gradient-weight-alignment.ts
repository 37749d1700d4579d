import { GradswarmError } from '../errors.js';
import type { MessageKinds, ReadonlyVector, Segment } from '../method.js';
import { defineProbe, probedKind, vectorOf } from '../probe.js';
import { oneOf, text } from '../settings/kinds.js';
import { required } from '../settings/setting.js';
import { defineSettings, type SettingsOf } from '../settings/settings.js';

const settings = defineSettings({
  kind: text(required, "Kind whose messages each carry one client's change of the model, or its gradient"),
  field: text(null, "Its vector; null: the kind's first"),
  sign: oneOf(
    ['change', 'gradient'],
    'change',
    "'change': the vector is added to the model; 'gradient': it is subtracted",
  ),
  tensor: text(null, 'Name of the tensor that is compared; null: the last one that is a matrix'),
});
type Settings = SettingsOf<typeof settings>;

/** Columns of single clients, at most. */
const MOST_CLIENTS = 100;

/** Least excess kurtosis + 1.2 that the score is divided by: a uniform law has 0. */
const LEAST_DENOMINATOR = 0.1;

function check({ kind, field }: Settings, messages: MessageKinds): void {
  const vectors = probedKind(messages, kind)?.vectors ?? [];
  const refuse = (path: string, expected: string, got: string): never => {
    throw new GradswarmError('ERR_SCENARIO', `${path}: expected ${expected}, got '${got}'`);
  };
  if (vectors.length === 0) refuse('kind', 'a kind with a vector that clients send to the coordinator', kind);
  if (field !== null && !vectors.includes(field)) refuse('field', `one of ${vectors.join(', ')}`, field);
}

function comparedIn(segments: readonly Segment[], tensor: string | null): Segment {
  const found =
    tensor === null
      ? (segments.findLast(({ shape }) => shape.length >= 2) ?? segments.at(-1))
      : segments.find(({ name }) => name === tensor);
  if (found) return found;
  const names = segments.map(({ name }) => name).join(', ');
  throw new GradswarmError('ERR_SCENARIO', `tensor: expected one of ${names || 'none'}, got '${tensor}'`);
}

/** Cosine of the angle between two vectors; null where one of them is 0. */
function cosine(a: ReadonlyVector, b: ReadonlyVector): number | null {
  let [product, squareA, squareB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    product += a[i]! * b[i]!;
    squareA += a[i]! * a[i]!;
    squareB += b[i]! * b[i]!;
  }
  const length = Math.sqrt(squareA) * Math.sqrt(squareB);
  return length > 0 && Number.isFinite(length) ? product / length : null;
}

/** mean / (excess kurtosis + 1.2); null where the values do not differ or the denominator is too small. */
export function alignmentScore(values: readonly number[]): number | null {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const moment = (order: 2 | 4) =>
    values.reduce((sum, value) => sum + (order === 2 ? (value - mean) ** 2 : (value - mean) ** 4), 0) / n;
  const variance = moment(2);
  if (!(variance > 0)) return null;
  const denominator = moment(4) / (variance * variance) - 3 + 1.2;
  return denominator < LEAST_DENOMINATOR ? null : mean / denominator;
}

/**
 * How each client's message points with respect to the weights W of the last layer: cosine(change, W) = cosine(-gradient, W). Columns:
 * `alignment` (mean over the clients), `leastAlignment`, `alignment/<client>`, and `alignmentScore`, their mean divided by excess
 * kurtosis + 1.2. One client that is apart from the others has other labels, or is no honest client. No validation data is needed.
 *
 * Source: Hoelzl et al., "Gradient-Weight Alignment", 2025, whose cosines are of single examples; over clients it is ours.
 */
export default defineProbe<Settings, null>({
  name: 'gradient-weight-alignment',
  summary: "Cosine of each client's change of the last layer with its weights: apart from the others with false labels",
  settings,
  measures: ['alignment', 'leastAlignment', 'alignmentScore', 'alignment/*'],
  check,
  create({ kind, field, sign, tensor }, { messages, segments }) {
    const { offset, shape } = comparedIn(segments, tensor);
    const end = offset + shape.reduce((product, side) => product * side, 1);
    const vector = field ?? messages[kind]!.vectors![0]!;
    return {
      kinds: [kind],
      init: () => null,
      begin(_state, model) {
        const weights = model?.subarray(offset, end);
        const values = new Map<number, number>();
        return {
          take(_kind, message) {
            const sent = vectorOf(message, vector);
            if (!weights || sent.length < end) return;
            const value = cosine(sent.subarray(offset, end), weights);
            if (value !== null) values.set(Number(message.from), sign === 'change' ? value : -value);
          },
          finish(measure, measureClient) {
            if (values.size === 0) return null;
            const all = [...values.values()];
            measure('alignment', all.reduce((sum, value) => sum + value, 0) / all.length);
            measure('leastAlignment', Math.min(...all));
            const score = alignmentScore(all);
            if (score !== null) measure('alignmentScore', score);
            for (const [client, value] of values) {
              measureClient(client, 'alignment', value);
              if (client < MOST_CLIENTS) measure(`alignment/${client}`, value);
            }
            return null;
          },
        };
      },
    };
  },
});
