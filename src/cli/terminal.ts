import { once } from 'node:events'
import { createInterface } from 'node:readline/promises'
import { wantsPlainText } from '../config/config.ts'
import { whenLost } from '../db/disk.ts'
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

/** `end` is called with an exit code when the disk did not keep what was written: nothing may follow it. */
export const whenDiskFails = (end: (exitCode: number) => void): void =>
  whenLost((error) => {
    warn(
      `sipkeeper: the disk did not keep what was written to the database (${codeOf(error) ?? sentenceOf(error)}). This process ends; start it again once the disk is well.`,
    )
    end(EXIT.diskFailed)
  })

/** Whether what is printed may be coloured. */
export const isColoured = (): boolean => process.stdout.isTTY === true && !wantsPlainText()

export const print = (text: string): void => {
  process.stdout.write(`${text}\n`)
}

/** However many lines, as fast as they are read. */
export const printLines = async (lines: AsyncIterable<string>): Promise<void> => {
  for await (const line of lines) {
    if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain')
  }
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

/** Asks for a yes; without a terminal `--yes` has to say it. Refuses, with what did not happen, whoever says no. */
export const confirm = async (
  options: { readonly interaction?: boolean; readonly yes?: boolean; readonly force?: boolean },
  question: string,
): Promise<void> => {
  if (options.yes === true || options.force === true) return
  if (!isInteractive(options)) {
    throw new CommandError('Nothing was done: without a terminal to ask on it needs --yes.', EXIT.refused)
  }
  const answer = await ask(`${question} (yes or no)`, 'no')
  if (!/^y(?:es)?$/i.test(answer)) throw new CommandError('Nothing was done.', EXIT.refused)
}

const ENTER = /[\r\n]/
const ERASE = /[\b\x7f]/
/** Ctrl-C and Ctrl-D. */
const LEAVE = /[\x03\x04]/

/** Asks one after the other on a terminal that shows nothing of what is typed. */
export const askUnseen = async (questions: readonly string[]): Promise<string[]> => {
  const { stdin, stdout } = process
  const answers: string[] = []
  let typed: string[] = []
  const decoder = new TextDecoder()
  stdin.setRawMode(true)
  try {
    await new Promise<void>((done, fail) => {
      stdout.write(`${questions[0]}: `)
      const take = (piece: Uint8Array) => {
        for (const character of decoder.decode(piece, { stream: true })) {
          if (LEAVE.test(character)) return fail(new CommandError('No answer.', EXIT.usage))
          if (ERASE.test(character)) typed.pop()
          else if (!ENTER.test(character)) typed.push(character)
          else {
            answers.push(typed.join(''))
            typed = []
            const next = questions[answers.length]
            stdout.write(next === undefined ? '\n' : `\n${next}: `)
            if (next === undefined) return done()
          }
        }
      }
      stdin.on('data', take)
      stdin.resume()
    })
    return answers
  } finally {
    stdin.removeAllListeners('data')
    stdin.setRawMode(false)
    stdin.pause()
  }
}

/** Without a terminal a missing value is a usage error that names the option. */
export const missing = (option: string): CommandError =>
  new CommandError(`${option} is missing, and there is no terminal to ask on.`, EXIT.usage)
