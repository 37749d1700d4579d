import { NotReached } from '../case.js';

/** What has come and was not taken yet. */
export class Inbox<T> {
  private readonly kept: T[] = [];
  private readonly waiting: {
    matches: (item: T) => boolean;
    resolve: (item: T) => void;
    reject: (e: Error) => void;
  }[] = [];
  private ended: string | null = null;

  put(item: T): void {
    const at = this.waiting.findIndex(({ matches }) => matches(item));
    if (at < 0) this.kept.push(item);
    else this.waiting.splice(at, 1)[0]!.resolve(item);
  }

  /** Nothing more can come. */
  end(why: string): void {
    this.ended ??= why;
    for (const { reject } of this.waiting.splice(0)) reject(new NotReached(this.ended));
  }

  /** The first that matches, kept or still to come; NotReached when none comes within `ms`. */
  next(what: string, matches: (item: T) => boolean, ms: number): Promise<T> {
    const at = this.kept.findIndex(matches);
    if (at >= 0) return Promise.resolve(this.kept.splice(at, 1)[0]!);
    if (this.ended !== null) return Promise.reject(new NotReached(`no ${what}: ${this.ended}`));
    return new Promise((resolve, reject) => {
      const entry = {
        matches,
        resolve: (item: T) => {
          clearTimeout(timer);
          resolve(item);
        },
        reject: (error: Error) => {
          clearTimeout(timer);
          reject(new NotReached(`no ${what}: ${error.message}`));
        },
      };
      const timer = setTimeout(() => {
        this.waiting.splice(this.waiting.indexOf(entry), 1);
        reject(new NotReached(`no ${what} within ${ms} ms`));
      }, ms);
      this.waiting.push(entry);
    });
  }

  /** Those that have come and match, taken out. */
  take(matches: (item: T) => boolean): T[] {
    const found = this.kept.filter(matches);
    for (const item of found) this.kept.splice(this.kept.indexOf(item), 1);
    return found;
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
