import { createHmac, timingSafeEqual } from 'node:crypto'
import type { ApiKeys } from '../../access/api-keys/api-keys.ts'
import type { Accounts, Found } from '../../accounts/accounts/accounts.ts'
import type { Audit, Subject } from '../../audit/audit.ts'
import type { Config } from '../../config/config.ts'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { AppError } from '../../errors.ts'
import { isoMoment } from '../../http/moment.ts'
import type { AuditAction } from '../../logging/security-events.ts'
import { type Caller, refuseNamedKey } from '../../nouns/caller.ts'
import { refuseClosed } from '../../nouns/standing.ts'
import type { Visit } from '../../nouns/visit.ts'
import { qrPng } from '../../protocols/qr.ts'
import type { Secrets } from '../../secrets.ts'
import { authTokenStore } from './store.ts'

const TOKEN_LENGTH = 32

/** The second half of a token that belongs to one browser is the signature of the first. */
const HALF_LENGTH = TOKEN_LENGTH / 2

/** Short, and the same in both languages. */
const WORDS = (
  'agenda banjo bonsai cactus camera casino cobra domino fjord gala gondola igloo jaguar judo kayak kimono ' +
  'koala mango moto opera panda piano polka puma radio safari samba sauna tango taxi tuba zen'
).split(' ')

/** From creation; attaching does not extend it. */
const LIFETIME_MS = 5 * 60_000

/** Hands an identity from a device that has one to a device that has none (behaviour/tokens.md §7). */
export const authTokens = (deps: {
  config: Config
  db: Db
  secrets: Secrets
  accounts: Accounts
  apiKeys: ApiKeys
  audit: Audit
  now: () => Date
}) => {
  const { config, db, secrets, accounts, apiKeys, audit, now } = deps
  const store = authTokenStore(db)
  const since = () => new Date(now().getTime() - LIFETIME_MS)
  const unknown = () => new AppError('not_found', 'token.unknown')

  const bindingKey = secrets.keyFor('auth tokens of a browser')
  const sign = (text: string) => createHmac('sha256', bindingKey).update(text).digest('hex')
  const isOfBrowser = (token: string) =>
    token.slice(HALF_LENGTH) === sign(token.slice(0, HALF_LENGTH)).slice(0, HALF_LENGTH)
  /** What the browser keeps to itself, when the token is on its screen for everybody to see. */
  const proofOf = (token: string) => sign(`browser ${token}`)
  const isProof = (token: string, proof: string | null): boolean => {
    if (proof === null) return false
    const [given, expected] = [Buffer.from(proof), Buffer.from(proofOf(token))]
    return given.length === expected.length && timingSafeEqual(given, expected)
  }
  /** A token that belongs to a browser is nothing in anybody else's hands. */
  const refuseStranger = (token: string, proof: string | null): void => {
    if (isOfBrowser(token) && !isProof(token, proof)) throw unknown()
  }

  const record = (tx: Tx, action: AuditAction, by: Visit, about: Subject) =>
    audit.record(tx, action, { by, space: by.space, about })

  /** Spends an attached token for its account; 404 while nobody has attached it, so that it can be polled. */
  const redeem = async (tx: Tx, visit: Visit, token: string, proof: string | null = null): Promise<Found> => {
    refuseStranger(token, proof)
    const hash = secrets.hash(token)
    const { accountId = null } = (await store.find(tx, visit.space, hash, since())) ?? {}
    if (accountId === null) throw unknown()
    // The account first: whoever closes it takes its tokens along in this order.
    await accounts.holdOpen(tx, visit.space, accountId)
    if ((await store.redeem(tx, visit.space, hash, since())) === null) throw unknown()
    const found = await accounts.view(tx, visit.space, accountId)
    await record(tx, 'auth.qr.redeemed', visit, found.account)
    return found
  }

  const rowOf = (visit: Visit, token: string, accountId: number | null = null) => ({
    spaceId: visit.space.id,
    accountId,
    token: secrets.hash(token),
    ip: visit.address,
    userAgent: visit.userAgent,
  })

  /** Of nobody yet. */
  const insertUnbound = (visit: Visit, row: ReturnType<typeof rowOf>, at: Date): Promise<number> =>
    db.transaction(async (tx) => {
      const id = await store.insert(tx, row, at)
      await record(tx, 'auth.qr.created', visit, { kind: 'token', id })
      return id
    })

  return {
    create: async (visit: Visit) => {
      const token = secrets.token(TOKEN_LENGTH)
      const at = now()
      const row = rowOf(visit, token)
      const id = await insertUnbound(visit, row, at)
      return { token, ip: row.ip, user_agent: row.userAgent, updated_at: isoMoment(at), created_at: isoMoment(at), id }
    },
    /** For a browser that waits to be signed in: it alone, by its proof, may redeem the token. */
    createForBrowser: async (visit: Visit): Promise<{ token: string; proof: string }> => {
      const half = secrets.token(HALF_LENGTH)
      const token = half + sign(half).slice(0, HALF_LENGTH)
      await insertUnbound(visit, rowOf(visit, token), now())
      return { token, proof: proofOf(token) }
    },
    /** Signs another device in as the caller, whoever scans it first. Its earlier ones are gone. */
    createForCaller: async (visit: Visit, caller: Caller): Promise<string> => {
      const token = secrets.token(TOKEN_LENGTH)
      await db.transaction(async (tx) => {
        await accounts.hold(tx, caller.space, caller.id)
        await store.clear(tx, visit.space, caller.id, since())
        await store.insert(tx, rowOf(visit, token, caller.id), now())
        await record(tx, 'auth.qr.created', visit, caller)
      })
      return token
    },
    /** How the browser's token is doing; null: it is unknown, too old, or another browser's. */
    ofBrowser: async (visit: Visit, token: string, proof: string | null) => {
      if (!isOfBrowser(token) || !isProof(token, proof)) return null
      const found = await store.find(db.read, visit.space, secrets.hash(token), since())
      if (found === null) return null
      return { isApproved: found.accountId !== null, expiresAt: new Date(found.createdAt.getTime() + LIFETIME_MS) }
    },
    /** Who asks to be signed in: what the page of approval shows. */
    waiting: async (visit: Visit, token: string) => {
      const found = await store.find(db.read, visit.space, secrets.hash(token), since())
      if (found === null || found.accountId !== null) throw unknown()
      return found
    },
    /** Two words that both devices show, so that nobody approves somebody else's screen. */
    phraseOf: (token: string): string => {
      const digits = secrets.hash(`phrase ${token}`)
      const word = (at: number) => WORDS[Number.parseInt(digits.slice(at, at + 2), 16) % WORDS.length]
      return `${word(0)} ${word(2)}`
    },
    /** The caller lends its identity to whoever holds the token. */
    attach: async (visit: Visit, caller: Caller, token: string): Promise<void> => {
      refuseNamedKey(caller)
      await db.transaction(async (tx) => {
        if (!(await store.attach(tx, visit.space, secrets.hash(token), since(), caller.id, now()))) throw unknown()
        await record(tx, 'auth.qr.approved', visit, caller)
      })
    },
    redeem,
    /** A new API key of the attached account, bound to the caller's address; shown this once. */
    redeemForApiKey: async (visit: Visit, token: string): Promise<string> =>
      db.transaction(async (tx) => {
        const { account } = await redeem(tx, visit, token)
        await record(tx, 'apikey.created', visit, account)
        return apiKeys.regenerate(tx, account.id, visit.address)
      }),
    /** Refuses what `redeem` would refuse; spends nothing. */
    inspect: async (on: Reader, visit: Visit, token: string): Promise<Found> => {
      refuseStranger(token, null)
      const found = await store.find(on, visit.space, secrets.hash(token), since())
      if (found === null || found.accountId === null) throw unknown()
      const attached = await accounts.view(on, visit.space, found.accountId)
      refuseClosed(attached.account)
      return attached
    },
    /** The picture that the other device scans: it leads to a page that signs in, or that asks for approval. */
    qrCode: async (visit: Visit, token: string): Promise<Uint8Array> => {
      const found = await store.find(db.read, visit.space, secrets.hash(token), since())
      if (found === null || (found.accountId !== null && isOfBrowser(token))) throw unknown()
      const page = found.accountId === null ? 'auth/external' : 'auth'
      return qrPng(`${visit.baseUrl()}${config.BASE_PATH}/auth_tokens/${page}/${token}`, { level: 'H' })
    },
  }
}

export type AuthTokens = ReturnType<typeof authTokens>
