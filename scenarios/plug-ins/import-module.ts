import { register } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ADDRESS_OF, OWN } from './parts/own-url.js';

let hooked = false;

/** What a module of one's own exports: TypeScript or an ES module in JavaScript, once a process. `path`: absolute. */
export async function importModule(path: string): Promise<Readonly<Record<string, unknown>>> {
  hook();
  return import(`${pathToFileURL(path).href}${OWN}`);
}

/** The file of a package's module, as Node finds it for a file in `folder`. Rejects with Node's error. */
export async function packageFile(name: string, folder: string): Promise<string> {
  hook();
  const from = pathToFileURL(`${folder}/`).href;
  const { default: url } = await import(`${ADDRESS_OF}${encodeURIComponent(name)} ${encodeURIComponent(from)}`);
  return fileURLToPath(url);
}

function hook(): void {
  if (hooked) return;
  hooked = true;
  // Errors of TypeScript then name its own lines.
  process.setSourceMapsEnabled(true);
  register(import.meta.url.replace(/import-module\.(js|ts)$/, 'parts/module-hooks.$1'));
}
