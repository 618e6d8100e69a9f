import type { Audit } from '../../audit/audit.ts'
import type { Config } from '../../config/config.ts'
import { isCollision } from '../../db/collision.ts'
import type { Db, Tx } from '../../db/db.ts'
import type { Caller } from '../../nouns/caller.ts'
import { type AdministeredSpace, realmOf } from '../../nouns/space.ts'
import type { Visit } from '../../nouns/visit.ts'
import { spaceAdministrationStore } from './administration-store.ts'
import { checkDigest } from './digest-configuration.ts'
import type { SpaceDirectory } from './directory.ts'
import type { SpaceNews } from './news.ts'
import { checkEntries, checkNewExpiry, type PartInput, partColumnsOf } from './rules.ts'
import { storedSpaces } from './stored-spaces.ts'

const NEVER_EMPTY = ['name', 'max_accounts', 'max_account'] as const

interface Along {
  /** Is told of the Space as it is now, while it is held. */
  readonly refuseStale?: (before: AdministeredSpace) => void
  /** The name of its picture, which `branding` keeps; null: none. */
  readonly logo?: string | null
}

/** Changes of a part of a Space, by forms that know nothing of the rest (behaviour/panel.md §7.15). */
export const adjustments = (deps: {
  config: Config
  db: Db
  spaces: SpaceDirectory
  spaceNews: SpaceNews
  audit: Audit
  now: () => Date
}) => {
  const { db, spaces, spaceNews, now } = deps
  const store = spaceAdministrationStore(db)
  const stored = storedSpaces(deps)

  /** Refuses what the Space, held, does not allow; resolves to what has to be written beside the members. */
  const checked = async (tx: Tx, input: PartInput, before: AdministeredSpace, caller: Caller | null) => {
    const { values } = input
    const { domain } = before
    const count = await store.accountCount(tx, domain)
    const quota = values.max_accounts ?? 0
    if (quota > 0 && quota < count) input.refuse('max_accounts', { id: 'v.minimum', values: { min: count } })
    const expireAt = checkNewExpiry(input, now(), before.expireAt)
    const asSuper = values.super ?? before.super
    // An end that is there already is nobody's fault here.
    const isNew = expireAt?.getTime() !== before.expireAt?.getTime() || asSuper !== before.super
    await stored.refuseLockOut(tx, input, { space: before, caller, asSuper, expireAt: isNew ? expireAt : null })
    if (values.web_panel === false && caller?.space.id === before.id) input.refuse('web_panel', { id: 'v.own_panel' })
    const shared = values.unique_email === true ? await stored.sharedEmails(tx, before) : null
    if (shared !== null) input.refuse('unique_email', shared)
    const { digest, realmFrom } = checkDigest(input, domain, before.digest, stored.initialDigest())
    if (count > 0 && digest !== null && (digest.realm ?? domain) !== realmOf(before)) {
      input.refuse(realmFrom, { id: 'v.realm_fixed' })
    }
    if (values.name !== null && (await store.taken(tx, { name: values.name, host: null, domain: null }, domain)).name) {
      input.refuse('name', { id: 'v.taken' })
    }
    return { expireAt, digest }
  }

  /**
   * Changes what the input speaks of, and what comes along with it, and nothing else. The caller administers it: who may
   * change which of its members, the form decides by what it reads; null: whoever runs the command does.
   */
  const adjust = async (
    visit: Visit,
    caller: Caller | null,
    domain: string,
    input: PartInput,
    more: Along = {},
  ): Promise<AdministeredSpace> => {
    checkEntries(input)
    for (const name of NEVER_EMPTY) {
      if (input.has(name) && input.isMissing(name)) input.refuse(name, { id: 'v.required' })
    }
    const logo = more.logo === undefined ? {} : { logo: more.logo }
    const write = async (tx: Tx) => {
      await store.hold(tx, domain)
      const before = await stored.find(tx, domain)
      more.refuseStale?.(before)
      const { expireAt, digest } = await checked(tx, input, before, caller)
      const wanted = input.settle()
      await store.update(tx, domain, { ...partColumnsOf(wanted), ...logo, expireAt, updatedAt: now() })
      await store.setDigest(tx, before.id, digest, now())
      const after = await stored.find(tx, domain)
      await spaceNews.tell(tx, 'space.updated', after)
      await stored.recordChange(tx, visit, before, after)
      return { before, after }
    }
    const changed = await db.transaction(write).catch((error: unknown) => {
      // Somebody took the name between our look and our write: the next look sees it.
      if (isCollision(error)) return null
      throw error
    })
    if (changed === null) return adjust(visit, caller, domain, input, more)
    spaces.forget()
    return changed.after
  }

  return { adjust }
}
