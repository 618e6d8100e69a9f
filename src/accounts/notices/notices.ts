import type { Config } from '../../config/config.ts'
import type { Tx } from '../../db/db.ts'
import { maskedEmail } from '../../logging/masking.ts'
import { languageOf, type Space } from '../../nouns/space.ts'
import type { Visit } from '../../nouns/visit.ts'
import type { Message } from '../../outbox/messages.ts'
import type { Outbox } from '../../outbox/outbox.ts'
import { addressOfRecord } from '../../protocols/sip-address.ts'

/** A kind of mail with what its template says. */
type Said<Mail = Extract<Message, { channel: 'mail' }>> = Mail extends Message
  ? Pick<Mail, 'kind' | 'data' | 'dedupKey'>
  : never

/** Of whom a notice speaks, and where it goes. */
interface Noticed {
  /** null: it is gone. */
  readonly id: number | null
  readonly username: string
  readonly domain: string
  readonly email: string | null
  readonly locale: 'en' | 'fr' | null
}

/** Mails that nobody asked for and everybody wants (behaviour/messages.md §1): a change that may be somebody else's. */
export const notices = (deps: {
  config: Config
  outbox: Outbox
  now: () => Date
  /** Whether mails of this Space can leave at all; otherwise a notice would only wait until it is given up. */
  mail: { canSend(spaceId: number): Promise<boolean> }
}) => {
  const { config, outbox, now, mail } = deps

  const notify = async (
    tx: Tx,
    space: Space,
    account: Noticed,
    visit: Visit,
    build: (facts: { 'account.identifier': string; time: string; ip: string }) => Said,
  ): Promise<void> => {
    if (account.email === null || !(await mail.canSend(space.id))) return
    const facts = {
      'account.identifier': addressOfRecord(account),
      time: now().toISOString(),
      ip: visit.address,
    }
    await outbox.add(tx, {
      channel: 'mail',
      spaceId: space.id,
      accountId: account.id,
      recipient: account.email,
      language: languageOf(account, space, visit.language),
      ...build(facts),
    })
  }

  const page = (visit: Visit, space: Space, path: string) => `${visit.baseUrl(space)}${config.BASE_PATH}${path}`

  return {
    passwordChanged: (tx: Tx, space: Space, account: Noticed, visit: Visit) =>
      notify(tx, space, account, visit, (facts) => ({
        kind: 'password_changed',
        data: { ...facts, link: page(visit, space, '/recovery/email') },
      })),
    /** To the address that was left, as `account.email` still says; `undo` brings it back. */
    emailChanged: (tx: Tx, space: Space, account: Noticed, visit: Visit, changed: { to: string; undo: string }) =>
      notify(tx, space, account, visit, (facts) => ({
        kind: 'email_changed',
        data: {
          ...facts,
          masked_email: maskedEmail(changed.to),
          link: page(visit, space, `/email/undo/${changed.undo}`),
        },
      })),
    /** To whoever has an address that somebody tried to register with: once a day, however often that is. */
    registrationAttempted: async (tx: Tx, space: Space, account: Noticed | null, visit: Visit): Promise<void> => {
      if (account === null) return
      const day = now().toISOString().slice(0, 10)
      const dedupKey = `registration_attempted:${account.id}:${day}`
      await notify(tx, space, account, visit, (facts) => ({
        kind: 'registration_attempted',
        data: { ...facts, link: page(visit, space, '/recovery/email') },
        dedupKey,
      }))
    },
    deleted: (tx: Tx, space: Space, account: Noticed, visit: Visit) =>
      notify(tx, space, { ...account, id: null }, visit, (facts) => ({ kind: 'account_deleted', data: facts })),
    blocked: (
      tx: Tx,
      space: Space,
      account: Noticed,
      visit: Visit,
      how: { isBlocked: boolean; isAutomatic: boolean },
    ) =>
      notify(tx, space, account, visit, (facts) => ({
        kind: 'account_blocked',
        data: {
          'account.identifier': facts['account.identifier'],
          time: facts.time,
          is_blocked: how.isBlocked,
          is_automatic: how.isAutomatic,
        },
      })),
  }
}

export type Notices = ReturnType<typeof notices>
