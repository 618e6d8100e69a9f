/** How often a line is written over on a terminal, and how often one is added elsewhere. */
const TERMINAL_MS = 250
const LOG_MS = 10_000

const BAR = 20

type Out = Pick<typeof process.stderr, 'write' | 'isTTY'>

const thousands = (value: number): string => Math.round(value).toLocaleString('en')

const timeLeft = (seconds: number): string =>
  seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`

const bar = (share: number): string => {
  const filled = Math.round(Math.min(1, share) * BAR)
  return `${'█'.repeat(filled)}${'░'.repeat(BAR - filled)}`
}

/**
 * How far long work is, on stderr: what is done of all, how many a second, and how long the rest takes. One line that is
 * written over where somebody watches, a new one now and then elsewhere.
 */
export const progress = (what: string, now: () => number, out: Out) => {
  const began = now()
  let last = began
  return {
    /** `total` null: nobody knows how much it is. */
    show: (done: number, total: number | null): void => {
      const at = now()
      if (at - last < (out.isTTY ? TERMINAL_MS : LOG_MS)) return
      last = at
      const rate = (done * 1000) / (at - began)
      const speed = `${what} · ${thousands(rate)}/s`
      if (total === null) return void out.write(lineOf(out, `${thousands(done)} ${speed}`))
      const share = total === 0 ? 1 : done / total
      const rest = rate === 0 ? '' : `, ${timeLeft(Math.max(0, total - done) / rate)} left`
      const drawn = out.isTTY ? `${bar(share)} ` : ''
      out.write(
        lineOf(out, `${drawn}${Math.floor(share * 100)} % · ${thousands(done)} of ${thousands(total)} ${speed}${rest}`),
      )
    },
    /** What is done now and cannot say how far it is: at once, where somebody watches. */
    note: (text: string): void => {
      if (out.isTTY) out.write(lineOf(out, text))
    },
    /** Before anything else is written. */
    clear: (): void => {
      if (out.isTTY) out.write('\r\x1b[K')
    },
  }
}

export type Progress = ReturnType<typeof progress>

const lineOf = (out: Out, text: string): string => (out.isTTY ? `\r\x1b[K${text}` : `${text}\n`)

const SILENT: Progress = { show: () => {}, note: () => {}, clear: () => {} }

/** That of a command: none with `--quiet`. */
export const progressOf = (what: string, { quiet }: { readonly quiet?: boolean }): Progress =>
  quiet === true ? SILENT : progress(what, () => Date.now(), process.stderr)

/** Runs `work`, then clears the line, whatever comes of it. */
export const withProgress = async <T>(
  what: string,
  options: { readonly quiet?: boolean },
  work: (shown: Progress) => Promise<T>,
): Promise<T> => {
  const shown = progressOf(what, options)
  try {
    return await work(shown)
  } finally {
    shown.clear()
  }
}
