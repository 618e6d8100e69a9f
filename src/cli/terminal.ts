import { once } from 'node:events'
import { createInterface } from 'node:readline/promises'
import { codeOf, sentenceOf } from '../thrown.ts'
import { CommandError, EXIT } from './exit.ts'

/**
 * `end` is called with an exit code when what is printed reaches nobody any more: `head`, which has read enough, closes the
 * pipe, and there is nobody to tell. A disk that is full is told.
 */
export const whenUnread = (end: (exitCode: number) => void): void => {
  process.stderr.on('error', () => end(EXIT.unread))
  process.stdout.on('error', (error) => {
    if (codeOf(error) === 'EPIPE') return end(EXIT.unread)
    process.stderr.write(`What was printed is not whole: ${sentenceOf(error)}\n`, () => end(EXIT.failed))
  })
}

export const print = (text: string): void => {
  process.stdout.write(`${text}\n`)
}

/** However many lines, as fast as they are read. */
export const printLines = async (lines: AsyncIterable<string>): Promise<void> => {
  for await (const line of lines) {
    if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain')
  }
}

/** Columns as wide as what stands in them; the first row has the headings. */
export const table = (rows: readonly (readonly string[])[]): string => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** Diagnostics: never on stdout, where a script reads the result. */
export const warn = (text: string): void => {
  process.stderr.write(`${text}\n`)
}

/** Whether there is somebody to ask: a terminal on both sides, and no `--no-interaction`. */
export const isInteractive = ({ interaction }: { readonly interaction?: boolean }): boolean =>
  interaction !== false && process.stdin.isTTY === true && process.stdout.isTTY === true

/** An empty answer is the fallback; without one the question is asked again. */
export const ask = async (question: string, fallback?: string): Promise<string> => {
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  // Otherwise Ctrl-D would leave the question open, and the process would end as if all were well.
  const ended = new Promise<never>((_, reject) => {
    terminal.once('close', () => reject(new CommandError('No answer.', EXIT.usage)))
  })
  ended.catch(() => {})
  const hint = fallback === undefined || fallback === '' ? '' : ` [${fallback}]`
  try {
    for (;;) {
      const answer = (await Promise.race([terminal.question(`${question}${hint}: `), ended])).trim()
      if (answer !== '' || fallback !== undefined) return answer === '' ? (fallback ?? '') : answer
    }
  } finally {
    terminal.close()
  }
}

/** Without a terminal a missing value is a usage error that names the option. */
export const missing = (option: string): CommandError =>
  new CommandError(`${option} is missing, and there is no terminal to ask on.`, EXIT.usage)
