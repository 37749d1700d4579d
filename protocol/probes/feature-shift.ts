import { GradswarmError } from '../errors.js';
import type { MessageKinds, ReadonlyVector, Segment } from '../method.js';
import { defineProbe, probedKind, vectorOf } from '../probe.js';
import { decay, integer, positive, text } from '../settings/kinds.js';
import { required } from '../settings/setting.js';
import { defineSettings, type SettingsOf } from '../settings/settings.js';

const settings = defineSettings({
  kind: text(required, "Kind whose messages each carry one client's change of the model, or its gradient"),
  field: text(null, "Its vector; null: the kind's first"),
  tensor: text(null, 'Name of the tensor whose inputs are the features; null: the first one that is a matrix'),
  decay: decay(0.7, "Decay factor of the running mean of a client's profile"),
  warmUp: integer(5, 'Messages of a client before the first that can be an alarm', { least: 2 }),
  threshold: positive(6, 'Standard deviations above the mean of its earlier distances at which a client is an alarm'),
});
type Settings = SettingsOf<typeof settings>;

/** Columns of single clients, at most. */
const MOST_CLIENTS = 100;

/** Of one client's earlier messages. */
interface History {
  /** Running mean of its profile. */
  readonly profile: Float64Array;
  readonly count: number;
  /** Sum and sum of squares of its distances, without alarms; `distances` of them. */
  readonly distances: number;
  readonly sum: number;
  readonly squares: number;
}
/** By client. */
type State = Readonly<Record<string, History>>;

/** Least standard deviation of a distance: a client whose messages never change would be an alarm at the first that does. */
const LEAST_DEVIATION = 0.02;

/**
 * Share of each input in the squares of a matrix [inputs, outputs] or a convolution's kernel. A gradient of such a tensor is a sum of
 * products of the inputs with what comes back from the outputs: the shares show which features it is made of, however long the step is. Null where the matrix is 0.
 */
export function inputProfile(values: ReadonlyVector, outputs: number): Float64Array | null {
  const inputs = values.length / outputs;
  const shares = new Float64Array(inputs);
  let whole = 0;
  for (let i = 0; i < inputs; i++) {
    let sum = 0;
    for (let o = 0; o < outputs; o++) {
      const value = values[i * outputs + o]!;
      sum += value * value;
    }
    shares[i] = sum;
    whole += sum;
  }
  if (!(whole > 0 && Number.isFinite(whole))) return null;
  for (let i = 0; i < inputs; i++) shares[i] = shares[i]! / whole;
  return shares;
}

/** Total variation, in [0, 1]. */
function distance(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += Math.abs(a[i]! - b[i]!);
  return sum / 2;
}

function check({ kind, field }: Settings, messages: MessageKinds): void {
  const vectors = probedKind(messages, kind)?.vectors ?? [];
  const refuse = (path: string, expected: string, got: string): never => {
    throw new GradswarmError('ERR_SCENARIO', `${path}: expected ${expected}, got '${got}'`);
  };
  if (vectors.length === 0) refuse('kind', 'a kind with a vector that clients send to the coordinator', kind);
  if (field !== null && !vectors.includes(field)) refuse('field', `one of ${vectors.join(', ')}`, field);
}

function comparedIn(segments: readonly Segment[], tensor: string | null): Segment {
  const matrices = segments.filter(({ shape }) => shape.length >= 2);
  const found = tensor === null ? matrices[0] : matrices.find(({ name }) => name === tensor);
  if (found) return found;
  const names = matrices.map(({ name }) => name).join(', ');
  throw new GradswarmError('ERR_SCENARIO', `tensor: expected one of ${names || 'none'}, got '${tensor}'`);
}

/**
 * Whether clients' features change over rounds, from their messages alone. A client's profile is that of `inputProfile`; its distance, the total
 * variation between the profile and the running mean of its earlier ones. Columns: `featureShift` (mean over the clients), `featureShift/<client>`,
 * and `featureShiftAlarms`, the number of clients whose distance is far above their earlier ones. After an alarm a client's running mean
 * begins again. An alarm says that a client's data has changed, not how: what comes back from the outputs changes with the labels and with a factor on
 * all features too (a factor is not seen while the model gives every example the same answer), and with the model, for all clients, in the rounds
 * after a shift of some. Gradients of few examples vary so much that a shift is not seen among them; changes of the model over a whole round do not.
 */
export default defineProbe<Settings, State>({
  name: 'feature-shift',
  summary: "Distance of each client's profile of input features from its earlier ones: an alarm where features change",
  settings,
  measures: ['featureShift', 'featureShiftAlarms', 'featureShift/*'],
  check,
  create({ kind, field, tensor, decay, warmUp, threshold }, { messages, segments }) {
    const { offset, shape } = comparedIn(segments, tensor);
    const end = offset + shape.reduce((product, side) => product * side, 1);
    const vector = field ?? messages[kind]!.vectors![0]!;
    return {
      kinds: [kind],
      init: () => ({}),
      begin(state) {
        const profiles = new Map<number, Float64Array>();
        return {
          take(_kind, message) {
            const sent = vectorOf(message, vector);
            const profile = sent.length < end ? null : inputProfile(sent.subarray(offset, end), shape.at(-1)!);
            if (profile) profiles.set(Number(message.from), profile);
          },
          finish(measure, measureClient) {
            const next: Record<string, History> = { ...state };
            let [sum, known, alarms] = [0, 0, 0];
            for (const [client, profile] of profiles) {
              const before = state[client];
              if (!before) {
                next[client] = begun(profile);
                continue;
              }
              const shift = distance(profile, before.profile);
              const isAlarm = before.count >= warmUp && shift > limitOf(before, threshold);
              next[client] = isAlarm ? begun(profile) : continued(before, profile, shift, decay);
              sum += shift;
              known++;
              if (isAlarm) alarms++;
              measureClient(client, 'featureShift', shift);
              if (client < MOST_CLIENTS) measure(`featureShift/${client}`, shift);
            }
            if (known === 0) return next;
            measure('featureShift', sum / known);
            measure('featureShiftAlarms', alarms);
            return next;
          },
        };
      },
    };
  },
});

function begun(profile: Float64Array): History {
  return { profile, count: 1, distances: 0, sum: 0, squares: 0 };
}

function continued(before: History, profile: Float64Array, shift: number, decay: number): History {
  const mean = before.profile.map((value, i) => decay * value + (1 - decay) * profile[i]!);
  const { count, distances, sum, squares } = before;
  return {
    profile: mean,
    count: count + 1,
    distances: distances + 1,
    sum: sum + shift,
    squares: squares + shift * shift,
  };
}

function limitOf({ distances, sum, squares }: History, threshold: number): number {
  const mean = sum / distances;
  const variance = Math.max(0, squares / distances - mean * mean);
  return mean + threshold * Math.max(LEAST_DEVIATION, Math.sqrt(variance));
}
