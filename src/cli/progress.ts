/** How often a line is written over on a terminal, and how often one is added elsewhere. */
const TERMINAL_MS = 250
const LOG_MS = 10_000

const thousands = (value: number): string => Math.round(value).toLocaleString('en')

const timeLeft = (seconds: number): string =>
  seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`

/**
 * How far long work is, on stderr: what is done of all, how many a second, and how long the rest takes. One line that is
 * written over where somebody watches, a new one now and then elsewhere.
 */
export const progress = (what: string, now: () => number, out: Pick<typeof process.stderr, 'write' | 'isTTY'>) => {
  const began = now()
  let last = began
  return {
    show: (done: number, total: number): void => {
      const at = now()
      if (at - last < (out.isTTY ? TERMINAL_MS : LOG_MS)) return
      last = at
      const rate = (done * 1000) / (at - began)
      const rest = rate === 0 ? '' : `, ${timeLeft((total - done) / rate)} left`
      const share = total === 0 ? 100 : Math.floor((done * 100) / total)
      const line = `${share} % · ${thousands(done)} of ${thousands(total)} ${what} · ${thousands(rate)}/s${rest}`
      out.write(out.isTTY ? `\r\x1b[K${line}` : `${line}\n`)
    },
    /** Before anything else is written. */
    clear: (): void => {
      if (out.isTTY) out.write('\r\x1b[K')
    },
  }
}
