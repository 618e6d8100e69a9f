import { readFileSync } from 'node:fs'
import { type Command, Option } from 'commander'
import { sentenceOf } from '../thrown.ts'
import type { Opened } from './context.ts'
import { CommandError, EXIT } from './exit.ts'
import { askUnseen, isInteractive } from './terminal.ts'

const GENERATED_LENGTH = 16

const firstLine = (text: string): string => text.split(/\r?\n/)[0] ?? ''

/** The password that was given, by argument or where no process list shows it; undefined: one is to be made. */
export const givenPassword = async (options: {
  readonly password?: string
  readonly passwordStdin?: boolean
}): Promise<string | undefined> =>
  options.passwordStdin === true ? firstLine(await Bun.stdin.text()) : options.password

/** Long enough for what this installation asks of passwords. */
export const generatedPassword = ({ config, parts }: Pick<Opened, 'config' | 'parts'>): string =>
  parts.secrets.token(Math.max(GENERATED_LENGTH, config.ACCOUNT_PASSWORD_MIN_LENGTH))

export interface PasswordOptions {
  readonly passwordFile?: string
  readonly passwordStdin?: boolean
  readonly generate?: boolean
  readonly interaction?: boolean
}

/** Where a password comes from. It is no argument, which every process list and the history of the shell would show. */
export const withPasswordOptions = (command: Command): Command =>
  command
    .option('--password-file <file>', 'read the password from the first line of a file; - is standard input')
    .addOption(new Option('--password-stdin', 'read it from standard input').conflicts('passwordFile'))
    .addOption(
      new Option('--generate', 'make one and print it this once, without asking').conflicts([
        'passwordFile',
        'passwordStdin',
      ]),
    )

const readPassword = (file: string): string => {
  try {
    return firstLine(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new CommandError(`${file} cannot be read: ${sentenceOf(error)}.`, EXIT.failed)
  }
}

/** As the options say, or as somebody types on a terminal; undefined: one is to be made, and shown once. */
export const chosenPassword = async (options: PasswordOptions): Promise<string | undefined> => {
  const { passwordFile: file, passwordStdin: fromStdin, generate } = options
  if (fromStdin === true || file === '-') return givenPassword({ passwordStdin: true })
  if (file !== undefined) return readPassword(file)
  if (generate === true || !isInteractive(options)) return undefined
  const [password, again] = await askUnseen(['Password (Enter alone: one is made)', 'The same again'])
  if (password !== again) throw new CommandError('The two differ. Nothing was done.', EXIT.usage)
  return password === '' ? undefined : password
}
