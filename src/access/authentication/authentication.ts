import type { Config } from '../../config/config.ts'
import type { Db } from '../../db/db.ts'
import { remembered } from '../../db/remembered.ts'
import { AppError } from '../../errors.ts'
import type { Limits } from '../../http/limits.ts'
import type { Logging } from '../../logging/logging.ts'
import { type Caller, type CallerKey, mayActAs, roleNeeded, roleOf, scopeNeeded } from '../../nouns/caller.ts'
import type { Needs, Proof, Verdict } from '../../nouns/proof.ts'
import { securityRecords } from '../../nouns/security-record.ts'
import { everySpace, realmOf } from '../../nouns/space.ts'
import { refuseClosed, type Standing } from '../../nouns/standing.ts'
import type { Visit } from '../../nouns/visit.ts'
import {
  challenge,
  DIGEST_ALGORITHMS,
  type DigestAlgorithm,
  ha1,
  parseDigestCredentials,
  responseMatches,
} from '../../protocols/digest.ts'
import { parseSipAddress, type SipAddress } from '../../protocols/sip-address.ts'
import type { Random, Secrets } from '../../secrets.ts'
import type { SpaceDirectory } from '../../spaces/spaces/directory.ts'
import type { ApiKeys } from '../api-keys/api-keys.ts'
import { decoys } from './decoys.ts'
import { nonces as noncesOf } from './nonces.ts'
import { authenticationStore, type StoredPassword } from './store.ts'

/** Counts are stored as 32-bit integers; no client comes near. */
const MOST_COUNT = 0x7fffffff

/** Half of all digest traffic is this first reply, so it is returned and not thrown. */
const CHALLENGED = new AppError('unauthenticated', 'auth.required')

type Store = ReturnType<typeof authenticationStore>
type StoredAccount = NonNullable<Awaited<ReturnType<Store['accountWithPasswords']>>>

/** The strongest algorithm that the account can be asked for, with its HA1; null: it has no password. */
const strongestOf = (account: StoredAccount, realm: string): { algorithm: DigestAlgorithm; secret: string } | null => {
  const stored = (algorithm: StoredPassword['algorithm']) =>
    account.passwords.find((password) => password.algorithm === algorithm)?.password
  const clear = stored('CLRTXT')
  for (const algorithm of DIGEST_ALGORITHMS.toReversed()) {
    const secret = stored(algorithm) ?? (clear && ha1(algorithm, account.username, realm, clear))
    if (secret !== undefined) return { algorithm, secret }
  }
  return null
}

const judged = (found: Caller | AppError): Verdict =>
  found instanceof AppError
    ? { caller: null, refused: found, challenge: null }
    : { caller: found, refused: null, challenge: null }

/** A refusal as a value; anything else is thrown on. */
const refusalOf = (error: unknown): AppError => {
  if (error instanceof AppError) return error
  throw error
}

/** Who is asked for a password. */
interface Subject {
  /** null: nobody, or an account without a password; no response is right. */
  readonly account: StoredAccount | null
  readonly address: SipAddress
  /** 0: the domain is none of ours. */
  readonly spaceId: number
  readonly realm: string
  readonly algorithm: DigestAlgorithm
  /** The HA1 that the response is compared by; of nobody, one that nobody has. */
  readonly secret: string
}

/** Who is calling, by API key or else by DIGEST (behaviour/requests.md §4), and whether they may. */
export const authentication = (deps: {
  config: Config
  db: Db
  secrets: Secrets
  random: Random
  spaces: SpaceDirectory
  apiKeys: ApiKeys
  limits: Limits
  log: Logging
  now: () => Date
}) => {
  const { config, db, secrets, spaces, apiKeys, limits, log, now } = deps
  const store = authenticationStore(db)
  const nonces = noncesOf(deps)
  /** null: anybody may learn which accounts there are. */
  const strangers = config.PUBLIC_ACCOUNT_INFO
    ? null
    : decoys({ key: secrets.keyFor('decoys'), store, now: () => now().getTime() })

  /** Who a `From` names, with the account if there is one; null: it cannot be read. */
  const namedBy = remembered(
    db,
    () => now().getTime(),
    async (from: string): Promise<{ address: SipAddress; account: StoredAccount | null } | null> => {
      const address = parseSipAddress(from)
      if (address === null) return null
      const account = await store.accountWithPasswords(everySpace('authentication'), address.user, address.host)
      return { address, account }
    },
  )

  /** Where strangers may not learn who has an account, everything happens alike for everybody. */
  const subjectOf = async (visit: Visit, from: string): Promise<Subject> => {
    const named = await namedBy(from)
    if (named === null) throw new AppError('unauthenticated', 'auth.from_needed')
    const { address, account } = named
    if (account === null && strangers === null) throw new AppError('not_found', 'auth.unknown_account')
    const space = address.host === visit.space.domain ? visit.space : await spaces.byDomain(address.host)
    if (space === null && strangers === null) throw new AppError('not_found', 'auth.unknown_account')
    const realm = space === null ? address.host : realmOf(space)
    const decoy = strangers === null ? null : await strangers.of(space, address)
    const strongest = account === null ? null : strongestOf(account, realm)
    const asked = strongest ?? decoy
    if (asked === null) throw new AppError('unauthenticated', 'auth.no_password')
    return { account: strongest === null ? null : account, address, spaceId: space?.id ?? 0, realm, ...asked }
  }

  const record = securityRecords(log)

  const admit = async (
    visit: Visit,
    account: Standing & { id: number; username: string; domain: string; admin: boolean; activated: boolean },
    via: Caller['via'],
    key: CallerKey | null,
  ): Promise<Caller> => {
    refuseClosed(account)
    const space = account.domain === visit.space.domain ? visit.space : await spaces.byDomain(account.domain)
    if (space === null) throw new AppError('not_found', 'auth.unknown_account')
    const role = roleOf(account, space)
    if (space.id !== visit.space.id && role !== 'super') throw new AppError('forbidden', 'auth.other_space')
    const { id, username, domain, activated } = account
    return { id, username, domain, activated, space, role, via, key }
  }

  const byKey = async (visit: Visit, key: string, via: 'key' | 'cookie'): Promise<Caller> => {
    const account = await apiKeys.use(key, visit)
    if (typeof account === 'string') {
      await limits.keyFailures.consume(visit.network)
      record('auth.key.fail', visit, null, { via, reason: account })
      throw account === 'other_network'
        ? new AppError('forbidden', 'auth.key_network')
        : new AppError('unauthenticated', 'auth.key')
    }
    return admit(visit, account, via, account.named)
  }

  const byDigest = async (visit: Visit, from: string, proof: Proof): Promise<Verdict> => {
    const { account: named, address, spaceId, realm, algorithm, secret } = await subjectOf(visit, from)
    const holder = { accountId: named?.id ?? 0, spaceId, address: visit.address }
    const challenged = (refused: AppError, stale: boolean): Verdict => ({
      caller: null,
      refused,
      challenge: challenge({ realm, algorithm, ...nonces.issue(holder), stale }),
    })

    if (proof.authorization === null) return challenged(CHALLENGED, false)

    const given = proof.authorization
    const inspect = () => {
      const credentials = parseDigestCredentials(given)
      if (credentials === null) return 'malformed'
      if (credentials.username !== address.user) return 'username'
      if (credentials.realm !== realm) return 'realm'
      if (!proof.isTarget(credentials.uri)) return 'uri'
      // The one that we asked for: nobody in between may talk the client into a weaker one (RFC 7616 §3.4).
      if (credentials.algorithm !== algorithm) return 'algorithm'
      const issuedAt = nonces.issuedAt(credentials, holder)
      if (issuedAt === null) return 'nonce'
      const isRight = responseMatches(credentials, secret, proof.method)
      if (named === null) return 'no_account'
      return isRight ? { account: named, credentials, issuedAt } : 'bad_password'
    }
    const proven = await limits.digests.look(visit.network, inspect)
    if (typeof proven === 'string') {
      record(
        'auth.digest.fail',
        visit,
        { username: address.user, domain: address.host },
        { via: 'digest', reason: proven },
      )
      return challenged(new AppError('unauthenticated', 'auth.failed'), false)
    }

    const { account, credentials, issuedAt } = proven
    // The response is right: whatever is wrong from here on is only stale.
    const fresh =
      credentials.nonceCount <= MOST_COUNT &&
      nonces.isAlive(issuedAt) &&
      (await nonces.spend(credentials.nonce, credentials.nonceCount, issuedAt))
    if (!fresh) return challenged(new AppError('unauthenticated', 'auth.stale'), true)
    const told = challenge({
      realm,
      algorithm: credentials.algorithm,
      nonce: credentials.nonce,
      opaque: credentials.opaque,
      stale: false,
    })
    const admitted = await admit(visit, account, 'digest', null).catch(refusalOf)
    return { ...judged(admitted), challenge: told }
  }

  /** null: the request names nobody in any way. */
  const recognise = async (visit: Visit, proof: Proof): Promise<Verdict | null> => {
    if (proof.apiKey !== null) return judged(await byKey(visit, proof.apiKey, 'key'))
    if (proof.apiKeyCookie !== null) return judged(await byKey(visit, proof.apiKeyCookie, 'cookie'))
    return proof.from === null ? null : byDigest(visit, proof.from, proof)
  }

  return {
    /**
     * The caller, with at least that role and, by a named key, one of the scopes. What has no challenge to send may be
     * thrown, too.
     */
    authenticate: async (visit: Visit, proof: Proof, { role, scopes }: Needs): Promise<Verdict> => {
      const verdict = await recognise(visit, proof)
      if (verdict === null) throw new AppError('unauthenticated', 'auth.from_needed')
      const { caller } = verdict
      if (caller === null) return verdict
      if (!mayActAs(caller, role)) {
        record('admin.denied', visit, caller, { space: visit.space.domain, path: proof.path() })
        return { ...verdict, refused: roleNeeded(role) }
      }
      const refused = scopeNeeded(caller, scopes)
      if (refused === null) return verdict
      record('admin.denied', visit, caller, { reason: 'scope', api_key_id: caller.key?.id, path: proof.path() })
      return { ...verdict, refused }
    },
  }
}

export type Authentication = ReturnType<typeof authentication>
