import type { Audit } from '../../audit/audit.ts'
import type { Config } from '../../config/config.ts'
import type { Db, Tx } from '../../db/db.ts'
import { AppError } from '../../errors.ts'
import { everySpace, type Space } from '../../nouns/space.ts'
import { addressOfRecord } from '../../protocols/sip-address.ts'
import type { Secrets } from '../../secrets.ts'
import type { SpaceDirectory } from '../../spaces/spaces/directory.ts'
import type { Directory } from '../directory/directory.ts'
import type { Passwords } from '../passwords/passwords.ts'
import type { SipProxy } from '../sip-proxy/sip-proxy.ts'
import type { Accounts } from './accounts.ts'
import type { Administrators } from './administrators.ts'
import { fixtureStore } from './fixtures-store.ts'
import type { LinesOfAccounts, StatisticsOfAccounts } from './housekeeping.ts'
import { lastAdministrator } from './last-administrator.ts'
import { parseSeed, type SeededAccount } from './seed-file.ts'

/** When accounts of a seed were made, as with the reference. */
const BORN = new Date('2010-01-01T00:00:00Z')
const LOCALLY = { address: '127.0.0.1', userAgent: 'sipkeeper' }
const SEED = everySpace('command line')

const TEST_DOMAIN = 'sip.example.org'
const TEST_USERNAME = 'admin_test'
/** Known to everybody who reads this. */
const TEST_KEY = 'sipkeeper_admin_test_key_for_tests_only_'

interface Made {
  readonly domain: string
  readonly created: boolean
  /** false: its host lies outside `APP_ROOT_HOST`, and requests for it are answered with 503. */
  readonly isReachable: boolean
}

/** Spaces as the command line names them. */
interface SpacesByName {
  ensure(
    tx: Tx,
    domain: string,
    wanted: { readonly asSuper: boolean },
  ): Promise<Omit<Made, 'domain'> & { space: Space }>
}

const aboutOf = ({ id, domain }: Space) => ({ kind: 'space', id, name: domain }) as const

/** What tests of clients expect to find on a server; the command line only (behaviour/operations.md §2.1). */
export const fixtures = (deps: {
  config: Config
  db: Db
  secrets: Secrets
  spaces: SpaceDirectory
  spaceAdministration: SpacesByName
  directory: Directory
  accounts: Pick<Accounts, 'isTaken'>
  administrators: Pick<Administrators, 'create'>
  passwords: Pick<Passwords, 'insertHashes'>
  bridge: LinesOfAccounts
  statisticsClearing: StatisticsOfAccounts
  sipProxy: SipProxy
  audit: Audit
}) => {
  const { config, db, secrets, spaces, spaceAdministration, directory, accounts, administrators, audit } = deps
  const { passwords, bridge, statisticsClearing, sipProxy } = deps
  const store = fixtureStore(db)
  const last = lastAdministrator({ db, directory })

  const ensure = async (tx: Tx, domain: string, asSuper = false): Promise<Made & { readonly space: Space }> => {
    const made = await spaceAdministration.ensure(tx, domain, { asSuper })
    return { domain, ...made }
  }

  /** Whoever has one of the ids goes, with all below; nobody may lock everybody out by it (D52). */
  const clear = async (tx: Tx, ids: readonly number[]): Promise<number> => {
    const held = await store.hold(tx, SEED, ids)
    const gone = held.map(({ id }) => id)
    await bridge.tellBelow(tx, gone)
    await statisticsClearing.forgetBelow(tx, gone)
    await sipProxy.accountsClosed(tx, gone)
    // One after the other: each is the last one once the others are gone.
    for (const one of held.toSorted((a, b) => Number(b.admin) - Number(a.admin))) {
      const space = await spaces.byDomain(one.domain)
      await audit.record(tx, 'account.deleted', { by: null, space, about: one, detail: { reason: 'seed' } })
      if (!one.admin) continue
      if (space !== null) await last.refuse(tx, space, { id: one.id, before: one, after: null, byItself: false })
      await store.delete(tx, SEED, [one.id])
    }
    await store.delete(tx, SEED, gone)
    return gone.length
  }

  const taken = ({ id, username, domain }: SeededAccount) =>
    new AppError('conflict', 'fixture.taken', { values: { id, address: addressOfRecord({ username, domain }) } })

  /** Those of one Space. */
  const fill = async (tx: Tx, space: Space, seeded: readonly SeededAccount[]): Promise<void> => {
    const named = seeded.map(({ passwords: _, ...account }) => ({
      ...account,
      email: `${encodeURIComponent(account.username)}@${account.domain}`,
    }))
    if (space.digest === null && seeded.some(({ passwords }) => passwords.length > 0)) {
      throw new AppError('conflict', 'fixture.no_passwords', { values: { domain: space.domain } })
    }
    const refused = new Set(await store.insert(tx, named, LOCALLY, BORN))
    const first = seeded.find(({ id }) => refused.has(id))
    if (first !== undefined) throw taken(first)
    await passwords.insertHashes(
      tx,
      seeded.map(({ id, passwords: rows }) => ({ accountId: id, rows })),
    )
    const { maxAccounts } = space
    if (maxAccounts > 0 && (await directory.count(tx, space)) > maxAccounts) {
      throw new AppError('conflict', 'fixture.no_room', { values: { domain: space.domain, count: maxAccounts } })
    }
    for (const [index, { id, email, phone }] of named.entries()) {
      const isTaken =
        (await accounts.isTaken(tx, space, id, { email })) ||
        (phone !== null && (await accounts.isTaken(tx, space, id, { phone })))
      const one = seeded[index]
      if (isTaken && one !== undefined) throw taken(one)
    }
  }

  return {
    parse: (text: string) => parseSeed(text, config.ACCOUNT_USERNAME_REGEX),

    /**
     * Accounts under the ids that the seed gives them, in place of those that have these ids. Spaces that are missing
     * are made, others stay as they are. All of it or nothing.
     */
    seed: async (seeded: readonly SeededAccount[]): Promise<{ removed: number; spaces: readonly Made[] }> => {
      const byDomain = Map.groupBy(seeded, ({ domain }) => domain)
      const { removed, made } = await db.transaction(async (tx) => {
        await directory.holdSpaces(tx, { domains: [...byDomain.keys()], withSupers: true })
        const removed = await clear(
          tx,
          seeded.map(({ id }) => id),
        )
        await db.reserveIds(
          tx,
          db.tables.accounts,
          seeded.reduce((most, { id }) => Math.max(most, id), 1),
        )
        const made = []
        for (const [domain, some] of byDomain) {
          const there = await ensure(tx, domain)
          await fill(tx, there.space, some)
          const change = { by: null, space: there.space, about: aboutOf(there.space) }
          await audit.record(tx, 'account.created', { ...change, detail: { count: some.length, reason: 'seed' } })
          made.push(there)
        }
        return { removed, made }
      })
      spaces.forget()
      return { removed, spaces: made }
    },

    /** An administrator of a super Space with a key that tests know, and a password that is shown this once. */
    testAdministrator: async () => {
      const made = await db.transaction((tx) => ensure(tx, TEST_DOMAIN, true))
      spaces.forget()
      const password = secrets.token(Math.max(16, config.ACCOUNT_PASSWORD_MIN_LENGTH))
      const { account } = await administrators.create({
        domain: TEST_DOMAIN,
        username: TEST_USERNAME,
        password,
        existing: 'reset',
        keyAddress: null,
        key: TEST_KEY,
      })
      return { account, password, apiKey: TEST_KEY, space: made }
    },
  }
}

export type Fixtures = ReturnType<typeof fixtures>
