/** A module for a thread to begin with, by its compiled name. Null: sources are run, and what loads them here cannot be loaded there. */
export function threadEntry(compiled: URL): URL | null {
  if (!import.meta.url.endsWith('.ts')) return compiled;
  // A thread does not inherit the loader that runs sources directly.
  let loader: string;
  try {
    loader = import.meta.resolve('tsx/esm/api');
  } catch {
    return null;
  }
  const source = compiled.href.replace(/\.js$/, '.ts');
  const code = [
    `import { register } from ${JSON.stringify(loader)};`,
    'register();',
    // An entry without a path is not in the arguments.
    `if (!process.argv[1]?.startsWith('data:')) process.argv.splice(1, 0, ${JSON.stringify(source)});`,
    `await import(${JSON.stringify(source)});`,
  ];
  return new URL(`data:text/javascript,${encodeURIComponent(code.join('\n'))}`);
}
