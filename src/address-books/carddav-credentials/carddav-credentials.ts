import type { Accounts } from '../../accounts/accounts/accounts.ts'
import type { Db, Reader } from '../../db/db.ts'
import { AppError, invalid } from '../../errors.ts'
import { choice, form, type Input, optional, plainText, text } from '../../http/input.ts'
import type { Space } from '../../nouns/space.ts'
import type { Visit } from '../../nouns/visit.ts'
import { ha1 } from '../../protocols/digest.ts'
import { type CarddavCredential, carddavCredentialStore } from './store.ts'

export type { CarddavCredential } from './store.ts'

/** What an account signs in with (behaviour/address-books.md §7.2). The password comes in clear and is kept as HA1. */
export const CarddavCredentialForm = form({
  username: plainText(64),
  password: text({ numbers: true }),
  realm: plainText(255),
  algorithm: choice(['MD5', 'SHA-256']),
})

/** The same by a page: without a password the one that is there stays. */
export const CarddavCredentialOnPage = form({
  ...CarddavCredentialForm.properties,
  password: optional(text({ numbers: true })),
})

type Given = Input<typeof CarddavCredentialForm> | Input<typeof CarddavCredentialOnPage>

/** What an account signs in to the CardDAV servers of its Space with; for administrators of Spaces that want it. */
export const carddavCredentials = (deps: { db: Db; accounts: Accounts; now: () => Date }) => {
  const { db, accounts, now } = deps
  const store = carddavCredentialStore(db)

  const unknownServer = () => new AppError('not_found', 'carddav.unknown')

  /** Before anything else is looked at (behaviour/address-books.md §7.2). */
  const refuseWithout = (space: Space): void => {
    if (!space.carddavUserCredentials) throw new AppError('forbidden', 'carddav.off')
  }

  return {
    /** With their HA1, for the provisioning document. */
    rows: (on: Reader, accountId: number) => store.list(on, accountId),
    /** How many accounts have credentials for each server of a Space, by its id. */
    countByServer: async (space: Pick<Space, 'id'>): Promise<ReadonlyMap<number, number>> =>
      new Map((await store.countByServer(db.read, space.id)).map(({ server, total }) => [server, total])),
    list: async (visit: Visit, id: number): Promise<readonly CarddavCredential[]> => {
      refuseWithout(visit.space)
      await accounts.byId(visit.space, id)
      return store.list(db.read, id)
    },
    ofServer: async (visit: Visit, id: number, serverId: number): Promise<CarddavCredential> => {
      refuseWithout(visit.space)
      await accounts.byId(visit.space, id)
      const found = (await store.list(db.read, id)).find((one) => one.spaceCarddavServerId === serverId)
      if (found === undefined) throw unknownServer()
      return found
    },
    /** `check` is handed what is replaced; null: there was none. */
    set: async (
      visit: Visit,
      id: number,
      serverId: number,
      input: Given,
      check: (before: CarddavCredential | null) => void = () => {},
    ): Promise<void> => {
      refuseWithout(visit.space)
      const { username, password: typed, realm, algorithm } = input.settle()
      await accounts.edit(visit, id, { field: 'carddav_credentials', object: serverId }, async (tx) => {
        if (!(await store.holdServer(tx, visit.space, serverId))) throw unknownServer()
        const before = (await store.list(tx, id)).find((one) => one.spaceCarddavServerId === serverId) ?? null
        check(before)
        // The HA1 is made of all three.
        const fits = before?.username === username && before.realm === realm && before.algorithm === algorithm
        const password = typed === null ? (fits ? before.password : null) : ha1(algorithm, username, realm, typed)
        if (password === null) throw invalid('password', 'v.password_with_credential')
        await store.set(tx, id, serverId, { username, password, realm, algorithm }, now())
      })
    },
    remove: async (visit: Visit, id: number, serverId: number): Promise<void> => {
      refuseWithout(visit.space)
      await accounts.edit(visit, id, { field: 'carddav_credentials', object: serverId }, async (tx) => {
        if (!(await store.remove(tx, id, serverId))) throw unknownServer()
      })
    },
  }
}

export type CarddavCredentials = ReturnType<typeof carddavCredentials>
