import type { Accounts } from '../../accounts/accounts/accounts.ts'
import type { Config } from '../../config/config.ts'
import { isCollision } from '../../db/collision.ts'
import type { Db, Reader } from '../../db/db.ts'
import { AppError } from '../../errors.ts'
import { choice, form, type Input, optional, plainText, text } from '../../http/input.ts'
import type { MessageId } from '../../messages/messages.ts'
import type { Visit } from '../../nouns/visit.ts'
import { ha1 } from '../../protocols/digest.ts'
import { isDomain, isIpAddress } from '../../protocols/sip-address.ts'
import type { Bridge } from './bridge.ts'
import { type ExternalAccount, externalAccountStore } from './store.ts'

export type { ExternalAccount } from './store.ts'

const ALGORITHM = 'MD5'

/** What it needs (behaviour/telephony.md §1). The password comes in clear and is kept as HA1. */
export const ExternalAccountForm = form({
  username: text({ max: 64, numbers: true }),
  domain: text({ max: 64 }),
  password: optional(text({ numbers: true })),
  realm: optional(plainText(64)),
  registrar: optional(plainText(64)),
  outbound_proxy: optional(plainText(64)),
  protocol: choice(['UDP', 'TCP', 'TLS']),
})

type Given = Input<typeof ExternalAccountForm>

interface Saved {
  readonly externalAccount: ExternalAccount
  readonly isNew: boolean
  /** Its HA1 was made with another user name: the carrier will not accept it. */
  readonly isStale: boolean
}

const refusal = (field: keyof Given['values'], id: MessageId) =>
  new AppError('invalid', 'errors.invalid', { fields: new Map([[field, [{ id }]]]) })

/** The account that an account has with a carrier: one at most. */
export const externalAccounts = (deps: {
  config: Config
  db: Db
  accounts: Accounts
  bridge: Bridge
  now: () => Date
}) => {
  const { config, db, accounts, bridge, now } = deps
  const store = externalAccountStore(db)

  const check = (input: Given) => {
    const { username = '', domain = '' } = input.values
    if (input.isGood('username') && !config.ACCOUNT_USERNAME_REGEX.test(username ?? '')) {
      input.refuse('username', { id: 'v.username_pattern', setting: 'ACCOUNT_USERNAME_REGEX' })
    }
    if (input.isGood('domain') && !isDomain(domain ?? '') && !isIpAddress(domain ?? '')) {
      input.refuse('domain', { id: 'v.domain' })
    }
    for (const name of ['realm', 'registrar', 'outbound_proxy'] as const) {
      if (input.isGood(name) && input.values[name] === domain) input.refuse(name, { id: 'v.same_domain' })
    }
  }

  /** Replaces all of it. The HA1 holds the realm, so that another realm needs the password again. */
  const set = async (visit: Visit, id: number, input: Given): Promise<Saved> => {
    check(input)
    const { values } = input
    const [username, domain, realm] = [values.username ?? '', values.domain ?? '', values.realm ?? null]
    if (await store.isTaken(db.read, { username, domain }, id)) input.refuse('username', { id: 'v.taken' })
    input.settle()
    const fresh = input.isGood('password') ? ha1(ALGORITHM, username, realm ?? domain, values.password ?? '') : null
    return accounts
      .edit(visit, id, async (tx) => {
        const before = await store.of(tx, id)
        const password = fresh ?? (before?.realm === realm && before.domain === domain ? before.password : null)
        if (password === null) throw refusal('password', 'v.password_with_realm')
        const columns = {
          username,
          domain,
          password,
          algorithm: ALGORITHM,
          realm,
          registrar: values.registrar ?? null,
          outboundProxy: values.outbound_proxy ?? null,
          protocol: values.protocol ?? 'UDP',
        } as const
        const write = before === null ? store.insert : store.update
        const externalAccount = await write(tx, id, columns, now())
        if (externalAccount === null) throw refusal('username', 'v.taken')
        const isRenamed = before !== null && (before.username !== username || before.domain !== domain)
        // The bridge looks for the one that it has under the address that it knows.
        await bridge.tell(tx, isRenamed ? [before, externalAccount] : [externalAccount])
        const isStale = fresh === null && before?.username !== username
        return { externalAccount, isNew: before === null, isStale }
      })
      .catch((error: unknown) => {
        // Somebody took the name between our look and our write.
        throw isCollision(error) ? refusal('username', 'v.taken') : error
      })
  }

  return {
    set,
    /** With its HA1, for the provisioning document. */
    of: (on: Reader, accountId: number) => store.of(on, accountId),
    byAccount: async (visit: Visit, id: number): Promise<ExternalAccount> => {
      await accounts.byId(visit.space, id)
      const found = await store.of(db.read, id)
      if (found === null) throw new AppError('not_found', 'external.none')
      return found
    },
    /** False: there was none. */
    remove: async (visit: Visit, id: number): Promise<boolean> => {
      const removed = await accounts.edit(visit, id, async (tx) => {
        const gone = await store.remove(tx, id)
        if (gone !== null) await bridge.tell(tx, [gone])
        return gone
      })
      return removed !== null
    },
  }
}

export type ExternalAccounts = ReturnType<typeof externalAccounts>
