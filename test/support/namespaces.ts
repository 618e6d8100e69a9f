import { spawnSync } from 'node:child_process'

let known: boolean | null = null

/**
 * Whether a process may see another /etc/resolv.conf than this machine has, which takes root's rights. Where it may not,
 * as in many containers, tests that need it are skipped: what they prove of the executable others prove of its parts.
 */
export const mayReplaceResolvConf = (): boolean => {
  if (known !== null) return known
  const mounted = 'mount --bind /etc/hostname /etc/resolv.conf'
  known = process.getuid?.() === 0 && spawnSync('unshare', ['-m', 'sh', '-c', mounted]).status === 0
  if (!known) process.stdout.write('skipped: /etc/resolv.conf cannot be replaced here\n')
  return known
}

/** A command line that runs `program` where `file` is /etc/resolv.conf; what follows it are its arguments. */
export const withResolvConf = (file: string, program: string): string[] => [
  'unshare',
  ...['-m', 'sh', '-c', 'mount --bind "$0" /etc/resolv.conf && exec "$@"', file, program],
]
