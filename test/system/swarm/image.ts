import { join } from 'node:path';
import { temporaryFolder } from '../../support/scripted-run.js';
import { Engine } from './engine.js';

let made: Promise<string | null> | null = null;

/** The shipped image as an archive for other engines, built once; null, with the reason printed, where that cannot be done. */
export function imageArchive(): Promise<string | null> {
  made ??= build();
  return made;
}

async function build(): Promise<string | null> {
  const engine = await Engine.start();
  if (!engine) return null;
  try {
    engine.build('gradswarm:latest', 'c0ffee');
    const path = join(temporaryFolder(), 'image.tar');
    engine.docker('save', '-o', path, 'gradswarm:latest', 'node:20-bookworm-slim');
    return path;
  } finally {
    await engine.stop();
  }
}
