import type { Sessions } from '../../access/sessions/sessions.ts'
import type { Config } from '../../config/config.ts'
import { isCollision } from '../../db/collision.ts'
import type { Db, Tx } from '../../db/db.ts'
import { AppError } from '../../errors.ts'
import type { Input, Settled } from '../../http/input.ts'
import { type Caller, mayActAs } from '../../nouns/caller.ts'
import { type PasswordAlgorithm, realmOf, type Space } from '../../nouns/space.ts'
import type { Visit } from '../../nouns/visit.ts'
import type { SpaceDirectory } from '../../spaces/spaces/directory.ts'
import type { AccountNews } from '../account-news/account-news.ts'
import type { Dictionary } from '../dictionary/dictionary.ts'
import type { AccountView, Directory, Found } from '../directory/directory.ts'
import type { Notices } from '../notices/notices.ts'
import type { Passwords } from '../passwords/passwords.ts'
import { algorithmFor, checkGivenPassword, checkPassword, defaultAlgorithm } from '../passwords/rules.ts'
import type { Revocation } from '../revocation/revocation.ts'
import type { SipProxy } from '../sip-proxy/sip-proxy.ts'
import type { Announcing } from './announcing.ts'
import type { AccountCreation } from './creation.ts'
import type { Identifiers } from './identifiers.ts'
import type { LastAdministrator } from './last-administrator.ts'
import { movingStore } from './moving-store.ts'
import { type AccountOnPage, type ChangedAccount, checkPhone, checkUsername } from './rules.ts'
import { changedRights } from './standing.ts'

/**
 * A flag that the request does not name stays as it is. Only an account that was active is switched off by this: one
 * that nobody has confirmed yet goes on waiting (D48).
 */
const standingAfter = (before: AccountView, wanted: Settled<typeof ChangedAccount>) => {
  const activated = wanted.activated ?? before.activated
  const switchedOff = !activated && (before.activated || before.switchedOff)
  return { activated, switchedOff, admin: wanted.admin ?? before.admin, blocked: wanted.blocked ?? before.blocked }
}

/** What differs, as clients call it. That somebody has set a password is known, whatever it was before. */
const changesOf = (before: AccountView, after: AccountView, wanted: Settled<typeof ChangedAccount>) =>
  ({
    username: [before.username, after.username],
    domain: [before.domain, after.domain],
    email: [before.email, after.email],
    phone: [before.phone, after.phone],
    display_name: [before.displayName, after.displayName],
    dtmf_protocol: [before.dtmfProtocol, after.dtmfProtocol],
    dictionary: [before.dictionary, after.dictionary],
    algorithm: [before.algorithms, after.algorithms],
    password: [null, wanted.password],
    ...changedRights(before, after),
  }) as const

/** An account, and the Space that it lives in. */
export interface Owner {
  readonly space: Space
  readonly id: number
}

/** What of an account is changed, as clients call it, and which of those. */
interface Edited {
  readonly field: string
  readonly object?: number | string
}

/** Rules that send calls to contacts, which lie in address books (behaviour/telephony.md §7). */
export interface ForwardingsToContacts {
  /** Ends those whose contact is not in the address book any more: those of an account, or those to contacts. */
  disableStray(tx: Tx, of: { readonly account: number } | { readonly contacts: readonly number[] }): Promise<void>
}

/** What a form was made from: refuses, on the form, what somebody else has changed meanwhile. */
export interface MadeFrom {
  refuseStale(account: AccountView): void
}

/** What is about to become of an account. */
interface Change {
  readonly wanted: Settled<typeof ChangedAccount>
  readonly standing: ReturnType<typeof standingAfter>
  readonly target: Space
  readonly algorithm: PasswordAlgorithm
}

/** What administrators change of an account, and of what is below it. */
export const change = (deps: {
  config: Config
  db: Db
  spaces: SpaceDirectory
  directory: Directory
  identifiers: Identifiers
  announcing: Announcing
  creation: AccountCreation
  passwords: Passwords
  revocation: Revocation
  last: LastAdministrator
  dictionary: Dictionary
  sessions: Sessions
  notices: Notices
  forwardingsToContacts: ForwardingsToContacts
  accountNews: AccountNews
  sipProxy: SipProxy
}) => {
  const { config, db, spaces, directory, identifiers, announcing, creation, passwords, revocation, last } = deps
  const { dictionary, sessions, notices, forwardingsToContacts, accountNews, sipProxy } = deps
  const { leaveSpace } = movingStore(db)

  /** The request sends the password that the account has already. */
  const isUnchangedPassword = async (
    space: Space,
    current: AccountView | null,
    input: Input<typeof ChangedAccount> | Input<typeof AccountOnPage>,
  ): Promise<boolean> => {
    const { password } = input.values
    if (current === null || password === null) return false
    return (await passwords.compare({ id: current.id, username: current.username, space }, password)).isRight
  }

  /** What ends, and who hears of it, when the row has been changed. Resolves to how many sessions ended. */
  const follow = async (tx: Tx, visit: Visit, before: AccountView, change: Change): Promise<number> => {
    const { id } = before
    const { wanted, standing, target, algorithm } = change
    const { username, password } = wanted
    const isMoved = target.domain !== before.domain
    let revoked = 0
    if (isMoved) {
      await leaveSpace(tx, id, target)
      await forwardingsToContacts.disableStray(tx, { account: id })
      await forwardingsToContacts.disableStray(tx, { contacts: [id] })
      await accountNews.tell(tx, 'account.deleted', before)
      if (await accountNews.isAwaited(tx, target.domain, 'account.created')) {
        await accountNews.tell(tx, 'account.created', (await directory.view(tx, target, id)).account)
      }
    }
    if (password !== null) {
      const realm = target.digest === null ? null : realmOf(target)
      revoked = await passwords.replace(tx, target, id, { username, realm, algorithm, password }, visit)
      await notices.passwordChanged(tx, visit.space, before, visit)
    }
    if (isMoved || username !== before.username) await sipProxy.addressClosed(tx, before)
    if (standing.blocked !== before.blocked) {
      await notices.blocked(tx, visit.space, before, visit, { isBlocked: standing.blocked, isAutomatic: false })
    }
    if (isMoved && password === null) revoked = await revocation.all(tx, id, visit)
    revoked += await revocation.follow(tx, before, standing, visit)
    if (isMoved) await revocation.moved(tx, id)
    if (standing.admin !== before.admin) revoked += await revocation.rightsChanged(tx, id)
    if (wanted.dictionary !== null) await dictionary.replace(tx, id, wanted.dictionary)
    return revoked
  }

  /**
   * Absent or null e-mail, name, DTMF protocol and phone are cleared, the rest stays. `page`: what a form of the panel
   * was made from; it chooses no algorithm, and its password was looked at before.
   */
  const write = async (
    visit: Visit,
    caller: Caller,
    id: number,
    input: Input<typeof ChangedAccount> | Input<typeof AccountOnPage>,
    page: MadeFrom | null,
  ): Promise<Found> => {
    const { values } = input
    const current = await directory.find(db.read, visit.space, id)
    // What stays as it is may be older than the rule (D46).
    if (values.username !== current?.username) {
      checkUsername(input, config, page === null ? 'over the API' : 'in the panel')
    }
    if (page === null && !(await isUnchangedPassword(visit.space, current, input))) checkPassword(input, config)
    const named = values.domain === null ? null : await spaces.byDomain(values.domain)
    if (values.domain !== null && named === null) input.refuse('domain', { id: 'v.unknown_domain' })
    const target = mayActAs(caller, 'super') && named !== null ? named : visit.space
    const algorithm = page === null ? algorithmFor(input, target.digest) : defaultAlgorithm(target.digest)
    const phone = checkPhone(input, await identifiers.acceptance(input, current))
    /** The stored hash contains the old name and realm. */
    const refuseUselessHash = (account: AccountView) => {
      const renamed = values.username !== account.username || target.domain !== account.domain
      if (renamed && values.password === null && account.algorithms.length > 0) {
        input.refuse('password', { id: 'v.password_with_rename' })
      }
    }
    if (current !== null) refuseUselessHash(current)
    await identifiers.refuseTaken(db.read, input, target, phone, id)
    const wanted = input.settle()
    if (current === null) throw new AppError('not_found', 'account.unknown')
    if (current.id === caller.id && (wanted.admin === false || wanted.blocked === true)) {
      throw new AppError('forbidden', 'account.own_rights')
    }

    const store = async (tx: Tx): Promise<Found> => {
      await last.hold(tx, visit.space, target)
      await directory.hold(tx, visit.space, id)
      // Somebody may have changed it since it was looked at.
      const { account: before } = await directory.view(tx, visit.space, id)
      page?.refuseStale(before)
      refuseUselessHash(before)
      await identifiers.refuseTaken(tx, input, target, phone, id)
      input.settle()
      if (target.domain !== before.domain) await creation.refuseFull(tx, target)
      const standing = standingAfter(before, wanted)
      await last.refuse(tx, visit.space, {
        id,
        before,
        after: { ...standing, space: target },
        byItself: caller.id === id,
      })
      await directory.update(tx, visit.space, id, {
        username: wanted.username,
        domain: target.domain,
        email: wanted.email,
        phone,
        displayName: wanted.display_name,
        dtmfProtocol: wanted.dtmf_protocol,
        ...standing,
        userAgent: visit.userAgent ?? visit.space.name,
      })
      const revoked = await follow(tx, visit, before, { wanted, standing, target, algorithm })
      const { account: after } = await directory.view(tx, target, id)
      const changed = changesOf(before, after, wanted)
      const found = await announcing.announced(tx, 'updated', visit, target, id, 'account.updated', { changed })
      await sessions.recordRevoked(tx, visit, target, after, revoked)
      return found
    }
    return db.transaction(store).catch(async (error: unknown) => {
      if (!isCollision(error)) throw error
      // Somebody took the name or the number between our look and our write.
      await identifiers.refuseTaken(db.read, input, target, phone, id)
      input.settle()
      throw new AppError('conflict', 'account.changed_meanwhile')
    })
  }

  /** Of the request's Space, unless it is said. */
  const ownerOf = (visit: Visit, named: number | Owner): Owner =>
    typeof named === 'number' ? { space: visit.space, id: named } : named

  return {
    /** `PUT /accounts/{id}` (behaviour/accounts.md §6.3). */
    change: (visit: Visit, caller: Caller, id: number, input: Input<typeof ChangedAccount>): Promise<Found> =>
      write(visit, caller, id, input, null),
    /** The same by a form of the panel (behaviour/panel.md §7.3). */
    changeOnPage: async (
      visit: Visit,
      caller: Caller,
      id: number,
      input: Input<typeof AccountOnPage>,
      page: MadeFrom,
    ): Promise<Found> => {
      const { username, email, phone } = input.values
      checkGivenPassword(input, config, { username, email, phone })
      return write(visit, caller, id, input, page)
    },
    /**
     * A change of what is below an account: `work` runs while the account is held, and so is the one of `more`, when
     * the rows name another.
     */
    edit: async <Result>(
      visit: Visit,
      whose: number | Owner,
      what: Edited,
      work: (tx: Tx) => Promise<Result>,
      more: number | Owner = whose,
    ): Promise<Result> => {
      const [{ space, id }, other] = [ownerOf(visit, whose), ownerOf(visit, more)]
      return db.transaction(async (tx) => {
        // The lower id first: two edits that name each other's accounts must not wait for each other.
        if (other.id < id) await directory.hold(tx, other.space, other.id)
        const { username } = await directory.hold(tx, space, id)
        if (other.id > id) await directory.hold(tx, other.space, other.id)
        const result = await work(tx)
        if (await announcing.isAwaited(tx, space)) {
          await announcing.told(tx, 'updated', visit, await directory.view(tx, space, id))
        }
        const about = { id, username, domain: space.domain }
        const detail = what.object === undefined ? undefined : { object: what.object }
        await announcing.record(tx, 'account.updated', { by: visit, space, about, changed: [what.field], detail })
        return result
      })
    },
    /** For features that change an account in a transaction of their own. */
    announceUpdated: (tx: Tx, visit: Visit, found: Found): Promise<void> =>
      announcing.told(tx, 'updated', visit, found),
  }
}
