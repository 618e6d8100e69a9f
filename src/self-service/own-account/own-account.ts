import type { ApiKeys } from '../../access/api-keys/api-keys.ts'
import type { Sessions } from '../../access/sessions/sessions.ts'
import type { Accounts, AccountView } from '../../accounts/accounts/accounts.ts'
import type { AccountWire } from '../../accounts/accounts/wire.ts'
import type { Passwords } from '../../accounts/passwords/passwords.ts'
import { ChosenPassword, checkChosenPassword, refuseWithoutPasswords } from '../../accounts/passwords/rules.ts'
import { type Contacts, contactWire } from '../../address-books/contacts/contacts.ts'
import type { VcardsStorage } from '../../address-books/vcards-storage/vcards-storage.ts'
import type { Audit } from '../../audit/audit.ts'
import type { Config } from '../../config/config.ts'
import type { Db } from '../../db/db.ts'
import { AppError } from '../../errors.ts'
import { form, type Input, optional, text } from '../../http/input.ts'
import { isoMoment } from '../../http/moment.ts'
import { LANGUAGES, type Language } from '../../messages/messages.ts'
import type { Caller } from '../../nouns/caller.ts'
import type { Session } from '../../nouns/session.ts'
import type { Visit } from '../../nouns/visit.ts'
import type { CallForwardings } from '../../telephony/call-forwardings/call-forwardings.ts'
import { callForwardingWire } from '../../telephony/call-forwardings/wire.ts'
import type { Devices } from '../../telephony/devices/devices.ts'

/** `current_password` where the account has one. */
export const ChangedPassword = form({
  current_password: optional(text({ numbers: true })),
  ...ChosenPassword.properties,
})
export const Proven = form({ current_password: optional(text({ numbers: true })) })

/** What people do with their own account in the panel (behaviour/panel.md §4). */
export const ownAccount = (deps: {
  config: Config
  db: Db
  accounts: Accounts
  apiKeys: ApiKeys
  callForwardings: CallForwardings
  contacts: Contacts
  devices: Devices
  sessions: Sessions
  passwords: Passwords
  vcardsStorage: VcardsStorage
  wire: AccountWire
  audit: Audit
}) => {
  const { config, db, accounts, apiKeys, callForwardings, contacts, devices } = deps
  const { passwords, sessions, vcardsStorage, wire, audit } = deps

  /** The row as it is now. */
  const view = async ({ space, id }: Caller): Promise<AccountView> => (await accounts.byId(space, id)).account

  /** Refuses, on the form, whoever does not know the password that the account has. */
  const prove = (visit: Visit, caller: Caller, input: Input<typeof Proven> | Input<typeof ChangedPassword>) =>
    passwords.prove(visit, caller, input, 'current_password')

  return {
    view,
    /** Everybody else is signed out, and this browser gets a new session: the value of its cookie. */
    changePassword: async (
      visit: Visit,
      caller: Caller,
      session: Session,
      input: Input<typeof ChangedPassword>,
    ): Promise<string> => {
      const { space, id } = caller
      refuseWithoutPasswords(space)
      checkChosenPassword(input, config, await view(caller))
      const { password } = input.settle()
      const known = await prove(visit, caller, input)
      return db.transaction(async (tx) => {
        await accounts.holdWithSpace(tx, space, id)
        // Of two changes at once, or a change and a reset, the one that proved less recent knowledge is refused.
        if (!(await passwords.isSame(tx, id, known)) || !(await sessions.close(tx, session.id))) {
          throw new AppError('conflict', 'account.changed_meanwhile')
        }
        const how = { action: 'account.password', detail: { via: 'panel' } } as const
        return sessions.open(tx, await passwords.set(tx, space, id, password, visit, how), 'panel', visit)
      })
    },

    /** For good; the name stays reserved. */
    remove: async (visit: Visit, caller: Caller, input: Input<typeof Proven>): Promise<void> => {
      await prove(visit, caller, input)
      await accounts.remove(visit, caller.space, caller.id)
    },

    prove,

    /** null: none that we speak. */
    setLanguage: async (visit: Visit, caller: Caller, wanted: unknown): Promise<Language | null> => {
      const language = LANGUAGES.find((known) => known === wanted) ?? null
      if (language === null) return null
      await db.transaction(async (tx) => {
        const { space, id } = caller
        await accounts.hold(tx, space, id)
        const { account } = await accounts.view(tx, space, id)
        await accounts.setLocale(tx, space, id, language)
        const changed = { locale: [account.locale, language] } as const
        await audit.record(tx, 'account.updated', { by: visit, space, about: account, changed })
      })
      return language
    },

    /** What the account's own address book holds, for the same download: it may be long. */
    exportedCards: (caller: Caller) => vcardsStorage.all(caller),

    /** All else that is stored about the account and may be shown to its owner, for a download. */
    export: async (visit: Visit, caller: Caller) => {
      const account = await view(caller)
      const key = await apiKeys.own(caller.id)
      const known = await devices.of(caller)
      const detail = { kind: 'own account' }
      if (!visit.head) {
        await db.transaction((tx) =>
          audit.record(tx, 'export.run', { by: visit, space: caller.space, about: caller, detail }),
        )
      }
      const { provisioning_token: _, ...rest } = wire.own(account, caller.space)
      return {
        account: { ...rest, locale: account.locale },
        devices: [...known.values()].map(({ uuid, updatedAt, userAgent }) => ({
          uuid,
          updated_at: isoMoment(updatedAt),
          user_agent: userAgent,
        })),
        sessions: (await sessions.list(caller.id)).map(({ ip, userAgent, createdAt, lastUsedAt }) => ({
          ip,
          user_agent: userAgent,
          created_at: isoMoment(createdAt),
          last_used_at: isoMoment(lastUsedAt),
        })),
        api_key:
          key === null
            ? null
            : {
                ip: key.ip,
                requests: key.requests,
                created_at: isoMoment(key.createdAt),
                last_used_at: isoMoment(key.lastUsedAt),
              },
        contacts: (await contacts.addressBook(caller)).map(contactWire),
        call_forwardings: (await callForwardings.list(caller)).map((rule) => callForwardingWire(rule)),
      }
    },
  }
}

export type OwnAccount = ReturnType<typeof ownAccount>
