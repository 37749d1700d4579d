import { spawn } from 'node:child_process';

/** Opens an address in the user's browser where the system has a desktop; else, and where that fails, nothing happens. */
export function browse(url: string): void {
  const { platform, env } = process;
  const hasDesktop = platform !== 'linux' || env.DISPLAY !== undefined || env.WAYLAND_DISPLAY !== undefined;
  if (!hasDesktop) return;
  const [command, ...before] =
    platform === 'darwin' ? ['open'] : platform === 'win32' ? ['cmd', '/c', 'start', ''] : ['xdg-open'];
  spawn(command!, [...before, url], { stdio: 'ignore', detached: true })
    .once('error', () => {})
    .unref();
}
