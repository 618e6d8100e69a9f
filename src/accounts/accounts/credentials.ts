import type { Sessions } from '../../access/sessions/sessions.ts'
import type { Config } from '../../config/config.ts'
import type { Db } from '../../db/db.ts'
import { AppError } from '../../errors.ts'
import type { Input } from '../../http/input.ts'
import type { Visit } from '../../nouns/visit.ts'
import type { Directory, Found } from '../directory/directory.ts'
import type { Notices } from '../notices/notices.ts'
import type { Passwords } from '../passwords/passwords.ts'
import {
  type AdministeredPassword,
  algorithmGiven,
  checkChosenPassword,
  refuseWithoutPasswords,
} from '../passwords/rules.ts'
import type { Announcing } from './announcing.ts'

/** What opens an account, given and taken by an administrator who knows none of it. */
export const credentials = (deps: {
  config: Config
  db: Db
  directory: Directory
  announcing: Announcing
  passwords: Passwords
  sessions: Sessions
  notices: Notices
}) => {
  const { config, db, directory, announcing, passwords, sessions, notices } = deps

  return {
    /** Another password; what the one before gave access to ends with it (D55). Whether it is activated stays. */
    setPassword: async (visit: Visit, id: number, input: Input<typeof AdministeredPassword>): Promise<Found> => {
      const { space } = visit
      refuseWithoutPasswords(space)
      const { account } = await directory.view(db.read, space, id)
      checkChosenPassword(input, config, account)
      const algorithm = algorithmGiven(input, space.digest)
      const { password } = input.settle()
      return db.transaction(async (tx) => {
        // The realm and the name of now enter the HA1.
        const held = await directory.holdSpace(tx, space)
        if (held === null) throw new AppError('not_found', 'account.unknown')
        if (held.realm === null) throw new AppError('forbidden', 'account.no_digest')
        const { username } = await directory.hold(tx, space, id)
        const { account: before } = await directory.view(tx, space, id)
        const secret = { username, realm: held.realm, algorithm, password }
        const revoked = await passwords.replace(tx, space, id, secret, visit)
        await notices.passwordChanged(tx, space, before, visit)
        const found = await announcing.announced(tx, 'updated', visit, space, id, 'account.password')
        await sessions.recordRevoked(tx, visit, space, before, revoked)
        return found
      })
    },
    /** Ends every session of the account. Resolves to how many those were. */
    endSessions: async (visit: Visit, id: number): Promise<number> => {
      const { space } = visit
      return db.transaction(async (tx) => {
        await directory.hold(tx, space, id)
        const { account } = await directory.view(tx, space, id)
        const revoked = await sessions.revoke(tx, id)
        await sessions.recordRevoked(tx, visit, space, account, revoked)
        return revoked
      })
    },
  }
}
