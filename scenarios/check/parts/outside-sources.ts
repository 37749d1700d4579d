import { OWN } from '../../plug-ins/parts/own-url.js';

/** What differs from run to run without being in a seed, a message or a state. */
const FUNCTIONS = [
  { holder: Math, key: 'random', name: 'Math.random' },
  { holder: Date, key: 'now', name: 'Date.now' },
  { holder: performance, key: 'now', name: 'performance.now' },
  { holder: globalThis.crypto, key: 'getRandomValues', name: 'crypto.getRandomValues' },
  { holder: globalThis.crypto, key: 'randomUUID', name: 'crypto.randomUUID' },
] as const;

/** Folder of this package's own code. */
const PACKAGE = new URL('../../../', import.meta.url).href;

/** Calls of such functions by modules that are no part of this package, each once, with its line: 'Math.random (/home/me/mine.ts:7:3)'. */
export class OutsideSources {
  readonly seen = new Set<string>();
  private running = 0;
  private restore: () => void = () => {};

  /** Watches meanwhile. */
  async during<T>(task: () => Promise<T>): Promise<T> {
    if (this.running++ === 0) this.restore = this.patched();
    try {
      return await task();
    } finally {
      if (--this.running === 0) this.restore();
    }
  }

  private patched(): () => void {
    const undo: (() => void)[] = [];
    for (const { holder, key, name } of FUNCTIONS) {
      const own = Object.getOwnPropertyDescriptor(holder, key);
      const given = Reflect.get(holder, key) as (...args: unknown[]) => unknown;
      const note = () => this.note(name, watching);
      const watching = (...args: unknown[]): unknown => {
        note();
        return Reflect.apply(given, holder, args);
      };
      Object.defineProperty(holder, key, { value: watching, configurable: true, writable: true });
      undo.push(() => {
        if (own) Object.defineProperty(holder, key, own);
        else Reflect.deleteProperty(holder, key);
      });
    }
    const { Date: given } = globalThis;
    const note = (caller: (...args: never[]) => unknown) => this.note('new Date()', caller);
    const handler: ProxyHandler<DateConstructor> = {
      construct(target, args, newTarget) {
        if (args.length === 0) note(handler.construct as never);
        return Reflect.construct(target, args, newTarget === watching ? target : newTarget);
      },
    };
    const watching = new Proxy(given, handler);
    globalThis.Date = watching;
    undo.push(() => {
      globalThis.Date = given;
    });
    return () => {
      for (const one of undo) one();
    };
  }

  /** `above`: the function whose caller is meant. */
  private note(name: string, above: (...args: never[]) => unknown): void {
    const { prepareStackTrace, stackTraceLimit } = Error;
    Error.stackTraceLimit = 1;
    const raw: { stack?: readonly NodeJS.CallSite[] } = {};
    const written: { stack?: string } = {};
    try {
      Error.prepareStackTrace = (_, sites) => sites;
      Error.captureStackTrace(raw, above);
      if (!isOutside(raw.stack?.[0]?.getFileName() ?? '')) return;
      Error.prepareStackTrace = prepareStackTrace;
      Error.captureStackTrace(written, above);
      const place = /\(?([^\s(]*:\d+:\d+)\)?\s*$/.exec(written.stack ?? '')?.[1] ?? '';
      this.seen.add(`${name} (${place.replace(/^file:\/\//, '').replace(OWN, '')})`);
    } finally {
      Error.prepareStackTrace = prepareStackTrace;
      Error.stackTraceLimit = stackTraceLimit;
    }
  }
}

/** Of a module's file: it is neither Node's, this package's nor another package's that was not named as a module of one's own. */
function isOutside(file: string): boolean {
  if (file === '' || file.startsWith('node:')) return false;
  if (file.includes(OWN)) return true;
  const url = file.startsWith('file:') ? file : `file://${file}`;
  return !url.startsWith(PACKAGE) && !url.includes('/node_modules/');
}
