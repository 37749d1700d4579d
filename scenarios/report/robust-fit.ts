import type { AnyMethod, MessageKinds } from '../../protocol/method.js';

/** On which of a method's kinds a scenario may set robust sums, or why on none. */
export type RobustFit =
  | {
      /** All that clients send peers or the coordinator and no rule is refused on. */
      readonly kinds: readonly string[];
      /** With the default settings one fold takes one answer: rules that bound single vectors alone. */
      readonly isSingle: boolean;
    }
  | { readonly none: string };

/** Of any number of clients that a fold of several needs. */
const MANY = 1000;

/** As the checks of a scenario decide it; a test compares the two for every method and rule. */
export function robustFit({ messages, folds, schedule, isPrivate, settings }: AnyMethod): RobustFit {
  if (typeof folds === 'string') return { none: folds };
  if (schedule === 'tasks' && !folds) return { none: 'no fold of answers is declared' };
  const sent = Object.entries(messages as MessageKinds).filter(([, { from }]) => from === 'clients');
  const vectors = sent.filter(([, kind]) => (kind.vectors?.length ?? 0) > 0);
  if (vectors.length === 0)
    return { none: sent.length > 0 ? 'its clients send masked integers alone' : 'its clients send nothing' };
  const open = vectors.filter(([, { lossy }]) => !isPrivate || lossy !== undefined);
  if (open.length === 0) return { none: 'its noise is made for the plain sum of what each client clips' };
  return {
    kinds: open.map(([kind]) => kind),
    isSingle: folds?.(settings.defaults, { clients: MANY }) === 1,
  };
}

/** For docs/methods.md, in a line. */
export function robustFitText(method: AnyMethod): string {
  const fit = robustFit(method);
  if ('none' in fit) return `Robust sums: none; ${fit.none}.`;
  const on = `on ${fit.kinds.map((kind) => `\`${kind}\``).join(', ')}`;
  if (fit.isSingle) return `Robust sums ${on}: those that bound single vectors, since one fold takes one answer.`;
  return method.schedule === 'tasks' ? `Robust sums ${on}, over the answers of one fold.` : `Robust sums ${on}.`;
}
