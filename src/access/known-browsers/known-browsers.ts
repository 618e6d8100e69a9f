import { createHmac, timingSafeEqual } from 'node:crypto'
import { readCookie, setCookie } from '../../http/cookies.ts'
import type { Visit } from '../../nouns/visit.ts'
import type { Secrets } from '../../secrets.ts'

const YEAR_SECONDS = 365 * 24 * 3600
/** A few people may share a browser, and somebody may have an account of their own and the administrator's. */
const MOST_ACCOUNTS = 5
const NAME_LENGTH = 16
const LONGEST_COOKIE = 1024

/** Somebody signed in to the account from this browser. `name` tells browsers apart and says nothing about any. */
interface Known {
  readonly accountId: number
  readonly name: string
}

const COOKIE = 'sipkeeper_known'

/**
 * Browsers from which an account was signed in to, by a signed cookie of a year that outlives the session. It opens
 * nothing: who shows it has a budget of guesses that strangers cannot use up.
 */
export const knownBrowsers = ({ secrets, now }: { secrets: Secrets; now: () => Date }) => {
  const key = secrets.keyFor('known browsers')
  const sign = (text: string) => createHmac('sha256', key).update(text).digest('hex').slice(0, 32)
  const seconds = () => Math.floor(now().getTime() / 1000)

  const entryOf = ({ space }: Visit, { accountId, name }: Known, since: number): string =>
    `${accountId}.${name}.${since}.${sign(`${space.id} ${accountId} ${name} ${since}`)}`

  const read = (visit: Visit, entry: string): (Known & { readonly entry: string }) | null => {
    const [id = '', name = '', since = ''] = entry.split('.')
    const known = { accountId: Number(id), name }
    const expected = Buffer.from(entryOf(visit, known, Number(since)))
    const given = Buffer.from(entry)
    const isOurs = given.length === expected.length && timingSafeEqual(given, expected)
    return isOurs && Number(since) + YEAR_SECONDS > seconds() ? { ...known, entry } : null
  }

  const all = (request: Request, visit: Visit) => {
    const value = readCookie(request, visit, COOKIE) ?? ''
    const entries = value.length > LONGEST_COOKIE ? [] : value.split('~').slice(0, MOST_ACCOUNTS)
    return entries.map((entry) => read(visit, entry)).filter((known) => known !== null)
  }

  return {
    /** The name of this browser where somebody signed in to the account from it; null elsewhere. */
    nameFor: (request: Request, visit: Visit, accountId: number): string | null =>
      all(request, visit).find((known) => known.accountId === accountId)?.name ?? null,
    /** Whether anybody signed in from this browser. */
    isKnown: (request: Request, visit: Visit): boolean => all(request, visit).length > 0,
    /** For `Set-Cookie`: somebody has signed in to the account. */
    remember: (request: Request, visit: Visit, accountId: number): string => {
      const others = all(request, visit).filter((known) => known.accountId !== accountId)
      const newest = entryOf(visit, { accountId, name: secrets.token(NAME_LENGTH) }, seconds())
      const value = [newest, ...others.map(({ entry }) => entry)].slice(0, MOST_ACCOUNTS).join('~')
      return setCookie(visit, COOKIE, value, YEAR_SECONDS)
    },
  }
}

export type KnownBrowsers = ReturnType<typeof knownBrowsers>
