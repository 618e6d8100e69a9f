import type { Directory, Found } from '../../accounts/directory/directory.ts'
import type { Db } from '../../db/db.ts'
import { AppError } from '../../errors.ts'
import { type Caller, mayActAs } from '../../nouns/caller.ts'
import { inSpace } from '../../nouns/elsewhere.ts'
import { everySpace, type Space } from '../../nouns/space.ts'
import type { Visit } from '../../nouns/visit.ts'
import type { SpaceDirectory } from '../../spaces/spaces/directory.ts'

/** In addresses, the Space of the caller. */
export const OWN_SPACE = 'me'

/** An account that the caller administers, and the visit in its Space, for use cases. */
export interface Administered extends Found {
  readonly visit: Visit
}

const ID = /^[1-9]\d{0,15}$/

/**
 * Which Space and which accounts an administrator may see and change (behaviour/panel.md §7): those of their own Space;
 * a super administrator, all. What somebody may not see is 404 like what is not there.
 */
export const scope = ({ db, directory, spaces }: { db: Db; directory: Directory; spaces: SpaceDirectory }) => {
  const unknownSpace = () => new AppError('not_found', 'errors.not_found')
  const unknownAccount = () => new AppError('not_found', 'account.unknown')

  const spaceWith = async (caller: Caller, id: string): Promise<Space> => {
    if (id === OWN_SPACE || id === String(caller.space.id)) return caller.space
    const other = mayActAs(caller, 'super') && ID.test(id) ? await spaces.byId(Number(id)) : null
    if (other === null) throw unknownSpace()
    return other
  }

  return {
    /** `id`: of an address or a form; `me` is the caller's own. The visit is in that Space. */
    space: async (visit: Visit, caller: Caller, id: string): Promise<Visit> =>
      inSpace(visit, await spaceWith(caller, id)),
    /** The same by SIP domain, as forms and filters name a Space. */
    domain: async (visit: Visit, caller: Caller, domain: string): Promise<Visit> => {
      if (domain === caller.space.domain) return inSpace(visit, caller.space)
      const other = mayActAs(caller, 'super') ? await spaces.byDomain(domain) : null
      if (other === null) throw unknownSpace()
      return inSpace(visit, other)
    },
    account: async (visit: Visit, caller: Caller, id: string): Promise<Administered> => {
      if (!ID.test(id)) throw unknownAccount()
      const domain = mayActAs(caller, 'super')
        ? await directory.domainOf(db.read, everySpace('super administrator'), Number(id))
        : caller.space.domain
      const space =
        domain === null ? null : domain === caller.space.domain ? caller.space : await spaces.byDomain(domain)
      if (space === null) throw unknownAccount()
      return { ...(await directory.byId(space, Number(id))), visit: inSpace(visit, space) }
    },
  }
}

export type AdministrationScope = ReturnType<typeof scope>
