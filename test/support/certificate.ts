import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TlsKeys } from '../../protocol/sockets/socket-server.js';
import { temporaryFolder } from './scripted-run.js';

/** A certificate of its own for this machine, and its key. */
export function certificate(): TlsKeys {
  const folder = temporaryFolder();
  const [key, cert] = [join(folder, 'own.key'), join(folder, 'own.pem')];
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
      .concat(['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'])
      .concat(['-keyout', key, '-out', cert]),
    { stdio: 'ignore' },
  );
  return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
}
