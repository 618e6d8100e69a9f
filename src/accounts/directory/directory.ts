import type { Db, Reader } from '../../db/db.ts'
import { remembered } from '../../db/remembered.ts'
import { AppError } from '../../errors.ts'
import { type Caller, mayActAs } from '../../nouns/caller.ts'
import { everySpace, isExpired, type Space } from '../../nouns/space.ts'
import type { Visit } from '../../nouns/visit.ts'
import { parseAddressOfRecord } from '../../protocols/sip-address.ts'
import type { SpaceDirectory } from '../../spaces/spaces/directory.ts'
import { holding, type NewsOfStanding } from './holding.ts'
import { type AccountView, type CalledAccount, directoryStore } from './store.ts'

export type { AccountRow, AccountView, CalledAccount, InSpace, ShownAccount } from './store.ts'

/** An account together with the Space it lives in: what a representation needs. */
export interface Found {
  readonly account: AccountView
  readonly space: Space
}

/** Whom a call is for. */
export interface Called {
  readonly account: CalledAccount
  readonly space: Space
}

const MOST_ID = 0x7fffffff

/** Which accounts there are: found by what they are called, and held until a transaction ends (`holding.ts`). */
export const directory = (deps: { db: Db; spaces: SpaceDirectory; accountNews: NewsOfStanding; now: () => Date }) => {
  const { db, spaces, accountNews, now } = deps
  const store = directoryStore(db)

  const unknown = () => new AppError('not_found', 'account.unknown')
  const known = (space: Space, account: AccountView | null): Found => {
    if (account === null) throw unknown()
    return { account, space }
  }

  /** Remembered by `id@domain`, because clients poll their own account. */
  const ownAccount = remembered(
    db,
    () => now().getTime(),
    (key) => {
      const at = key.indexOf('@')
      return store.byId(db.read, { space: { domain: key.slice(at + 1) } }, Number(key.slice(0, at)))
    },
  )

  const view = async (on: Reader, space: Space, id: number): Promise<Found> =>
    known(space, await store.byId(on, { space }, id))

  const bySip = async (space: Space, sip: string): Promise<Found> => {
    const address = parseAddressOfRecord(sip)
    const isHere = address !== null && address.domain === space.domain
    return known(space, isHere ? await store.byUsername(db.read, { space }, address.user) : null)
  }

  /** The Space of an account, by its id; null: there is no such account, or it is not in the Space `within`. */
  const spaceOf = async (on: Reader, id: number, within: Space | null): Promise<Space | null> => {
    const domain = await store.domainOf(on, within === null ? everySpace('command line') : { space: within }, id)
    return domain === null ? null : spaces.byDomain(domain)
  }

  return {
    ...holding({ db, view, accountNews, now }),
    /** The account as it is for `on`: a transaction sees what it has written itself. */
    view,
    byId: (space: Space, id: number): Promise<Found> => view(db.read, space, id),
    /** Those of the ids that are accounts of the Space, by id. */
    byIds: (on: Reader, space: Pick<Space, 'domain'>, ids: readonly number[]): Promise<AccountView[]> =>
      store.byIds(on, { space }, ids),
    /** The same, of every Space where the scope is all of them. */
    inScope: store.byIds,
    /** The account of the caller, wherever it lives. */
    ofCaller: async (caller: Caller): Promise<Found> =>
      known(caller.space, await ownAccount(`${caller.id}@${caller.domain}`)),
    /** null: it is not there. */
    find: (on: Reader, space: Space, id: number): Promise<AccountView | null> => store.byId(on, { space }, id),
    /** null: nobody is called so. */
    named: (on: Reader, space: Space, username: string): Promise<AccountView | null> =>
      store.byUsername(on, { space }, username),
    /** `user@domain`, with or without a scheme, in this Space. */
    bySip,
    /**
     * For the SIP proxy: a user name in whatever case. It has one address of us for all of its domains, so that a super
     * administrator's key finds accounts of every Space that is in force (the one exception to D41).
     */
    forProxy: async (visit: Visit, caller: Caller, sip: string): Promise<Called> => {
      const address = parseAddressOfRecord(sip)
      if (address === null) throw unknown()
      const { user, domain } = address
      const seesAll = mayActAs(caller, 'super') && caller.via === 'key'
      const other = seesAll && domain !== visit.space.domain ? await spaces.byDomain(domain) : null
      const space = other !== null && !isExpired(other, now()) ? other : visit.space
      const account = domain === space.domain ? await store.called(db.read, { space }, user.toLowerCase()) : null
      if (account === null) throw unknown()
      return { account, space }
    },
    /** The same by id: where a voicemail server leaves a message. */
    idForProxy: async (visit: Visit, caller: Caller, id: number): Promise<Found> => {
      const seesAll = mayActAs(caller, 'super') && caller.via === 'key'
      const domain = seesAll ? await store.domainOf(db.read, everySpace('SIP proxy'), id) : null
      const other = domain === null || domain === visit.space.domain ? null : await spaces.byDomain(domain)
      return view(db.read, other !== null && !isExpired(other, now()) ? other : visit.space, id)
    },
    byEmail: async (space: Space, email: string): Promise<Found> =>
      known(space, await store.byEmail(db.read, { space }, email)),
    /** Whose address it is; null: nobody's. */
    ownerOf: (on: Reader, space: Space, email: string) => store.byEmail(on, { space }, email),
    domainOf: store.domainOf,
    /**
     * As commands name one: by id, as `user@domain`, or, where the Space is said as well, by the user name. Digits alone are
     * an id. `within`: nowhere else; null: in every Space.
     */
    referred: async (on: Reader, reference: string, within: Space | null = null): Promise<Found> => {
      if (/^\d{1,10}$/.test(reference)) {
        const id = Math.min(Number(reference), MOST_ID)
        const space = await spaceOf(on, id, within)
        if (space === null) throw unknown()
        return view(on, space, id)
      }
      const address = parseAddressOfRecord(reference)
      const domain = address?.domain ?? within?.domain ?? null
      if (domain === null || (within !== null && domain !== within.domain)) throw unknown()
      const space = await spaces.byDomain(domain)
      if (space === null) throw new AppError('not_found', 'space.unknown')
      return known(space, await store.byUsername(on, { space }, address?.user ?? reference))
    },
    count: (on: Reader, space: Pick<Space, 'domain'>): Promise<number> => store.count(on, { space }),
    page: store.page,
    stretches: store.stretches,
  }
}

export type Directory = ReturnType<typeof directory>
