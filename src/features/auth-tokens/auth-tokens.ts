import type { Config } from '../../config/config.ts'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { AppError } from '../../errors.ts'
import { isoMoment } from '../../http/moment.ts'
import type { Visit } from '../../http/visit.ts'
import type { Logging } from '../../logging/logging.ts'
import { qrPng } from '../../protocols/qr.ts'
import type { Secrets } from '../../secrets.ts'
import type { Accounts, Found } from '../accounts/accounts.ts'
import type { ApiKeys } from '../api-keys/api-keys.ts'
import type { Caller } from '../authentication/caller.ts'
import { authTokenStore } from './store.ts'

const TOKEN_LENGTH = 32

/** From creation; attaching does not extend it. */
const LIFETIME_MS = 5 * 60_000

/** Hands an identity from a device that has one to a device that has none (spec tokens.md §9). */
export const authTokens = (deps: {
  config: Config
  db: Db
  secrets: Secrets
  accounts: Accounts
  apiKeys: ApiKeys
  log: Logging
  now: () => Date
}) => {
  const { config, db, secrets, accounts, apiKeys, log, now } = deps
  const store = authTokenStore(db)
  const since = () => new Date(now().getTime() - LIFETIME_MS)
  const unknown = () => new AppError('not_found', 'token.unknown')

  const record = (
    event: 'auth.qr.created' | 'auth.qr.approved' | 'auth.qr.redeemed',
    visit: Visit,
    account: string | null,
  ) =>
    log.security(event, { ip: visit.address, space: visit.space.domain, account, ua: visit.userAgent, rid: visit.id })

  /** Spends an attached token for its account; 404 while nobody has attached it, so that it can be polled. */
  const redeem = async (tx: Tx, visit: Visit, token: string): Promise<Found> => {
    const accountId = await store.redeem(tx, visit.space, secrets.hash(token), since())
    if (accountId === null) throw unknown()
    const found = await accounts.view(tx, visit.space, accountId)
    if (found.account.blocked) throw new AppError('forbidden', 'auth.blocked')
    record('auth.qr.redeemed', visit, `${found.account.username}@${found.account.domain}`)
    return found
  }

  return {
    create: async (visit: Visit) => {
      const token = secrets.token(TOKEN_LENGTH)
      const at = now()
      const row = { spaceId: visit.space.id, token: secrets.hash(token), ip: visit.address, userAgent: visit.userAgent }
      const id = await db.transaction((tx) => store.insert(tx, row, at))
      record('auth.qr.created', visit, null)
      return { token, ip: row.ip, user_agent: row.userAgent, updated_at: isoMoment(at), created_at: isoMoment(at), id }
    },
    /** The caller lends its identity to whoever holds the token. */
    attach: async (visit: Visit, caller: Caller, token: string): Promise<void> => {
      const attached = await db.transaction((tx) =>
        store.attach(tx, visit.space, secrets.hash(token), since(), caller.id, now()),
      )
      if (!attached) throw unknown()
      record('auth.qr.approved', visit, `${caller.username}@${caller.domain}`)
    },
    redeem,
    /** A new API key of the attached account, bound to the caller's address; shown this once. */
    redeemForApiKey: async (visit: Visit, token: string): Promise<string> =>
      db.transaction(async (tx) => apiKeys.regenerate(tx, (await redeem(tx, visit, token)).account.id, visit.address)),
    /** Refuses what `redeem` would refuse; spends nothing. */
    inspect: async (on: Reader, visit: Visit, token: string): Promise<void> => {
      const found = await store.find(on, visit.space, secrets.hash(token), since())
      if (found === null || found.accountId === null) throw unknown()
      const { account } = await accounts.view(on, visit.space, found.accountId)
      if (account.blocked) throw new AppError('forbidden', 'auth.blocked')
    },
    /** The picture that the other device scans: it leads to a page that signs in, or that asks for approval. */
    qrCode: async (visit: Visit, token: string): Promise<Uint8Array> => {
      const found = await store.find(db.read, visit.space, secrets.hash(token), since())
      if (found === null) throw unknown()
      const page = found.accountId === null ? 'auth/external' : 'auth'
      return qrPng(`${visit.baseUrl()}${config.BASE_PATH}/auth_tokens/${page}/${token}`, { level: 'H' })
    },
  }
}

export type AuthTokens = ReturnType<typeof authTokens>
