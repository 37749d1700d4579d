/** What a scenario can name, built in or from a module of one's own. */
export type ExtensionKind =
  | 'method'
  | 'objective'
  | 'layer'
  | 'dataset'
  | 'partition'
  | 'topology'
  | 'codec'
  | 'memory'
  | 'optimizer'
  | 'schedule'
  | 'aggregator'
  | 'attack'
  | 'fault'
  | 'selection'
  | 'probe'
  | 'study'
  | 'expectation';

/** The same in every copy of this package that a process may have loaded. */
const KIND = Symbol.for('gradswarm.kind');

/** Marks what a `define…` returns, so that its kind is known wherever it is exported from. Copies by spread keep the mark. */
export function extension<T extends object>(kind: ExtensionKind, thing: T): T {
  return { ...thing, [KIND]: kind };
}

/** undefined: no `define…` has returned it. */
export function kindOfExtension(value: unknown): ExtensionKind | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  return (value as { readonly [KIND]?: ExtensionKind })[KIND];
}
