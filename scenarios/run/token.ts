import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { nanoid } from 'nanoid';

/** Environment variable that holds a run's token. */
export const TOKEN_VARIABLE = 'GRADSWARM_TOKEN';

/** 'off': workers that a run starts on its machine send frames to its port, as others do. */
export const LOCAL_LINK_VARIABLE = 'GRADSWARM_LOCAL_LINK';

/**
 * The token in a file, drawn and written on first use, readable by its owner alone: a command that is started again admits the
 * workers that it had before.
 */
export function keptToken(file: string): string {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${nanoid(32)}\n`, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return readFileSync(file, 'utf8').trim();
}
