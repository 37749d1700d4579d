// Runs test files by their source's path: npm run test:one -- test/methods/gossip/dgd.test.ts [mocha's options].
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const mocha = join(dirname(createRequire(import.meta.url).resolve('mocha/package.json')), 'bin', 'mocha.js');
const compiled = (argument) => {
  const path = argument.replace(/^\.\//, '').replace(/\.ts$/, '.js');
  return path.startsWith('test/') ? `dist/${path}` : argument;
};
const given = process.argv.slice(2).map(compiled);
const files = given.filter((argument) => argument.startsWith('dist/'));
const missing = files.filter((file) => !/[*?]/.test(file) && !existsSync(file));
if (files.length === 0 || missing.length > 0) {
  console.error(`expected test files such as test/methods/gossip/dgd.test.ts, got ${missing.join(', ') || 'none'}`);
  process.exit(2);
}
const long = files.some((file) => /^dist\/test\/(slow|system)\//.test(file))
  ? ['--config', '.mocharc.system.json']
  : [];
const flags = [...long, '--reporter', 'spec', ...given];
process.exit(spawnSync(process.execPath, [mocha, ...flags], { stdio: 'inherit' }).status ?? 1);
