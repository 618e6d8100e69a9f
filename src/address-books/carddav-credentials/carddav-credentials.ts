import type { Accounts } from '../../accounts/accounts/accounts.ts'
import type { Db, Reader } from '../../db/db.ts'
import { AppError } from '../../errors.ts'
import { choice, form, type Input, plainText, text } from '../../http/input.ts'
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
    set: async (
      visit: Visit,
      id: number,
      serverId: number,
      input: Input<typeof CarddavCredentialForm>,
    ): Promise<void> => {
      refuseWithout(visit.space)
      const { username, password, realm, algorithm } = input.settle()
      const columns = { username, password: ha1(algorithm, username, realm, password), realm, algorithm }
      await accounts.edit(visit, id, { field: 'carddav_credentials', object: serverId }, async (tx) => {
        if (!(await store.holdServer(tx, visit.space, serverId))) throw unknownServer()
        await store.set(tx, id, serverId, columns, now())
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
