import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../config/config.ts'
import type { Logging } from '../logging/logging.ts'
import { maskedEmail } from '../logging/masking.ts'
import type { Driver, Letter } from './letter.ts'
import { smtp } from './smtp.ts'

export interface DriverDeps {
  readonly config: Config
  readonly log: Logging
  /** How long one mail may take, for tests. */
  readonly limitMs?: number
}

const LIMIT_MS = 30_000

/** The one that `MAIL_DRIVER` names. */
export const driver = ({ config, log, limitMs = LIMIT_MS }: DriverDeps): Driver => {
  switch (config.MAIL_DRIVER) {
    case 'smtp':
      return smtp(config, limitMs)
    case 'sendmail':
      return local('sendmail', (letter) => handIn(letter, limitMs))
    case 'file':
      return local('file', (letter) => keep(join(config.DATA_DIR, 'mail'), letter))
    case 'log':
      return local('log', (letter) => note(config, log, letter))
    case 'null':
      return local('null', async () => 'dropped')
  }
}

const local = (name: string, send: (letter: Letter) => Promise<string>): Driver => ({
  name: () => name,
  needsServer: false,
  send,
  check: async () => {},
  close: async () => {},
})

/** The program that every mail server of a Unix system brings, in its path or in the usual place. */
const handIn = async (letter: Letter, limitMs: number): Promise<string> => {
  const { createTransport } = await import('nodemailer')
  const path = Bun.which('sendmail') ?? '/usr/sbin/sendmail'
  const transport = createTransport({ sendmail: true, path, disableFileAccess: true, disableUrlAccess: true })
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`${path} does not end`)), limitMs)
  const { response } = await Promise.race([transport.sendMail(letter), late]).finally(() => clearTimeout(timer))
  return response
}

/** Written beside and renamed: whoever collects the files finds whole ones. */
const keep = async (directory: string, letter: Letter): Promise<string> => {
  const { createTransport } = await import('nodemailer')
  const { message } = await createTransport({ streamTransport: true, buffer: true, newline: 'windows' }).sendMail(
    letter,
  )
  const file = join(directory, `${/^<([\w.-]+)/.exec(letter.messageId)?.[1]}.eml`)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  await writeFile(`${file}.part`, message as Buffer, { mode: 0o600 })
  await rename(`${file}.part`, file)
  return file
}

/** For development: what stands in the mail is logged only where `APP_ENV` is `local`. */
const note = async (config: Config, log: Logging, letter: Letter): Promise<string> => {
  const { subject, text, messageId } = letter
  const body = config.APP_ENV === 'local' ? { text } : {}
  log.app.info('mail', { to: maskedEmail(letter.to.address), subject, message_id: messageId, ...body })
  return 'logged'
}
