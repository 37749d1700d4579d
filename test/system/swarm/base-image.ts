import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What `npm ci`, a health check and the build steps need of a base image. */
const TOOLS = ['sh', 'env', 'ls', 'cat', 'mkdir', 'rm', 'cp', 'mv', 'ln', 'sleep', 'id', 'chown', 'chmod'];
const RESOLVERS = ['libnss_dns.so.2', 'libnss_files.so.2', 'libresolv.so.2'];
const AUTHORITIES = '/etc/ssl/certs/ca-certificates.crt';

const whereIs = (name: string): string =>
  realpathSync(execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim());

/**
 * Fills `root` with a stand-in for the published Node image, made of this machine's Node and a few tools: where no registry of images
 * can be reached the shipped Dockerfile still builds unchanged. It shows nothing of the published image itself.
 */
export function standInFor(root: string): void {
  const put = (from: string, to: string): void => {
    const place = join(root, to);
    if (existsSync(place)) return;
    mkdirSync(dirname(place), { recursive: true });
    cpSync(realpathSync(from), place);
  };
  const putProgram = (name: string, to: string): void => {
    const from = name.startsWith('/') ? name : whereIs(name);
    put(from, to);
    for (const library of spawnSync('ldd', [from], { encoding: 'utf8' }).stdout.match(/\/[^ )]+/g) ?? [])
      put(library, library);
  };
  for (const folder of ['usr/lib', 'usr/lib64', 'usr/bin', 'bin', 'root', 'home/node', 'tmp', 'var/tmp'])
    mkdirSync(join(root, folder), { recursive: true });
  for (const folder of ['tmp', 'var/tmp']) chmodSync(join(root, folder), 0o1777);
  symlinkSync('usr/lib', join(root, 'lib'));
  symlinkSync('usr/lib64', join(root, 'lib64'));
  for (const tool of TOOLS) {
    putProgram(tool, `bin/${tool}`);
    symlinkSync(`/bin/${tool}`, join(root, 'usr/bin', tool));
  }
  putProgram(process.execPath, 'usr/local/bin/node');
  cpSync(dirname(dirname(whereIs('npm'))), join(root, 'usr/local/lib/node_modules/npm'), { recursive: true });
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(root, 'usr/local/bin/npm'));
  const libraries = execFileSync('/sbin/ldconfig', ['-p'], { encoding: 'utf8' });
  for (const name of RESOLVERS) {
    const path = libraries
      .split('\n')
      .find((line) => line.trim().startsWith(`${name} `))
      ?.split('=> ')[1];
    if (path) put(path, path);
  }
  if (existsSync(AUTHORITIES)) put(AUTHORITIES, AUTHORITIES);
  mkdirSync(join(root, 'etc'), { recursive: true });
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0::/root:/bin/sh\nnode:x:1000:1000::/home/node:/bin/sh\n');
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\nnode:x:1000:\n');
  writeFileSync(join(root, 'etc/nsswitch.conf'), 'hosts: files dns\n');
}

/** Of the stand-in: where programs and this machine's certificate authorities are. */
export const STAND_IN_CHANGES = [
  '-c',
  `ENV PATH=/usr/local/bin:/usr/bin:/bin NODE_EXTRA_CA_CERTS=${AUTHORITIES}`,
] as const;
