import type { Audit } from '../../audit/audit.ts'
import type { Config } from '../../config/config.ts'
import { isUnderRoot } from '../../config/root-host.ts'
import { isCollision } from '../../db/collision.ts'
import type { Db, Tx } from '../../db/db.ts'
import { AppError } from '../../errors.ts'
import { read } from '../../http/input.ts'
import {
  type AdministeredSpace,
  type DigestConfiguration,
  type PasswordAlgorithm,
  realmOf,
  type Space,
} from '../../nouns/space.ts'
import { spaceAdministrationStore } from './administration-store.ts'
import type { SpaceDirectory } from './directory.ts'
import type { SpaceNews } from './news.ts'
import { checkLanNames, NamedSpace } from './rules.ts'
import { storedSpaces } from './stored-spaces.ts'

interface Named {
  readonly domain: string
  readonly host: string
  readonly name: string
  readonly super?: boolean
  readonly realm?: string
  readonly algorithm?: PasswordAlgorithm
  readonly uniqueEmail?: boolean
  readonly clientCertificateAuthentication?: boolean
  readonly maxVoicemailBytes?: number
  readonly callForwardingNoAnswerWire?: Space['callForwardingNoAnswerWire']
  readonly locale?: Space['locale']
}

/** Spaces as the command line names them: made, or changed in what is given. */
export const namedSpaces = (deps: {
  config: Config
  db: Db
  spaces: SpaceDirectory
  spaceNews: SpaceNews
  audit: Audit
  now: () => Date
}) => {
  const { config, db, spaces, spaceNews, now } = deps
  const store = spaceAdministrationStore(db)
  const stored = storedSpaces(deps)

  /** `conflict` for whatever another Space has already. */
  const refuseOthers = async (tx: Tx, { name, host, domain }: Named) => {
    const taken = await store.taken(tx, { name, host, domain }, domain)
    if (taken.host) throw new AppError('conflict', 'space.host_taken', { values: { host } })
    if (taken.name) throw new AppError('conflict', 'space.name_taken', { values: { name } })
  }

  /** Only what is given changes; DIGEST that was switched off stays off until a realm or an algorithm is named. */
  const digestNamed = (current: DigestConfiguration | null, wanted: Named): DigestConfiguration | null => {
    if (current === null && wanted.realm === undefined && wanted.algorithm === undefined) return null
    const base = current ?? stored.initialDigest()
    const realm = wanted.realm === undefined ? base.realm : wanted.realm === wanted.domain ? null : wanted.realm
    return { realm, defaultPasswordAlgorithm: wanted.algorithm ?? base.defaultPasswordAlgorithm }
  }

  const switchesOf = (wanted: Named) => {
    const { uniqueEmail, clientCertificateAuthentication, maxVoicemailBytes } = wanted
    const { callForwardingNoAnswerWire, locale } = wanted
    return {
      ...(uniqueEmail === undefined ? {} : { uniqueEmail }),
      ...(clientCertificateAuthentication === undefined ? {} : { clientCertificateAuthentication }),
      ...(maxVoicemailBytes === undefined ? {} : { maxVoicemailBytes }),
      ...(callForwardingNoAnswerWire === undefined ? {} : { callForwardingNoAnswerWire }),
      ...(locale === undefined ? {} : { locale }),
    }
  }

  const changeNamed = async (tx: Tx, before: Space, wanted: Named): Promise<void> => {
    const { domain, host, name } = wanted
    const asSuper = wanted.super ?? before.super
    if (before.super && !asSuper && (await stored.isLastSuper(tx, domain))) {
      throw new AppError('forbidden', 'space.last_super')
    }
    if (asSuper && before.expireAt !== null) throw new AppError('conflict', 'v.super_expires')
    const digest = digestNamed(before.digest, wanted)
    const isOtherRealm = digest !== null && (digest.realm ?? domain) !== realmOf(before)
    if (isOtherRealm && (await store.accountCount(tx, domain)) > 0) throw new AppError('conflict', 'v.realm_fixed')
    const shared = wanted.uniqueEmail === true ? await stored.sharedEmails(tx, before) : null
    if (shared !== null) throw new AppError('conflict', shared.id, { values: shared.values ?? {} })
    await store.update(tx, domain, { host, name, super: asSuper, ...switchesOf(wanted), updatedAt: now() })
    await store.setDigest(tx, before.id, digest, now())
  }

  const upsert = async (given: Named): Promise<{ space: Space; created: boolean }> => {
    const { domain } = given
    const wanted = { ...given, name: given.name.trim() }
    const { host, name, realm = null } = wanted
    const input = read(NamedSpace, { sip_domain: domain, host, name: name || null, realm })
    checkLanNames(input)
    input.settle()

    const write = async (tx: Tx) => {
      await store.hold(tx, domain)
      await refuseOthers(tx, wanted)
      const before = await store.byDomain(tx, domain)
      if (host !== before?.host && !isUnderRoot(config, host)) {
        throw new AppError('conflict', 'space.outside_root', { values: { host } })
      }
      if (before === null) {
        const at = now()
        const row = {
          domain,
          host,
          name,
          super: wanted.super ?? false,
          ...switchesOf(wanted),
          createdAt: at,
          updatedAt: at,
        }
        if (!(await stored.insert(tx, row, digestNamed(stored.initialDigest(), wanted)))) return null
      } else await changeNamed(tx, before, wanted)
      const after = await stored.find(tx, domain)
      await spaceNews.tell(tx, before === null ? 'space.created' : 'space.updated', after)
      if (before === null) await stored.record(tx, 'space.created', null, after)
      else await stored.recordChange(tx, null, before, after)
      return { before, after }
    }
    const result = await db.transaction(write).catch((error: unknown) => {
      if (isCollision(error)) return null
      throw error
    })
    // Somebody else was there between our look and our write: the next look sees it.
    if (result === null) return upsert(given)
    const { before, after } = result
    spaces.forget()
    return { space: after, created: before === null }
  }

  /**
   * For fixtures, in a transaction of theirs: the Space of that domain as it is, but super where it must be. One that is
   * not there is made, with its domain as host and name, also where `APP_ROOT_HOST` lets nobody reach it.
   */
  const ensure = async (
    tx: Tx,
    domain: string,
    { asSuper }: { readonly asSuper: boolean },
  ): Promise<{ space: AdministeredSpace; created: boolean; isReachable: boolean }> => {
    const wanted = { domain, host: domain, name: domain, super: asSuper }
    await store.hold(tx, domain)
    const before = await store.byDomain(tx, domain)
    if (before === null) {
      const input = read(NamedSpace, { sip_domain: domain, host: domain, name: domain })
      checkLanNames(input)
      input.settle()
      await refuseOthers(tx, wanted)
      const at = now()
      if (!(await stored.insert(tx, { ...wanted, createdAt: at, updatedAt: at }, stored.initialDigest()))) {
        throw new AppError('conflict', 'space.host_taken', { values: { host: domain } })
      }
    } else if (asSuper && !before.super) {
      await changeNamed(tx, before, { domain, host: before.host, name: before.name, super: true })
    }
    const space = await stored.find(tx, domain)
    if (before === null) await stored.record(tx, 'space.created', null, space)
    else if (asSuper && !before.super) await stored.recordChange(tx, null, before, space)
    return { space, created: before === null, isReachable: isUnderRoot(config, space.host) }
  }

  return { upsert, ensure }
}
