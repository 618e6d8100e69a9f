import type { Config } from '../../config/config.ts'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { turn } from '../../db/turn.ts'
import { AppError } from '../../errors.ts'
import type { Space } from '../../nouns/space.ts'
import { refuseClosed } from '../../nouns/standing.ts'
import type { Secrets } from '../../secrets.ts'
import { provisioningTokenStore } from './store.ts'

const TOKEN_LENGTH = 13
/** Some hundred microseconds. */
const MADE_AT_ONCE = 100
const TOKEN = /^[A-Za-z0-9]{13}$/

/** A token as it is stored. */
export interface MadeToken {
  readonly token: string
  readonly sealed: string
}

/** The one-time tokens that a phone configures itself with (behaviour/tokens.md §6, behaviour/provisioning.md §5). */
export const provisioningTokens = (deps: { config: Config; db: Db; secrets: Secrets; now: () => Date }) => {
  const { config, secrets, now } = deps
  const store = provisioningTokenStore(deps.db)

  /** null: never. */
  const expiryOf = (createdAt: Date): Date | null => {
    const minutes = config.APP_PROVISIONING_TOKEN_EXPIRATION_MINUTES
    return minutes === null ? null : new Date(createdAt.getTime() + minutes * 60_000)
  }
  const isExpired = (createdAt: Date) => {
    const expiry = expiryOf(createdAt)
    return expiry !== null && expiry < now()
  }

  /** The live token, or the refusal that tells what is wrong with it; spends nothing. */
  const inspect = async (on: Reader, space: Space, token: string) => {
    const found = TOKEN.test(token) ? await store.unused(on, space, secrets.hash(token)) : null
    if (found === null) throw new AppError('not_found', 'provisioning.unknown')
    if (isExpired(found.createdAt)) throw new AppError('not_found', 'provisioning.expired')
    refuseClosed(found)
    return found
  }

  return {
    /** A new token; it makes the account's older ones worthless. */
    issue: async (tx: Tx, accountId: number, by: { address: string; userAgent: string | null }): Promise<string> => {
      const token = secrets.token(TOKEN_LENGTH)
      await store.insert(tx, {
        accountId,
        token: secrets.hash(token),
        sealed: secrets.seal(token),
        ip: by.address,
        userAgent: by.userAgent,
        at: now(),
      })
      return token
    },
    /**
     * New tokens as they are stored, for accounts that are being made. In the order of their hashes: of each page of the
     * index as much is written then as belongs there. Others have their turns meanwhile.
     */
    madeInOrder: async (count: number): Promise<MadeToken[]> => {
      const byFirstByte = Array.from({ length: 256 }, (): MadeToken[] => [])
      for (let made = 0; made < count; made++) {
        const token = secrets.token(TOKEN_LENGTH)
        const hash = secrets.hash(token)
        byFirstByte[Number.parseInt(hash.slice(0, 2), 16)]?.push({ token: hash, sealed: secrets.seal(token) })
        if (made % MADE_AT_ONCE === MADE_AT_ONCE - 1) await turn()
      }
      return byFirstByte.flatMap((some) => some.sort((a, b) => (a.token < b.token ? -1 : 1)))
    },
    /** The token of an account's row; null: none that can be shown again, and a new one has to be made. */
    reveal: secrets.reveal,
    expiryOf,
    inspect,
    /** All unused tokens of the account become worthless. */
    revoke: (tx: Tx, accountId: number) => store.revoke(tx, accountId, now()),
    /** The account's unused tokens end without having set up anything. Whether there was one. */
    drop: (tx: Tx, accountId: number): Promise<boolean> => store.drop(tx, accountId),
    /** Spends an inspected token for exactly one caller, who holds its account. */
    consume: async (tx: Tx, token: { id: number; accountId: number }): Promise<void> => {
      if (!(await store.consume(tx, token, now()))) throw new AppError('not_found', 'provisioning.unknown')
    },
  }
}

export type ProvisioningTokens = ReturnType<typeof provisioningTokens>
