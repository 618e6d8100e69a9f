import type { PasswordAlgorithm } from '../../nouns/space.ts'
import { parsePhone } from '../../protocols/e164.ts'

/** An account as a seed names it. */
export interface SeededAccount {
  readonly id: number
  readonly username: string
  readonly domain: string
  /** E.164; null: none. */
  readonly phone: string | null
  readonly activated: boolean
  /** HA1 values as they are; at most one of each algorithm. */
  readonly passwords: readonly { readonly algorithm: PasswordAlgorithm; readonly ha1: string }[]
}

/** What a seed says, or every reason why it cannot be used, as English sentences. */
export type Seed =
  | { readonly accounts: readonly SeededAccount[]; readonly problems: null }
  | { readonly accounts: null; readonly problems: readonly string[] }

/** One transaction makes them all. */
const MOST_ACCOUNTS = 100_000
/** Half of what an id may be: as many are left for accounts that come to be otherwise. */
const MOST_ID = 1_073_741_823
const LONGEST_NAME = 64
const HASH_LENGTHS: Readonly<Record<PasswordAlgorithm, number>> = { MD5: 32, 'SHA-256': 64 }

type Members = Readonly<Record<string, unknown>>

const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isId = (value: unknown): value is number =>
  Number.isInteger(value) && Number(value) > 0 && Number(value) <= MOST_ID

/** A whole number from 0 on. */
const isCount = (value: unknown): value is number => Number.isInteger(value) && Number(value) >= 0

/** The entries that a `range` stands for, with its numbers put in; none, and a complaint, when it is no range. */
const spread = (range: Members, complain: (problem: string) => void): Members[] => {
  const { iteration, idStart, usernameStart, id = '%id%', username } = range
  if (!isCount(iteration) || iteration === 0 || iteration > MOST_ACCOUNTS) {
    complain(`iteration must be a whole number from 1 to ${MOST_ACCOUNTS}.`)
  }
  if (!isId(idStart)) complain(`idStart must be a whole number from 1 to ${MOST_ID}.`)
  if (!isCount(usernameStart)) complain('usernameStart must be a whole number.')
  if (id !== '%id%') complain('the id of a range must be "%id%".')
  if (typeof username !== 'string' || !username.includes('%usernamePostfix%')) {
    complain('the username of a range must have %usernamePostfix% in it.')
    return []
  }
  if (!isCount(iteration) || iteration > MOST_ACCOUNTS || !isId(idStart) || !isCount(usernameStart)) return []
  return Array.from({ length: iteration }, (_, index) => ({
    ...range,
    id: idStart + index,
    username: username.replaceAll('%usernamePostfix%', String(usernameStart + index)),
  }))
}

type Passwords = SeededAccount['passwords']

const passwordsOf = (given: unknown, complain: (problem: string) => void): Passwords => {
  if (given === undefined || given === null) return []
  if (!Array.isArray(given)) {
    complain('passwords must be a list.')
    return []
  }
  const passwords = given.flatMap((one: unknown): Passwords => {
    const { hash, algorithm } = isMembers(one) ? one : {}
    if (algorithm !== 'MD5' && algorithm !== 'SHA-256') {
      complain('the algorithm of a password must be MD5 or SHA-256.')
      return []
    }
    const length = HASH_LENGTHS[algorithm]
    if (typeof hash !== 'string' || hash.length !== length || !/^[0-9a-f]+$/i.test(hash)) {
      complain(`the hash of a password with ${algorithm} must have ${length} hexadecimal digits.`)
      return []
    }
    return [{ algorithm, ha1: hash.toLowerCase() }]
  })
  if (new Set(passwords.map(({ algorithm }) => algorithm)).size < passwords.length) {
    complain('there may be one password of each algorithm.')
  }
  return passwords
}

/** Of what is no account this is nothing that may be stored; then there are complaints. */
const accountOf = (entry: Members, names: RegExp, complain: (problem: string) => void): SeededAccount => {
  const { id, username, domain, phone = null, activated = true } = entry
  if (!isId(id)) complain(`id must be a whole number from 1 to ${MOST_ID}.`)
  const isName = typeof username === 'string' && [...username].length <= LONGEST_NAME && names.test(username)
  if (!isName || username !== username.toLowerCase()) {
    complain('username must be a user name in lower case, of at most 64 characters.')
  }
  if (typeof domain !== 'string' || domain === '') complain('domain must be a SIP domain.')
  const parsed = typeof phone === 'string' ? parsePhone(phone) : null
  if (phone !== null && parsed === null) complain('phone must be a phone number, such as +33612345678.')
  if (typeof activated !== 'boolean') complain('activated must be true or false.')
  return {
    id: Number(id),
    username: String(username),
    domain: String(domain),
    phone: parsed?.number ?? null,
    activated: activated === true,
    passwords: passwordsOf(entry.passwords, complain),
  }
}

/** Reads a seed (behaviour/operations.md §2.1). `names`: what a user name may look like. */
export const parseSeed = (text: string, names: RegExp): Seed => {
  const refused = (...problems: string[]): Seed => ({ accounts: null, problems })
  let given: unknown
  try {
    given = JSON.parse(text)
  } catch (error) {
    return refused(`It is no JSON: ${error instanceof Error ? error.message : String(error)}.`)
  }
  if (!Array.isArray(given)) return refused('It must be a list of accounts and ranges.')

  const problems = new Set<string>()
  const accounts = given.flatMap((entry: unknown, index) => {
    const complain = (problem: string) => problems.add(`Entry ${index + 1}: ${problem}`)
    if (!isMembers(entry) || (entry.type !== 'account' && entry.type !== 'range')) {
      complain('it must be an object with the type "account" or "range".')
      return []
    }
    const each = entry.type === 'range' ? spread(entry, complain) : [entry]
    return each.map((one) => accountOf(one, names, complain))
  })
  const ids = new Set<number>()
  for (const { id } of accounts) {
    if (ids.has(id)) problems.add(`The id ${id} is there more than once.`)
    ids.add(id)
  }
  if (accounts.length > MOST_ACCOUNTS) problems.add(`There may be at most ${MOST_ACCOUNTS} accounts.`)
  return problems.size > 0 ? refused(...problems) : { accounts, problems: null }
}
