import type { Audit, Change } from '../../audit/audit.ts'
import { differences } from '../../audit/differences.ts'
import type { Config } from '../../config/config.ts'
import type { Db, Tx } from '../../db/db.ts'
import { AppError, invalid } from '../../errors.ts'
import {
  choice,
  clearable,
  email,
  flag,
  form,
  type Input,
  integer,
  optional,
  plainText,
  text,
} from '../../http/input.ts'
import { isoMoment } from '../../http/moment.ts'
import { boolean, described, moment, orNull, record } from '../../http/output.ts'
import { ENCRYPTIONS } from '../../mail/letter.ts'
import type { MailSender } from '../../mail/mail.ts'
import type { Visit } from '../../nouns/visit.ts'
import { spaceHosts } from '../../outgoing/space-hosts.ts'
import { isDomain, isIpAddress } from '../../protocols/sip-address.ts'
import type { Secrets } from '../../secrets.ts'
import type { NewsOfSpaces } from '../../webhooks/events.ts'
import { type EmailServerRow, spaceEmailServerStore } from './store.ts'

/** No control characters anywhere: what stands here comes to stand in headers of mails. */
export const EmailServer = form({
  host: text({ max: 64 }),
  port: integer(1, 65_535),
  username: optional(plainText(128)),
  password: clearable(plainText(128)),
  from_address: optional(email(128)),
  from_name: optional(plainText(128)),
  signature: optional(plainText(256)),
  encryption: optional(choice(ENCRYPTIONS)),
  verify_certificate: optional(flag()),
})

export const EmailServerSchema = record('EmailServer', {
  id: integer(1),
  host: text(),
  port: integer(1, 65_535),
  username: orNull(text()),
  from_address: orNull(text()),
  from_name: orNull(text()),
  signature: orNull(text()),
  encryption: described(orNull(choice(ENCRYPTIONS)), 'null: as MAIL_ENCRYPTION says.'),
  verify_certificate: described(orNull(boolean()), 'null: as the settings of the instance say.'),
  created_at: moment(),
  updated_at: moment(),
})

/** An explicit list: the password never leaves (behaviour/spaces.md §4). */
export const emailServerWire = (server: EmailServerRow) => ({
  id: server.id,
  host: server.host,
  port: server.port,
  username: server.username,
  from_address: server.fromAddress,
  from_name: server.fromName,
  signature: server.signature,
  encryption: server.encryption,
  verify_certificate: server.verifyCertificate,
  created_at: isoMoment(server.createdAt),
  updated_at: isoMoment(server.updatedAt),
})

/** The server that a Space hands its mails to instead of the instance's; super administrators only. */
export const spaceEmailServers = (deps: {
  config: Config
  db: Db
  secrets: Secrets
  spaceNews: NewsOfSpaces
  audit: Audit
  now: () => Date
}) => {
  const { config, db, secrets, spaceNews, audit, now } = deps
  const hosts = spaceHosts(config.MAIL_SPACE_HOSTS_ALLOW)
  const store = spaceEmailServerStore(db)

  const record = (tx: Tx, by: Visit, space: { id: number; domain: string }, more: Pick<Change, 'changed' | 'detail'>) =>
    audit.record(tx, 'space.email', { by, space, about: { kind: 'space', id: space.id, name: space.domain }, ...more })

  /** The server as it was and is; of its password, that it is another one. */
  const changesOf = (before: EmailServerRow | null, after: EmailServerRow | null) => ({
    ...differences(before && emailServerWire(before), after && emailServerWire(after)),
    password: [before?.password ?? null, after?.password ?? null] as const,
  })

  return {
    /** For mails: asked for each, so that a change is in force with the next one. */
    senderOf: async (spaceId: number): Promise<MailSender | null> => {
      const found = await store.sender(spaceId)
      if (found === null) return null
      const { space, server } = found
      const password = server?.password ?? null
      return {
        space,
        server: server === null ? null : { ...server, password: password === null ? null : secrets.open(password) },
      }
    },
    spacesWithServer: () => store.all(db.read),

    /** null: the Space's mails leave through the server of the instance. */
    find: async (space: { domain: string }): Promise<EmailServerRow | null> =>
      (await store.named(db.read, space.domain))?.server ?? null,

    ofDomain: async (domain: string): Promise<EmailServerRow> => {
      const found = await store.named(db.read, domain)
      if (found === null || found.space.domain !== domain) throw new AppError('not_found', 'space.unknown')
      if (found.server === null) throw new AppError('not_found', 'space.no_email_server')
      return found.server
    },

    /**
     * Replaces all of it; a password that is not spoken of stays, as long as the host does. `isNew`: the Space had
     * none.
     */
    set: async (
      visit: Visit,
      domain: string,
      input: Input<typeof EmailServer>,
      { refuseStale = () => {} }: { refuseStale?: (before: EmailServerRow | null) => void } = {},
    ): Promise<{ server: EmailServerRow; isNew: boolean }> => {
      const { host: named } = input.good
      if (named !== null && !isDomain(named) && !isIpAddress(named)) input.refuse('host', { id: 'v.domain' })
      else if (named !== null && hosts.exclude(named)) {
        input.refuse('host', { id: 'v.private_host', setting: 'MAIL_SPACE_HOSTS_ALLOW' })
      }
      const { password: said, from_address, from_name, verify_certificate, ...rest } = input.settle()
      const { host } = rest
      const password = typeof said === 'string' ? secrets.seal(said) : null
      const columns = {
        ...rest,
        fromAddress: from_address,
        fromName: from_name,
        verifyCertificate: verify_certificate,
      }
      const written = await db.transaction(async (tx) => {
        const found = await store.named(tx, domain)
        if (found === null || found.space.domain !== domain) throw new AppError('not_found', 'space.unknown')
        const { space } = found
        const inserted = await store.insert(tx, space.id, { ...columns, password }, now())
        if (inserted !== null) {
          refuseStale(null)
          await spaceNews.changed(tx, space.domain)
          await record(tx, visit, space, { changed: changesOf(null, inserted), detail: { kind: 'set' } })
          return { space, server: inserted, isNew: true }
        }
        const before = await store.hold(tx, space.id)
        refuseStale(before)
        // Whoever runs the new server is not shown the password of the old one.
        if (before !== null && before.password !== null && before.host !== host && said === undefined) {
          throw invalid('password', 'v.password_with_host')
        }
        const changed = said === undefined ? columns : { ...columns, password }
        const server = await store.update(tx, space.id, changed, now())
        // Removed between the two by another process: the client may repeat.
        if (server === null) throw new AppError('not_found', 'space.no_email_server')
        await spaceNews.changed(tx, space.domain)
        await record(tx, visit, space, { changed: changesOf(before, server), detail: { kind: 'set' } })
        return { space, server, isNew: false }
      })
      return written
    },

    /** `name` is the SIP domain, or the host as the reference has it. */
    remove: async (visit: Visit, name: string): Promise<void> => {
      await db.transaction(async (tx) => {
        const found = await store.named(tx, name)
        if (found === null) throw new AppError('not_found', 'space.unknown')
        if (!(await store.remove(tx, found.space.id))) throw new AppError('not_found', 'space.no_email_server')
        await spaceNews.changed(tx, found.space.domain)
        await record(tx, visit, found.space, { detail: { kind: 'removed' } })
      })
    },
  }
}

export type SpaceEmailServers = ReturnType<typeof spaceEmailServers>
