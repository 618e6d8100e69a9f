import type { Opened } from './context.ts'

const GENERATED_LENGTH = 16

/** The password that was given, by argument or where no process list shows it; undefined: one is to be made. */
export const givenPassword = async (options: {
  readonly password?: string
  readonly passwordStdin?: boolean
}): Promise<string | undefined> => {
  if (options.passwordStdin !== true) return options.password
  const text = await Bun.stdin.text()
  return text.split(/\r?\n/)[0] ?? ''
}

/** Long enough for what this installation asks of passwords. */
export const generatedPassword = ({ config, parts }: Pick<Opened, 'config' | 'parts'>): string =>
  parts.secrets.token(Math.max(GENERATED_LENGTH, config.ACCOUNT_PASSWORD_MIN_LENGTH))
