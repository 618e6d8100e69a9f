import type { Tx } from '../db/db.ts'
import { ha1 } from '../protocols/digest.ts'
import { parsePhone } from '../protocols/e164.ts'
import { addressOfRecord } from '../protocols/sip-address.ts'
import type { IdMap } from './ids.ts'
import type { Report } from './report.ts'
import type { Source } from './source.ts'
import type { MovedSpace, Spaces } from './spaces.ts'
import type { MovingInStore } from './store.ts'
import { flagIn, type Row, stampsIn, textIn, wordIn } from './values.ts'

/** Accounts that are read and written together, with all that belongs to them. */
const PAGE = 500

const LONGEST_NAME = 64
const LONGEST_EMAIL = 64
const LONGEST_DISPLAY_NAME = 255
const DTMF = ['sipinfo', 'rfc2833', 'sipmessage'] as const

/** No control character, no blank, nothing that ends a user in an address. */
const isName = (username: string): boolean =>
  username !== '' && username.length <= LONGEST_NAME && !/[\p{Cc}\s@:<>"]/u.test(username)

/** An account of theirs as it comes. */
export interface Coming {
  /** The id that it had. */
  readonly theirs: number
  readonly space: MovedSpace
  /** As it was written there: HA1 values are made of it. */
  readonly written: string
  readonly row: {
    readonly username: string
    readonly domain: string
    readonly email: string | null
    readonly phone: string | null
    readonly displayName: string | null
    readonly dtmfProtocol: (typeof DTMF)[number] | null
    readonly activated: boolean
    readonly switchedOff: boolean
    readonly blocked: boolean
    readonly admin: boolean
    readonly selfRegistered: boolean
    readonly ipAddress: string
    readonly userAgent: string
    readonly locale: null
    readonly createdAt: Date
    readonly updatedAt: Date
  }
}

/** A page of accounts after they were written: what belongs to them may follow. */
export interface Page {
  readonly first: number
  readonly last: number
  /** Those that are new here, by the ids that they had. */
  readonly arrived: ReadonlyMap<number, Coming & { readonly id: number }>
  /** The rows as they were read. */
  readonly rows: readonly Row[]
}

export const movingAccounts = (deps: {
  source: Source
  store: MovingInStore
  report: Report
  ids: IdMap
  spaces: Spaces
  now: Date
  /** Whether there were accounts before. */
  isEmpty: boolean
  takeIds: (tx: Tx, table: 'accounts', theirs: readonly number[]) => Promise<number[]>
}) => {
  const { source, store, report, ids, spaces, now, isEmpty, takeIds } = deps

  /** What older versions keep beside accounts. */
  const aliasesOf = async (first: number, last: number): Promise<ReadonlyMap<number, string>> => {
    const found = new Map<number, string>()
    for (const row of await source.between('aliases', 'account_id', first, last, 'id')) {
      const alias = wordIn(row, 'alias')
      // The lowest id is the one that people are found by.
      if (alias !== null && !found.has(Number(row.account_id))) found.set(Number(row.account_id), alias)
    }
    return found
  }
  const administratorsOf = async (first: number, last: number): Promise<ReadonlySet<number>> =>
    new Set(
      (await source.between('admins', 'account_id', first, last, 'account_id')).map((row) => Number(row.account_id)),
    )

  const emailOf = (row: Row, name: string): string | null => {
    const email = wordIn(row, 'email')
    if (email === null || (email.length <= LONGEST_EMAIL && /^[^\s@\p{Cc}]+@[^\s@\p{Cc}]+$/u.test(email))) return email
    report.without('accounts', name, `its e-mail address is none: ${email}`)
    return null
  }

  const phoneOf = (written: string | null, name: string): string | null => {
    if (written === null) return null
    const phone = parsePhone(written)
    if (phone === null) {
      report.without('accounts', name, `its phone number cannot exist: ${written}`)
      return null
    }
    if (phone.number !== written) report.changed('accounts', name, `its phone number is written ${phone.number}`)
    return phone.number
  }

  const displayNameOf = (row: Row, name: string): string | null => {
    const shown = wordIn(row, 'display_name')
    if (shown === null) return null
    const clean = [...shown.replaceAll(/\p{Cc}/gu, ' ')].slice(0, LONGEST_DISPLAY_NAME).join('')
    if (clean !== shown) report.changed('accounts', name, 'its display name comes without control characters')
    return clean
  }

  /** null: it does not come, which was said. */
  const comingOf = (row: Row, alias: string | null, isAdmin: boolean): Coming | null => {
    const written = textIn(row, 'username') ?? ''
    const domain = wordIn(row, 'domain')?.toLowerCase() ?? ''
    const username = written.toLowerCase()
    const name = addressOfRecord({ username: written, domain })
    const space = spaces.byDomain.get(domain)
    if (space === undefined) {
      report.lost('accounts', name, `its Space ${domain} does not come`)
      return null
    }
    if (!isName(username)) {
      report.lost('accounts', name, 'it has no name that an address can have')
      return null
    }
    if (written !== username) report.changed('accounts', name, `is called ${username} here`)
    const dtmf = wordIn(row, 'dtmf_protocol')
    const dtmfProtocol = DTMF.find((known) => known === dtmf) ?? null
    if (dtmf !== null && dtmfProtocol === null) report.changed('accounts', name, `its DTMF protocol ${dtmf} is none`)
    const theirs = Number(row.id)
    return {
      theirs,
      space,
      written,
      row: {
        username,
        domain,
        email: emailOf(row, name),
        phone: phoneOf(wordIn(row, 'phone') ?? alias, name),
        displayName: displayNameOf(row, name),
        dtmfProtocol,
        activated: flagIn(row, 'activated', false),
        switchedOff: false,
        blocked: flagIn(row, 'blocked', false),
        admin: flagIn(row, 'admin', false) || isAdmin,
        selfRegistered: false,
        ipAddress: (textIn(row, 'ip_address') ?? '').slice(0, 45),
        userAgent: (textIn(row, 'user_agent') ?? '').slice(0, 256),
        locale: null,
        ...stampsIn(row, now),
      },
    }
  }

  /** Leaves those that are here already as they are. */
  const withoutThose = async (tx: Tx, coming: readonly Coming[]): Promise<Coming[]> => {
    if (isEmpty) return [...coming]
    const fresh: Coming[] = []
    for (const [domain, some] of Map.groupBy(coming, ({ row }) => row.domain)) {
      const found = await store.named(
        tx,
        domain,
        some.map(({ row }) => row.username),
      )
      const there = new Map(found.map(({ id, username }) => [username, id]))
      for (const one of some) {
        const id = there.get(one.row.username)
        if (id === undefined) fresh.push(one)
        else if (arrived.has(id)) lostTwin(one)
        else {
          ids.set(one.theirs, { id, isNew: false })
          report.of('accounts').there += 1
        }
      }
    }
    return fresh
  }
  /** Ids here that were given out in this move; not needed where none were there before. */
  const arrived = new Set<number>()

  const lostTwin = ({ written, row }: Coming): void =>
    report.lost(
      'accounts',
      addressOfRecord({ username: written, domain: row.domain }),
      `${row.username} is there twice`,
    )

  /** What was in the way of one: its number, or its name. */
  const again = async (tx: Tx, one: Coming & { readonly id: number }): Promise<boolean> => {
    const { row, id } = one
    const [twin] = await store.named(tx, row.domain, [row.username])
    if (twin !== undefined) {
      lostTwin(one)
      return false
    }
    const owner = row.phone === null ? null : await store.phoned(tx, row.domain, row.phone)
    const name = addressOfRecord(row)
    if (owner === null) {
      report.lost('accounts', name, `its id ${id} is taken`)
      return false
    }
    report.without('accounts', name, `its phone number ${row.phone} belongs to ${owner.username}`)
    return (await store.accounts(tx, [{ id, ...row, phone: null }])).length === 1
  }

  const write = async (tx: Tx, coming: readonly Coming[]): Promise<Page['arrived']> => {
    const found = new Map<number, Coming & { readonly id: number }>()
    if (coming.length === 0) return found
    const taken = await takeIds(
      tx,
      'accounts',
      coming.map(({ theirs }) => theirs),
    )
    const numbered = coming.map((one, at) => ({ ...one, id: taken[at] ?? 0 }))
    const stored = await store.accounts(
      tx,
      numbered.map(({ id, row }) => ({ id, ...row })),
    )
    const made = new Set(stored.map(({ id }) => id))
    for (const one of numbered) {
      if (!made.has(one.id) && !(await again(tx, one))) continue
      found.set(one.theirs, one)
      ids.set(one.theirs, { id: one.id, isNew: true })
      if (!isEmpty) arrived.add(one.id)
    }
    report.of('accounts').written += found.size
    return found
  }

  const passwords = async (tx: Tx, page: Page): Promise<void> => {
    const rows = await source.between('passwords', 'account_id', page.first, page.last, 'id')
    const count = report.of('passwords')
    count.read += rows.length
    const coming = []
    for (const [theirs, some] of Map.groupBy(rows, (row) => Number(row.account_id))) {
      const account = page.arrived.get(theirs)
      if (account === undefined) {
        const isThere = ids.get(theirs) !== null
        if (isThere) count.there += some.length
        else count.left += some.length
        continue
      }
      for (const row of passwordsOf(account, some, report)) coming.push({ accountId: account.id, ...row })
    }
    await store.passwords(tx, coming)
    count.written += coming.length
  }

  return {
    /** Page by page; `then` moves what belongs to the accounts of one. */
    move: async (tx: Tx, then: (page: Page) => Promise<void>): Promise<void> => {
      for await (const rows of source.pages('accounts', 'id', PAGE)) {
        report.of('accounts').read += rows.length
        const [first, last] = [Number(rows[0]?.id), Number(rows.at(-1)?.id)]
        const aliases = await aliasesOf(first, last)
        const administrators = await administratorsOf(first, last)
        const coming = rows.flatMap((row) => {
          const id = Number(row.id)
          return comingOf(row, aliases.get(id) ?? null, administrators.has(id)) ?? []
        })
        const page = { first, last, rows, arrived: await write(tx, await withoutThose(tx, coming)) }
        await passwords(tx, page)
        await then(page)
      }
    },
  }
}

/** What is stored of an account's passwords: HA1 values as they are, and of a text in clear those of both algorithms. */
const passwordsOf = (
  account: Coming & { readonly id: number },
  rows: readonly Row[],
  report: Report,
): { algorithm: 'MD5' | 'SHA-256'; password: string }[] => {
  const { space, written, row: named } = account
  const name = addressOfRecord(named)
  const found = new Map<'MD5' | 'SHA-256', string>()
  const { realm } = space
  const clear = rows.find((row) => textIn(row, 'algorithm') === 'CLRTXT')
  for (const row of rows) {
    const algorithm = textIn(row, 'algorithm')
    const password = textIn(row, 'password')?.toLowerCase() ?? ''
    if (algorithm === 'CLRTXT') continue
    const length = algorithm === 'MD5' ? 32 : 64
    if ((algorithm !== 'MD5' && algorithm !== 'SHA-256') || !/^[0-9a-f]+$/.test(password) || password.length !== length)
      report.lost('passwords', name, `it is no ${algorithm ?? 'known'} HA1`)
    else if (realm === null) report.lost('passwords', name, 'its Space stores no passwords')
    else found.set(algorithm, password)
  }
  if (clear !== undefined && realm === null) report.lost('passwords', name, 'its Space stores no passwords')
  else if (clear !== undefined && realm !== null) {
    const password = String(clear.password)
    report.changed('passwords', name, 'is stored as hashes, no more in clear text')
    for (const algorithm of ['MD5', 'SHA-256'] as const) found.set(algorithm, ha1(algorithm, written, realm, password))
  }
  return [...found].map(([algorithm, password]) => ({ algorithm, password }))
}
