import type { Config } from '../../config/config.ts'
import type { ImportFault } from '../../db/tables.ts'
import { AppError } from '../../errors.ts'
import { Input } from '../../http/input.ts'
import type { Message } from '../../messages/messages.ts'
import { hasUniqueEmails, type PasswordAlgorithm, type Space } from '../../nouns/space.ts'
import { ha1 } from '../../protocols/digest.ts'
import type { Phone } from '../../protocols/e164.ts'
import { foldedEmail } from '../../protocols/email-address.ts'
import { addressOfRecord } from '../../protocols/sip-address.ts'
import { checkPhone, checkUsername } from '../accounts/rules.ts'
import { checkPassword, defaultAlgorithm } from '../passwords/rules.ts'
import { type Column, EXTERNAL_HA1_OF, HA1_OF, headOf, ImportedAccount, listsIn, SECRET_COLUMNS } from './columns.ts'
import type { Line } from './reading.ts'

/** An HA1 value. */
export interface StagedHash {
  readonly algorithm: PasswordAlgorithm
  readonly ha1: string
}

/** A line at a carrier, as a file names it; its password is an HA1 value already. */
export interface StagedLine {
  readonly username: string
  readonly domain: string
  readonly password: string
  readonly algorithm: PasswordAlgorithm
  readonly realm: string | null
  readonly registrar: string | null
  readonly outboundProxy: string | null
  readonly protocol: 'UDP' | 'TCP' | 'TLS'
}

/** An account that a line asks for, without anything that is secret in clear. */
export interface StagedAccount extends Readonly<Record<string, unknown>> {
  readonly username: string
  readonly displayName: string | null
  readonly email: string | null
  readonly phone: string | null
  readonly admin: boolean
  readonly activated: boolean
  /** HA1 values; null: none of that algorithm. */
  readonly sha256: string | null
  readonly md5: string | null
  readonly external: StagedLine | null
  readonly lists: readonly number[]
}

export interface CheckedLine {
  readonly line: number
  readonly account: StagedAccount | null
  readonly faults: readonly ImportFault[]
}

/** Reads what a line says of an external account; refusals by the names of its own form. */
export type ReadLine = (members: Readonly<Record<string, unknown>>, hash: StagedHash | null) => StagedLine

type Refuse = (column: Column, message: Message) => void

/** What collides with accounts that are there, or had the name not long ago. */
export interface Taken {
  readonly names: ReadonlySet<string>
  /** Folded. */
  readonly emails: ReadonlySet<string>
  /** Numbers of accounts, and user names that are numbers. */
  readonly phones: ReadonlySet<string>
  /** `user@domain` of external accounts, of all Spaces. */
  readonly lines: ReadonlySet<string>
}

const EXTERNAL = {
  external_username: 'username',
  external_domain: 'domain',
  external_password: 'password',
  external_realm: 'realm',
  external_registrar: 'registrar',
  external_outbound_proxy: 'outbound_proxy',
  external_protocol: 'protocol',
} as const satisfies Partial<Record<Column, string>>

const LENGTH_OF = { 'SHA-256': 64, MD5: 32 } as const
const isHash = (text: string, length: number): boolean => text.length === length && /^[0-9a-f]+$/i.test(text)

const LONGEST_SHOWN = 80

/**
 * Checks the lines of one file, in their order: each by itself, then against those before it and the accounts that are
 * there.
 */
export const lineChecker = (deps: {
  config: Config
  space: Space
  /** With which HA1 values are made; null: the Space stores no passwords. */
  realm: string | null
  accepts: (phone: Phone) => boolean
  lists: ReadonlyMap<string, number>
  readLine: ReadLine
  randomPassword: () => string
}) => {
  const { config, space, realm, accepts, lists, readLine, randomPassword } = deps
  const areEmailsUnique = hasUniqueEmails(config, space)
  /** On which line it was first. */
  const seen = { names: new Map<string, number>(), emails: new Map(), phones: new Map(), lines: new Map() }

  const shown = ({ cells }: Line, column: Column): string | null =>
    SECRET_COLUMNS.has(column) ? null : (cells[column] ?? '').slice(0, LONGEST_SHOWN)

  /** The HA1 values that stand in these columns. */
  const hashesIn = ({ cells }: Line, columns: typeof HA1_OF | typeof EXTERNAL_HA1_OF, refuse: Refuse): StagedHash[] =>
    (['SHA-256', 'MD5'] as const).flatMap((algorithm) => {
      const column = columns[algorithm]
      const text = cells[column]
      if (text === undefined) return []
      const length = LENGTH_OF[algorithm]
      if (!isHash(text, length)) refuse(column, { id: 'import.hash', values: { length } })
      return [{ algorithm, ha1: text.toLowerCase() }]
    })

  const passwordsOf = (line: Line, username: string, refuse: Refuse): readonly StagedHash[] => {
    const { cells } = line
    const given = hashesIn(line, HA1_OF, refuse)
    const { password } = cells
    if (realm === null) {
      const column = password !== undefined ? 'password' : given[0] === undefined ? null : HA1_OF[given[0].algorithm]
      if (column !== null) refuse(column, { id: 'account.no_digest' })
      return []
    }
    if (password !== undefined && given.length > 0) refuse('password', { id: 'import.password_and_hash' })
    if (given.length > 0) return given
    const algorithm = defaultAlgorithm(space.digest)
    return [{ algorithm, ha1: ha1(algorithm, username, realm, password ?? randomPassword()) }]
  }

  const externalOf = (line: Line, refuse: Refuse): StagedLine | null => {
    const { cells } = line
    const columns = Object.keys(EXTERNAL) as (keyof typeof EXTERNAL)[]
    const [hash = null, another] = hashesIn(line, EXTERNAL_HA1_OF, refuse)
    if (hash === null && columns.every((column) => cells[column] === undefined)) return null
    const members: Record<string, unknown> = Object.fromEntries(
      columns.map((column) => [EXTERNAL[column], cells[column] ?? null]),
    )
    members.protocol = (cells.external_protocol ?? 'UDP').toUpperCase()
    if (hash !== null && (another !== undefined || cells.external_password !== undefined)) {
      refuse('external_password', { id: 'import.password_and_hash' })
    }
    try {
      return readLine(members, hash)
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      for (const [name, messages] of error.fields) {
        const column = columns.find((one) => EXTERNAL[one] === name) ?? 'external_username'
        for (const message of messages) refuse(column, message)
      }
      return null
    }
  }

  const listsOf = ({ cells }: Line, refuse: Refuse): number[] =>
    listsIn(cells.contacts_list ?? '').flatMap((title) => {
      const id = lists.get(title)
      if (id === undefined) refuse('contacts_list', { id: 'import.unknown_list', values: { title } })
      return id ?? []
    })

  /** What the line says by itself. */
  const alone = (line: Line) => {
    const { cells } = line
    const faults: ImportFault[] = []
    const refuse = (column: Column, message: Message) => {
      faults.push({ column: headOf(column), shown: shown(line, column), ...message })
    }
    if (line.isMisshapen) {
      faults.push({ column: '', shown: null, id: 'import.shape' })
      return { line, faults, account: null }
    }
    const input = new Input(ImportedAccount, {
      ...cells,
      ...(cells.role === undefined ? {} : { role: cells.role.toLowerCase() }),
      ...(cells.status === undefined ? {} : { status: cells.status.toLowerCase() }),
    })
    checkUsername(input, config, 'in the panel')
    checkPassword(input, config)
    const phone = checkPhone(input, accepts)
    try {
      input.settle()
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      for (const [name, messages] of error.fields) for (const message of messages) refuse(name as Column, message)
    }
    const username = input.values.username ?? ''
    const passwords = passwordsOf(line, username, refuse)
    const ha1Of = (wanted: PasswordAlgorithm) => passwords.find(({ algorithm }) => algorithm === wanted)?.ha1 ?? null
    const account: StagedAccount = {
      username,
      displayName: input.values.display_name,
      email: input.values.email,
      phone,
      admin: input.values.role === 'admin',
      activated: input.values.status !== 'inactive',
      sha256: ha1Of('SHA-256'),
      md5: ha1Of('MD5'),
      external: externalOf(line, refuse),
      lists: listsOf(line, refuse),
    }
    return { line, faults, account }
  }

  type Alone = ReturnType<typeof alone>

  /** What collides with a line before it, or with what is there. */
  const together = ({ line, faults, account }: Alone, taken: Taken): void => {
    if (account === null) return
    const unique = (kind: keyof typeof seen, column: Column, value: string | null, areTaken: ReadonlySet<string>) => {
      if (value === null || value === '') return
      const first = seen[kind].get(value)
      const fault = { column: headOf(column), shown: shown(line, column) }
      if (first !== undefined) faults.push({ ...fault, id: 'import.twice', values: { line: first } })
      else if (areTaken.has(value)) faults.push({ ...fault, id: 'v.taken' })
      if (first === undefined) seen[kind].set(value, line.line)
    }
    const { username, email, phone, external } = account
    unique('names', 'username', username, taken.names)
    if (areEmailsUnique) unique('emails', 'email', email === null ? null : foldedEmail(email), taken.emails)
    unique('phones', 'phone', phone, taken.phones)
    unique('lines', 'external_username', external === null ? null : addressOfRecord(external), taken.lines)
  }

  return {
    alone,
    /** In the order of the file. */
    together: (lines: readonly Alone[], taken: Taken): CheckedLine[] =>
      lines.map((one) => {
        together(one, taken)
        const { line, faults, account } = one
        return { line: line.line, account: faults.length > 0 ? null : account, faults }
      }),
  }
}

export type LineChecker = ReturnType<typeof lineChecker>
