import { randomBytes } from 'node:crypto'
import { loadConfig } from '../../src/config/config.ts'
import { logging } from '../../src/logging/logging.ts'
import { type MailSender, mail, type SpaceMailServer } from '../../src/mail/mail.ts'
import { SAMPLES } from '../../src/mail/templates/samples.ts'
import type { MailKind, MailKinds, OutgoingMessage } from '../../src/outbox/messages.ts'
import { secrets } from '../../src/secrets.ts'
import { testFolder } from '../support/folder.ts'

export const EXAMPLE: MailSender = {
  space: { name: 'Example', host: 'accounts.example.org', copyrightText: null, logo: null },
  server: null,
}

/** A Space's own server, where it matters. */
export const serverAt = (port: number, more: Partial<SpaceMailServer> = {}): SpaceMailServer => ({
  ...{ spaceId: 1, host: 'localhost', port, username: null, password: null },
  ...{ encryption: null, verifyCertificate: null },
  ...{ fromAddress: null, fromName: null, signature: null },
  ...more,
})

interface Options {
  readonly env?: Record<string, string>
  /** The Spaces by id; Space 1 is the example where nothing else is said. */
  readonly senders?: Readonly<Record<number, MailSender>>
  readonly limitMs?: number
}

/** The mail channel without a database. */
export const mailChannel = ({ env = {}, senders = { 1: EXAMPLE }, limitMs = 5000 }: Options = {}) => {
  const environment = {
    PUBLIC_SCHEME: 'https',
    MAIL_HOST: 'localhost',
    MAIL_FROM_ADDRESS: 'noreply@example.org',
    DATA_DIR: testFolder,
    ...env,
  }
  const { config, problems } = loadConfig({ environment, envFiles: [], readFile: () => '' })
  if (problems.length > 0) throw new Error(problems.join('\n'))
  const now = () => new Date('2026-06-01T12:00:00.000Z')
  const lines: string[] = []
  const channel = mail({
    config,
    now,
    limitMs,
    log: logging(config, { now, write: (line) => lines.push(line) }),
    secrets: secrets(new Uint8Array(32), (size) => randomBytes(size)),
    senderOf: async (spaceId) => senders[spaceId] ?? null,
    enclosures: {},
    spacesWithServer: async () =>
      Object.entries(senders)
        .filter(([, { server }]) => server !== null)
        .map(([id, { space }]) => ({ spaceId: Number(id), domain: space.host })),
  })
  return { ...channel, lines, [Symbol.asyncDispose]: channel.close }
}

/** A message as the dispatcher hands it over. */
export const message = <Kind extends MailKind = 'reset_password'>(
  more: Partial<Omit<OutgoingMessage, 'kind' | 'data'>> & { kind?: Kind; data?: Partial<MailKinds[Kind]> } = {},
): OutgoingMessage => {
  const { kind = 'reset_password' as Kind, data, ...rest } = more
  return {
    ...{
      id: 7,
      spaceId: 1,
      recipient: 'alice@example.net',
      language: 'en',
    },
    ...rest,
    kind,
    data: { ...SAMPLES[kind], ...data } as OutgoingMessage['data'],
  } as OutgoingMessage
}

/** How sending ended: null, or the name and message of what was thrown. */
export const outcome = async (work: Promise<unknown>): Promise<string | null> =>
  work.then(
    () => null,
    (error: Error) => `${error.name}: ${error.message}`,
  )
