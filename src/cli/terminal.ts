import { createInterface } from 'node:readline/promises'
import { CommandError, EXIT } from './exit.ts'

export const print = (text: string): void => {
  process.stdout.write(`${text}\n`)
}

/** Diagnostics: never on stdout, where a script reads the result. */
export const warn = (text: string): void => {
  process.stderr.write(`${text}\n`)
}

export const isInteractive = (): boolean => process.stdin.isTTY === true && process.stdout.isTTY === true

/** Asks on a terminal; without one a missing value is a usage error that names the option. */
export const ask = async (question: string, option: string, fallback?: string): Promise<string> => {
  if (!isInteractive()) throw new CommandError(`${option} is missing, and there is no terminal to ask on.`, EXIT.usage)
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  try {
    const hint = fallback === undefined ? '' : ` [${fallback}]`
    const answer = (await terminal.question(`${question}${hint}: `)).trim()
    return answer === '' ? (fallback ?? '') : answer
  } finally {
    terminal.close()
  }
}

/** The first line of standard input: a password that no process list shows. */
export const readLine = async (): Promise<string> => {
  const text = await Bun.stdin.text()
  return text.split(/\r?\n/)[0] ?? ''
}
